//! What a worker shows of itself while it runs, and what its owner may tell it.
//!
//! The owner speaks to a worker through a socket in its data folder, which only they can open: one request
//! in a line, one answer in text, and the connection ends. Who watches gets a [`Snapshot`] in each line instead,
//! once a second.

mod desk;
mod request;
pub mod snapshot;
mod socket;

use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::id::ReplicaId;

pub(crate) use self::desk::{Asked, Desk, Question, Snapshots};
pub use self::request::{DAYS_MAX, Request, RequestError, SNOOZE_MAX};
pub use self::snapshot::Snapshot;
pub(crate) use self::socket::Socket;
pub use self::socket::{ControlError, Watched, ask, watch};

/// A worker at a moment. Whoever shows it watches for changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The projects' coordinators, in the order of the settings.
    pub coordinators: Vec<CoordinatorStatus>,
    /// What each slot does.
    pub slots: Vec<Option<Running>>,
    /// Leases that wait for a slot.
    pub waiting: usize,
    /// Reports that coordinators have acknowledged since the start.
    pub reported: u64,
    /// Credit that was granted since the start, in millionths.
    pub credit_micro: u64,
    /// Whether the worker is about to stop.
    pub draining: bool,
    /// What the machine may be used for now.
    pub governed: Governed,
}

/// One project's coordinator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoordinatorStatus {
    /// Whether the stream to it is open.
    pub connected: bool,
    /// Where it was found the last time; empty until it was.
    pub place: String,
    /// Why it gives this host no work for a while, if it said so.
    pub refused: Option<String>,
    /// Why it is not there, if it is not.
    pub away: Option<String>,
}

/// What the governor allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Governed {
    /// Programs that may run at once; 0 is a pause.
    pub slots: u32,
    /// What keeps more from running.
    pub reason: Option<Reason>,
    /// The same in a sentence, as it was when either of them changed.
    pub sentence: String,
}

/// What a slot computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The project's place in the settings.
    pub project: usize,
    /// The replica.
    pub replica: ReplicaId,
    /// The name of its job.
    pub job: String,
    /// In millionths.
    pub progress_ppm: u32,
    /// Whether it stands still.
    pub stopped: bool,
}
