//! One copy of a work unit, meant for one host, and what came of it.

use crate::block::Block;
use crate::digest::Digest;
use crate::id::{HostId, VolunteerId};
use crate::limits::INLINE_BYTES_MAX;
use crate::path;
use crate::statement::Proof;
use crate::time::Timestamp;

/// A copy of a work unit meant for one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Its position among the unit's replicas.
    pub number: u16,
    /// The host that computes it.
    pub host: HostId,
    /// Who lends that host.
    pub volunteer: VolunteerId,
    /// From which public block the host got it; none on the operator's own networks.
    pub block: Option<Block>,
    /// In which life the host got it: [`Standing::life`](crate::host::Standing::life).
    pub life: u32,
    /// Whether its answer counts. That of a newcomer is only compared.
    pub is_voice: bool,
    /// The number of the first replica of its chain: its own, unless it continues a checkpoint.
    pub chain: u16,
    /// Everyone whose work it continues, first to last; empty if it started from nothing.
    pub lineage: Vec<VolunteerId>,
    /// When the host got it.
    pub leased_at: Timestamp,
    /// The checkpoint from which it started. Boxed, because few replicas have one.
    pub resumed_from: Option<Box<CheckpointRef>>,
    /// The furthest checkpoint of its chain that is known to the coordinator.
    pub checkpoint: Option<Box<CheckpointRef>>,
    /// Of a replica that the host chose itself: its answer, sealed, as it was before the coordinator knew of
    /// it. See [`Commitment`](crate::agent::selfchosen::Commitment). Boxed, because few replicas have one.
    pub sealed: Option<Box<Digest>>,
    /// Whether it has credit: a grant for it that was not taken back.
    pub is_paid: bool,
    /// That its host signed its answer.
    pub signed: Option<Box<Proof>>,
    /// What became of it.
    pub state: ReplicaState,
}

/// What became of a replica. Only `Leased`, and `Expired` by a late report or renewal, are ever
/// left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicaState {
    /// The host computes it. Until when is written in the host's row.
    Leased,
    /// The program ended well.
    Success {
        /// What it wrote, sorted by name.
        outputs: Vec<Output>,
        /// The digest of what it wrote: what a quorum compares, with the work.
        answer: Digest,
        /// What it took.
        usage: Usage,
        /// What the quorum says of it.
        verdict: Verdict,
    },
    /// The program failed, and would fail anywhere.
    AppError {
        /// The digest of how it failed: what a quorum compares, with the work.
        error: Digest,
        /// How it failed, in the program's own words.
        message: String,
        /// What it took.
        usage: Usage,
        /// What the quorum says of it.
        verdict: Verdict,
    },
    /// The machine failed; another one may not.
    HostError {
        /// How it failed.
        message: String,
    },
    /// Given up by the host, or taken back by the coordinator.
    Aborted,
    /// Not reported and not renewed in time.
    Expired,
}

/// What a quorum says of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing yet, or never: the unit ended without it.
    Inconclusive,
    /// It agrees with the quorum.
    Valid,
    /// It differs from the quorum.
    Invalid,
}

/// What an answer says. Replicas of one class agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The program ended well.
    Outputs {
        /// The digest of what it wrote.
        answer: Digest,
        /// What it counted on the way.
        work: u64,
    },
    /// The program failed.
    Error {
        /// The digest of how it failed.
        error: Digest,
        /// What it counted on the way.
        work: u64,
    },
}

/// What a replica took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time.
    pub cpu_ms: u64,
    /// Time on the clock, pauses included.
    pub wall_ms: u64,
    /// Most memory at any moment.
    pub memory_bytes_peak: u64,
    /// Work that the program counted. It is the only field that depends on the unit alone: replicas that
    /// differ in it do not agree.
    pub work: u64,
    /// Calls of a step program's step function that came back, at most
    /// [`STEPS_MAX`](crate::limits::STEPS_MAX); 0 of a command. The host's word: a
    /// [dispute](crate::dispute) finds out whether it is true.
    pub steps: u64,
}

/// The resumable state of a replica of a step program, as a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointRef {
    /// The blob's name.
    pub digest: Digest,
    /// How many steps were taken.
    pub step: u64,
    /// The blob's size.
    pub bytes: u64,
    /// The hash of the program's state, which any machine finds after the same steps.
    pub state_hash: Digest,
}

/// A named blob that a replica wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its path under `/out`, or `stdout`.
    pub name: String,
    /// Its name by content.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
    /// The bytes themselves, if they are few; else they are a blob.
    pub inline: Option<Vec<u8>>,
}

