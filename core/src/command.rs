//! Everything that can be asked of the engine. One `match` over [`Command`] shows what the system
//! can do.

use crate::agent::selfchosen::Salt;
use crate::block::Block;
use crate::digest::Digest;
use crate::id::{HostId, JobId, ReplicaId, UnitId};
use crate::invite::Invite;
use crate::key::{Key, Signature};
use crate::manifest::Manifest;
use crate::outlook::Outlook;
use crate::replica::{CheckpointRef, Class, Output, Usage, answer};
use crate::requirement::Capabilities;
use crate::statement::Proof;

/// Something to decide. Each has its file in [`engine`](crate::engine).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Lets somebody join.
    Invite(Invite),
    /// A host joins, or says hello again.
    Enrol(Enrol),
    /// A scientist joins.
    Admit(Admit),
    /// A scientist hands in a job.
    Submit(Box<Submit>),
    /// A host asks for work.
    Request(Request),
    /// A host asks for units that it chose itself while there was no coordinator.
    Claim(Claim),
    /// A host is still computing.
    Renew(Renew),
    /// A host ends leases.
    Report(Report),
    /// Does what is due by now: expires leases, takes units of cancelled jobs back, tells of units
    /// whose pause is over.
    Expire,
    /// The outputs of these units are in the job's hands. At most
    /// [`BATCH_MAX`](crate::limits::BATCH_MAX) units.
    Assimilate(Vec<UnitId>),
    /// A scientist takes a job back.
    Cancel(Cancel),
    /// The operator lets a suspended host on again.
    Pardon(Pardon),
    /// A host wants to be forgotten.
    Forget(Forget),
}

/// A host joins, or says hello again: the same key is always the same host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrol {
    /// The key that it proved to have.
    pub key: Key,
    /// What it calls itself.
    pub nickname: String,
    /// From which public block it says so; none on the operator's own networks.
    pub block: Option<Block>,
    /// What it has to offer now.
    pub capabilities: Capabilities,
    /// The digest of its invite's secret; not needed by a host that is already enrolled.
    pub token: Option<Digest>,
}

/// A scientist joins. The same key again changes nothing and uses no invite up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admit {
    /// The key that they proved to have.
    pub key: Key,
    /// What they call themselves.
    pub name: String,
    /// The digest of the invite's secret.
    pub token: Digest,
}

/// A scientist hands in a job. The same manifest again finds the job that it became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    /// The description.
    pub manifest: Manifest,
    /// The digest of its encoding.
    pub digest: Digest,
    /// Who hands it in.
    pub submitter: Key,
    /// Their signature, which the shell has verified.
    pub signature: Signature,
}

/// A host asks for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub host: HostId,
    /// For how many leases, 1 to [`BATCH_MAX`](crate::limits::BATCH_MAX).
    pub count: u16,
    /// From which public block it asks; none on the operator's own networks.
    pub block: Option<Block>,
    /// What it expects of itself: it gets units that it is likely to end in time.
    pub outlook: Outlook,
}

/// A host asks for units that it chose itself, and has computed, while there was no coordinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who asks.
    pub host: HostId,
    /// From which public block; none on the operator's own networks.
    pub block: Option<Block>,
    /// Of which job.
    pub job: JobId,
    /// Which units, each with its answer, sealed. At most [`BATCH_MAX`](crate::limits::BATCH_MAX).
    pub units: Vec<(u32, Digest)>,
}

/// A host is still computing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renew {
    /// Who says so.
    pub host: HostId,
    /// What it computes, at most [`BATCH_MAX`](crate::limits::BATCH_MAX).
    pub renewals: Vec<Renewal>,
}

/// One lease to be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// What is computed.
    pub replica: ReplicaId,
    /// How far it is, in millionths.
    pub progress_ppm: u32,
    /// A new checkpoint, if there is one and its blob has been uploaded.
    pub checkpoint: Option<CheckpointRef>,
}

/// A host ends leases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who reports.
    pub host: HostId,
    /// What became of them, at most [`BATCH_MAX`](crate::limits::BATCH_MAX).
    pub reports: Vec<ReplicaReport>,
}

/// What became of one replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaReport {
    /// Which one.
    pub replica: ReplicaId,
    /// How it ended.
    pub outcome: Outcome,
    /// That the host signed its answer; the shell has verified it. Where identities are not at stake,
    /// as in a simulation, nobody signs.
    pub signed: Option<Box<Signed>>,
    /// Opens what was [sealed](crate::replica::Replica::sealed), if the host chose the unit itself.
    pub salt: Option<Box<Salt>>,
}

/// That a host signed its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The manifest whose unit it says that it computed.
    pub manifest: Digest,
    /// The signature, and the way from the statement to it.
    pub proof: Proof,
}

impl ReplicaReport {
    /// A report that nobody signed.
    #[must_use]
    pub fn unsigned(replica: ReplicaId, outcome: Outcome) -> Self {
        Self { replica, outcome, signed: None, salt: None }
    }
}

/// How a replica ended, as its host tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program ended well.
    Success {
        /// What it wrote, in any order.
        outputs: Vec<Output>,
        /// What it took.
        usage: Usage,
    },
    /// The program failed, and would fail anywhere.
    AppError {
        /// The digest of how it failed, equal on every machine.
        error: Digest,
        /// How it failed, in the program's own words.
        message: String,
        /// What it took.
        usage: Usage,
    },
    /// The machine failed; another one may not.
    HostError {
        /// How it failed.
        message: String,
    },
    /// The host gave it up.
    Aborted,
    /// To a lease with a [`Replay`](crate::lease::Replay): the run goes on after so many steps. A run
    /// that ended there or before is told as what it ended with.
    Replayed {
        /// The hash of its state.
        state_hash: Digest,
        /// The state, if it was wanted and its blob has been uploaded.
        state: Option<CheckpointRef>,
    },
}

impl Outcome {
    /// What it says, if it is an answer.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Success { outputs, usage } => {
                Some(Class::Outputs { answer: answer(outputs), work: usage.work })
            }
            Self::AppError { error, usage, .. } => {
                Some(Class::Error { error: *error, work: usage.work })
            }
            Self::HostError { .. } | Self::Aborted | Self::Replayed { .. } => None,
        }
    }
}

/// A scientist takes a job back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// Which one.
    pub job: JobId,
    /// Who asks: only the submitter may.
    pub by: Key,
}

/// The operator lets a suspended host on again. That it is the operator who asks, the shell has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pardon {
    /// Whom.
    pub host: HostId,
    /// Why, 1 to [`REASON_BYTES_MAX`](crate::limits::REASON_BYTES_MAX) bytes without control
    /// characters.
    pub reason: String,
}

/// A host wants to be forgotten, for good. Again changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forget {
    /// The key that it proved to have.
    pub key: Key,
}
