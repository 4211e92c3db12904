//! What one host answered of one job: whom its audits are counted for.

use crate::id::{HostId, JobId};
use crate::work_unit::Test;

/// The part of a job whose answers rest on the word of one host first of all. It follows from the
/// job's units, and is kept so that they need not be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The job.
    pub job: JobId,
    /// The host.
    pub host: HostId,
    /// Units whose answer [rests](crate::work_unit::WorkUnit::believed) on its word.
    pub believed: u32,
    /// Of those, units that chance had chosen as soon as they had an answer, or that were voted on.
    pub sampled: u32,
    /// Of the others, units that are among the audits which were owed.
    pub audited: u32,
}

impl Part {
    /// Of a host that has not answered yet.
    #[must_use]
    pub fn new(job: JobId, host: HostId) -> Self {
        Self { job, host, believed: 0, sampled: 0, audited: 0 }
    }

    /// Answers of which audits are drawn, or were.
    #[must_use]
    pub fn alone(&self) -> u32 {
        self.believed.saturating_sub(self.sampled)
    }

    /// The same with one more answer, which was tested so.
    #[must_use]
    pub fn with(self, test: Test) -> Self {
        self.counted(test, u32::saturating_add)
    }

    /// The same without one that was tested so.
    #[must_use]
    pub fn without(self, test: Test) -> Self {
        self.counted(test, u32::saturating_sub)
    }

    fn counted(self, test: Test, count: impl Fn(u32, u32) -> u32) -> Self {
        Self {
            believed: count(self.believed, 1),
            sampled: count(self.sampled, u32::from(test.is_at_once())),
            audited: count(self.audited, u32::from(test == Test::Audit)),
            ..self
        }
    }
}
