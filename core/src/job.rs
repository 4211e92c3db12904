//! A job as the engine keeps it: one row, however many units it has.

use crate::digest::Digest;
use crate::file_axis::FileAxis;
use crate::id::{HostId, JobId};
use crate::key::{Key, Signature};
use crate::order::Order;
use crate::policy::Policy;
use crate::requirement::Requirement;
use crate::time::Timestamp;

/// What the engine needs to know of a manifest, and how far the job has come.
///
/// The manifest itself is a blob that workers fetch by its digest. Units that no host was ever
/// given have no rows and are only counted; the next one is [`Job::fresh_next`].
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
    /// In which order its units are begun.
    pub order: Order,
    /// Which of its units read the same file, if they read files of their own and share them.
    pub file_axis: Option<FileAxis>,
    /// Units that were given before the order came to them, and to which it has not come yet: those that hosts had
    /// chosen themselves, and those that went to a host for their file.
    pub begun_ahead: u32,
    /// On the word of how many hosts its answers rest: so many [parts](crate::part::Part) are not empty.
    pub parts: u32,
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
    /// Every unit has an answer; audits that are owed are drawn, some at a time.
    Settling(Settling),
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

/// How far the audits that are owed at the end of a job were drawn. Each host's untested answers are
/// gone through once, and each is chosen with probability `owed / unseen` (Knuth, *The Art of
/// Computer Programming*, volume 2, algorithm S).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settling {
    /// Whose answers are gone through; before the first host's, 0.
    pub host: HostId,
    /// The first index that was not looked at yet.
    pub next: u32,
    /// How many audits are still to be drawn of this host.
    pub owed: u32,
    /// From how many answers.
    pub unseen: u32,
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
    /// Of those, leased to newcomers, to be compared.
    pub compared: u32,
    /// Found valid.
    pub valid: u32,
    /// Found invalid.
    pub invalid: u32,
    /// Units whose answer was taken back, as often as that was.
    pub reopened: u32,
}

impl Job {
    /// The index of the unit to which the order has come, if there is one that no host was ever given. It may be one
    /// that was begun ahead of the order, which is then passed over.
    #[must_use]
    pub fn fresh_next(&self) -> Option<u32> {
        let nth = self.order_at();
        (self.counts.waiting > 0).then(|| self.order.index(nth, self.units_total))
    }

    /// So many units of the order were begun or passed over.
    #[must_use]
    pub fn order_at(&self) -> u32 {
        let begun = self.units_total.saturating_sub(self.counts.waiting);
        begun.saturating_sub(self.begun_ahead)
    }

    /// No unit from this index on was begun.
    #[must_use]
    pub fn begun_until(&self) -> u32 {
        match (self.order, self.begun_ahead) {
            (Order(None), 0) => self.units_total.saturating_sub(self.counts.waiting),
            (Order(_), _) => self.units_total,
        }
    }

    /// While it is being cancelled: the first index whose unit was not looked at yet, if any.
    #[must_use]
    pub fn sweep_next(&self) -> Option<u32> {
        match self.state {
            JobState::Cancelling { next } => (next < self.units_total).then_some(next),
            JobState::Open | JobState::Settling(_) | JobState::Cancelled | JobState::Finished => {
                None
            }
        }
    }

    /// Whether its scientist took it back: its answers are left as they are.
    #[must_use]
    pub fn is_taken_back(&self) -> bool {
        match self.state {
            JobState::Cancelling { .. } | JobState::Cancelled => true,
            JobState::Open | JobState::Settling(_) | JobState::Finished => false,
        }
    }

    /// Whether every unit has ended. One may still be opened again, and then the job is, too.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        match self.state {
            JobState::Open | JobState::Settling(_) | JobState::Cancelling { .. } => false,
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