impl Replica {
    /// What it says, if it has an answer.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        match &self.state {
            ReplicaState::Success { answer, usage, .. } => {
                Some(Class::Outputs { answer: *answer, work: usage.work })
            }
            ReplicaState::AppError { error, usage, .. } => {
                Some(Class::Error { error: *error, work: usage.work })
            }
            ReplicaState::Leased
            | ReplicaState::HostError { .. }
            | ReplicaState::Aborted
            | ReplicaState::Expired => None,
        }
    }

    /// What the quorum says of it, if it has an answer.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match &self.state {
            ReplicaState::Success { verdict, .. } | ReplicaState::AppError { verdict, .. } => {
                Some(*verdict)
            }
            ReplicaState::Leased
            | ReplicaState::HostError { .. }
            | ReplicaState::Aborted
            | ReplicaState::Expired => None,
        }
    }

    /// What it took, if it has an answer.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        match &self.state {
            ReplicaState::Success { usage, .. } | ReplicaState::AppError { usage, .. } => {
                Some(*usage)
            }
            ReplicaState::Leased
            | ReplicaState::HostError { .. }
            | ReplicaState::Aborted
            | ReplicaState::Expired => None,
        }
    }

    /// What it wrote; nothing unless the program ended well.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        if let ReplicaState::Success { outputs, .. } = &self.state { outputs } else { &[] }
    }

    /// How the program failed, if it did.
    #[must_use]
    pub fn app_error(&self) -> Option<&str> {
        if let ReplicaState::AppError { message, .. } = &self.state { Some(message) } else { None }
    }

    /// How the machine failed, if it did.
    #[must_use]
    pub fn host_error(&self) -> Option<&str> {
        if let ReplicaState::HostError { message } = &self.state { Some(message) } else { None }
    }

    /// Whether it ended without an answer, by nobody's verdict.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        match &self.state {
            ReplicaState::HostError { .. } | ReplicaState::Aborted | ReplicaState::Expired => true,
            ReplicaState::Leased | ReplicaState::Success { .. } | ReplicaState::AppError { .. } => {
                false
            }
        }
    }

    /// Writes what the quorum says into an answer.
    pub(crate) fn set_verdict(&mut self, new: Verdict) {
        match &mut self.state {
            ReplicaState::Success { verdict, .. } | ReplicaState::AppError { verdict, .. } => {
                *verdict = new;
            }
            ReplicaState::Leased
            | ReplicaState::HostError { .. }
            | ReplicaState::Aborted
            | ReplicaState::Expired => {}
        }
    }
}

impl Output {
    /// An output that travels inside its report.
    #[must_use]
    pub fn inline(name: &str, content: Vec<u8>) -> Self {
        let bytes = content.len() as u64;
        Self { name: name.to_owned(), digest: Digest::of(&content), bytes, inline: Some(content) }
    }

    /// An output that is a blob.
    #[must_use]
    pub fn blob(name: &str, digest: Digest, bytes: u64) -> Self {
        Self { name: name.to_owned(), digest, bytes, inline: None }
    }

    /// Checks that the name is safe to be a file's, and that inline bytes are what they claim.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), OutputError> {
        path::check(&self.name)?;
        let Some(content) = &self.inline else { return Ok(()) };
        if content.len() > INLINE_BYTES_MAX {
            return Err(OutputError::Inline { bytes: content.len() });
        }
        if content.len() as u64 != self.bytes || Digest::of(content) != self.digest {
            return Err(OutputError::Digest);
        }
        Ok(())
    }
}

/// An output that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// The name is no path that is safe to write.
    #[error(transparent)]
    Name(#[from] path::PathError),
    /// Too large to travel inside a report.
    #[error("{bytes} inline bytes are more than {INLINE_BYTES_MAX}; upload it as a blob")]
    Inline {
        /// How many bytes it has.
        bytes: usize,
    },
    /// The bytes are not those that the digest names.
    #[error("the inline bytes do not match their digest and size")]
    Digest,
}

/// The answer of a successful replica: the BLAKE3 hash of its sorted outputs' names, digests and
/// sizes. Whether an output travelled inline or as a blob makes no difference.
#[must_use]
pub fn answer(outputs: &[Output]) -> Digest {
    let mut sorted: Vec<&Output> = outputs.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = blake3::Hasher::new_derive_key("manyhands 2026 answer of a replica v1");
    for output in sorted {
        hasher.update(&(output.name.len() as u64).to_le_bytes());
        hasher.update(output.name.as_bytes());
        hasher.update(output.digest.as_bytes());
        hasher.update(&output.bytes.to_le_bytes());
    }
    Digest(hasher.finalize().into())
}
