//! What a worker shows of itself while it runs.

use manyhands_core::id::ReplicaId;

/// A worker at a moment. Whoever shows it watches for changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether the stream to the coordinator is open.
    pub connected: bool,
    /// Why the coordinator gives this host no work for a while, if it said so.
    pub refused: Option<String>,
    /// What each slot does.
    pub slots: Vec<Option<Running>>,
    /// Leases that wait for a slot.
    pub waiting: usize,
    /// Reports that the coordinator has acknowledged since the start.
    pub reported: u64,
    /// Credit that was granted since the start, in millionths.
    pub credit_micro: u64,
    /// Whether the worker is about to stop.
    pub draining: bool,
}

/// What a slot computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// The replica.
    pub replica: ReplicaId,
    /// The name of its job.
    pub job: String,
    /// In millionths.
    pub progress_ppm: u32,
}
