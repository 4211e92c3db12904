//! What one host answered of one job: whom its audits are counted for.

use crate::id::{HostId, JobId};

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
    /// Of those, units that chance has chosen for an audit, or that were voted on.
    pub audited: u32,
}

impl Part {
    /// Of a host that has not answered yet.
    #[must_use]
    pub fn new(job: JobId, host: HostId) -> Self {
        Self { job, host, believed: 0, audited: 0 }
    }
}
