//! What the engine answers to the one who asked.

use crate::digest::Digest;
use crate::id::{HostId, JobId, ReplicaId, UnitId, VolunteerId};
use crate::lease::Replay;
use crate::refusal::Refusal;
use crate::replica::CheckpointRef;
use crate::time::Timestamp;

/// The answer to a command. A refused command changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To any command.
    Refused(Refusal),
    /// To `Invite`.
    Invited,
    /// To `Enrol`.
    Enrolled {
        /// Who the host is.
        host: HostId,
        /// Who lends it.
        volunteer: VolunteerId,
    },
    /// To `Admit`.
    Admitted,
    /// To `Submit`.
    Submitted {
        /// What the manifest became.
        job: JobId,
        /// Whether it is new; the same manifest was handed in before if not.
        is_new: bool,
    },
    /// To `Request`.
    Leased(Leased),
    /// To `Claim`.
    Claimed(Claimed),
    /// To `Renew`: one entry for each renewal, in the same order.
    Renewed(Vec<Renewed>),
    /// To `Report`: one entry for each report, in the same order.
    Reported(Vec<Reported>),
    /// To `Expire`.
    Expired {
        /// How many leases ended.
        leases: usize,
    },
    /// To `Assimilate`: one entry for each unit, in the same order.
    Assimilated(Vec<Assimilated>),
    /// To `Cancel`.
    Cancelling {
        /// Whether the job was still open; it had ended or was being cancelled already if not.
        is_new: bool,
    },
    /// To `Pardon`.
    Pardoned,
    /// To `Forget`.
    Forgotten {
        /// Which host it was.
        host: HostId,
        /// Whether it was known until now; it was forgotten before if not.
        is_new: bool,
    },
}

/// What a host got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leased {
    /// The leases, of different units.
    pub leases: Vec<LeaseGrant>,
    /// The manifest of each job among them.
    pub manifests: Vec<(JobId, Digest)>,
    /// Why there are none, if there are none.
    pub idle: Option<Idle>,
}

/// What a host got of what it had chosen itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// Leases of units that nobody had before, and those that the host got for the same answers when it asked
    /// before.
    pub leased: Leased,
    /// Units that others have, or that are not to be given: their answers are for nothing.
    pub taken: Vec<UnitId>,
}

/// One lease, as the host gets it. What is to be computed follows from the job's manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseGrant {
    /// What to compute.
    pub replica: ReplicaId,
    /// Until when, unless renewed.
    pub deadline_at: Timestamp,
    /// Until when at the latest.
    pub hard_deadline_at: Timestamp,
    /// Where to go on from, if somebody else began.
    pub resume_from: Option<CheckpointRef>,
    /// Where to stop, if only the state there is asked for.
    pub replay: Option<Replay>,
}

/// Why a host gets no work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Idle {
    /// The host already holds as many leases as it may.
    #[error("it already holds {held} leases, the most there may be")]
    LeasesFull {
        /// How many it holds.
        held: usize,
    },
    /// No job is open.
    #[error("no job is open")]
    NoJobs,
    /// Open jobs need more than the host offers.
    #[error("no open job fits it; of the first one, {0}")]
    NothingFits(crate::requirement::Misfit),
    /// What it answers is only compared until now, and others compute enough of that.
    #[error(
        "it is on probation: until enough of its answers were compared, it gets a small part of the \
         work"
    )]
    OnProbation,
    /// By what it says of itself it is there too seldom to end a unit in time.
    #[error(
        "units take longer than this machine is usually there for: before their deadline, or, of programs that \
         cannot be resumed, at a stretch"
    )]
    TooLong,
    /// What is left is being computed, or waits for other volunteers.
    #[error("every unit left is being computed, or waits for another volunteer or a later try")]
    NothingLeft,
    /// The units that were looked at wait for other volunteers, and there are more than one request
    /// looks at. Another request looks elsewhere, so the host is to ask again.
    #[error("the first of many units left wait for other volunteers; others are looked at next")]
    NotAllSeen,
}

/// What became of one renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The lease goes on.
    Until(Timestamp),
    /// It was not renewed, because of this: the host should drop the replica.
    Lost(Refusal),
}

/// What became of one report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It counts.
    Accepted,
    /// The same was reported before: nothing changed, and the host may forget it.
    Duplicate,
    /// It does not count, now or later: the host may forget it.
    Refused(Refusal),
}

/// What became of one unit to assimilate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assimilated {
    /// It is done now.
    Done,
    /// It was done before.
    AlreadyDone,
    /// It has no canonical replica.
    NotValidated(UnitId),
}
