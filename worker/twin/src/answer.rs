//! What a case came to, as one line of text: lists of them travel between machines.

use std::fmt;
use std::str::FromStr;

use manyhands_prepare::Refusal;
use manyhands_worker::sandbox::{AppErrorKind, HostErrorKind, Outcome, Output, RunReport};
use thiserror::Error;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// With outputs.
    Success,
    /// With a trap of the guest.
    Trap,
    /// With another failure of the guest.
    Failure,
    /// Preparation refused the guest.
    Refused,
    /// With a host error, which is never a result: the stack was too small, say. Such an answer is
    /// not compared.
    HostError,
}

impl How {
    /// Every way to end.
    pub const ALL: [Self; 5] =
        [Self::Success, Self::Trap, Self::Failure, Self::Refused, Self::HostError];

    /// Its name in a list.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Trap => "trap",
            Self::Failure => "failure",
            Self::Refused => "refused",
            Self::HostError => "host-error",
        }
    }
}

/// What a case came to. Two are equal if and only if a quorum, and an audit of the states, could not
/// tell the machines apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub how: How,
    /// Everything else that must be equal, in one line.
    pub detail: String,
}

impl Answer {
    /// The answer of a run.
    #[must_use]
    pub fn of(report: &RunReport) -> Self {
        let (how, said) = match &report.outcome {
            Outcome::Success(outputs) => (How::Success, format!("outputs {}", digest(outputs))),
            Outcome::AppError(error) => (how(error.kind), error.kind.to_string()),
            Outcome::HostError(error) => {
                return Self { how: How::HostError, detail: error.kind.to_string() };
            }
            // Nobody asks a case to drain.
            Outcome::Drained(_) | Outcome::Halted(_) => {
                return Self::host_error(HostErrorKind::Slot);
            }
        };
        let state = report.state_hash.map_or_else(|| "none".to_owned(), |hash| hex(&hash));
        let log = hex(blake3::hash(report.log.as_bytes()).as_bytes());
        let steps = report.usage.steps;
        Self { how, detail: format!("{said}, state {state}, steps {steps}, log {log}") }
    }

    /// Whether the hash of a state is part of it.
    #[must_use]
    pub fn has_state(&self) -> bool {
        let mut facts = self.detail.split(", ");
        facts.any(|fact| fact.starts_with("state ") && fact != "state none")
    }

    /// The answer to a module that cannot be prepared.
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        Self { how: How::Refused, detail: refusal.to_string().replace(['\n', '\t'], " ") }
    }

    /// The answer of a machine that failed.
    #[must_use]
    pub fn host_error(kind: HostErrorKind) -> Self {
        Self { how: How::HostError, detail: kind.to_string() }
    }
}

const fn how(kind: AppErrorKind) -> How {
    match kind {
        AppErrorKind::Trap(_) => How::Trap,
        AppErrorKind::Exit(_) | AppErrorKind::Limit(_) | AppErrorKind::Step(_) => How::Failure,
    }
}

fn digest(outputs: &[Output]) -> String {
    let mut hasher = blake3::Hasher::new();
    for Output { name, digest, .. } in outputs {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(digest);
    }
    hex(hasher.finalize().as_bytes())
}

/// The first half of a hash: enough to see that two differ by accident.
pub(crate) fn hex(hash: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().chars().take(32).collect()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\t{}", self.how.name(), self.detail)
    }
}

/// A line that is not an answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not an answer: it begins with none of success, trap, failure, refused, host-error"
)]
pub struct UnreadableAnswer(String);

impl FromStr for Answer {
    type Err = UnreadableAnswer;

    fn from_str(text: &str) -> Result<Self, UnreadableAnswer> {
        let unreadable = || UnreadableAnswer(text.to_owned());
        let (name, detail) = text.split_once('\t').ok_or_else(unreadable)?;
        let how = How::ALL.into_iter().find(|how| how.name() == name).ok_or_else(unreadable)?;
        Ok(Self { how, detail: detail.to_owned() })
    }
}
