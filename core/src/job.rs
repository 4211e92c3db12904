//! A job as the engine keeps it: one row, however many units it has.

use crate::digest::Digest;
use crate::id::JobId;
use crate::key::{Key, Signature};
use crate::policy::Policy;
use crate::requirement::Requirement;
use crate::time::Timestamp;

/// What the engine needs to know of a manifest, and how far the job has come.
///
/// The manifest itself is a blob that workers fetch by its digest. Units that no host was ever
/// given have no rows: they are the numbers from [`Job::fresh_next`] on, and only counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// The manifest's name for good: submitting the same one again finds this job.
    pub manifest: Digest,
    /// Who submitted it, and may cancel it.
    pub submitter: Key,
    /// The submitter's signature of the manifest.
    pub signature: Signature,
    /// The manifest's name for people.
    pub name: String,
    /// How many units it has, 1 to [`UNITS_MAX`](crate::limits::UNITS_MAX).
    pub units_total: u32,
    /// What its units need of a host.
    pub requirement: Requirement,
    /// How its units are replicated and bounded.
    pub policy: Policy,
    /// Where it is in its life.
    pub state: JobState,
    /// Units by state; they add up to `units_total`.
    pub counts: Counts,
    /// Replicas by what became of them.
    pub tally: Tally,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When its last unit ended.
    pub ended_at: Option<Timestamp>,
}

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Its units are handed out.
    Open,
    /// Nothing more is handed out; the units in flight are being taken back, some at a time.
    Cancelling {
        /// The first index that was not looked at yet.
        next: u32,
    },
    /// Every unit was done, failed or cancelled.
    Cancelled,
    /// Every unit is done or failed.
    Finished,
}

/// Units of a job by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Never given to a host: they have no row.
    pub waiting: u32,
    /// Given to at least one host, without a canonical replica yet.
    pub open: u32,
    /// With a canonical replica, whose outputs the job does not have yet.
    pub validated: u32,
    /// With outputs.
    pub done: u32,
    /// Without outputs, and no more tries.
    pub failed: u32,
    /// Taken back before they had an answer.
    pub cancelled: u32,
}

/// Replicas of a job by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Leased, ever.
    pub leased: u32,
    /// Found valid.
    pub valid: u32,
    /// Found invalid.
    pub invalid: u32,
    /// Units whose answer was taken back, as often as that was.
    pub reopened: u32,
}

impl Job {
    /// The index of the first unit that no host was ever given, if there is one to give.
    #[must_use]
    pub fn fresh_next(&self) -> Option<u32> {
        (self.counts.waiting > 0).then(|| self.units_total.saturating_sub(self.counts.waiting))
    }

    /// While it is being cancelled: the first index whose unit was not looked at yet, if any.
    #[must_use]
    pub fn sweep_next(&self) -> Option<u32> {
        match self.state {
            JobState::Cancelling { next } => (next < self.units_total).then_some(next),
            JobState::Open | JobState::Cancelled | JobState::Finished => None,
        }
    }

    /// Whether every unit has ended. One may still be opened again, and then the job is, too.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        match self.state {
            JobState::Open | JobState::Cancelling { .. } => false,
            JobState::Cancelled | JobState::Finished => true,
        }
    }
}

impl Counts {
    /// Units whose state is final.
    #[must_use]
    pub fn ended(&self) -> u32 {
        self.done.saturating_add(self.failed).saturating_add(self.cancelled)
    }

    /// All units.
    #[must_use]
    pub fn total(&self) -> u32 {
        let live = self.waiting.saturating_add(self.open).saturating_add(self.validated);
        live.saturating_add(self.ended())
    }
}
