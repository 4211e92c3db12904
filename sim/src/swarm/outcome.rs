//! How a swarm went.

use super::plan::Plan;

/// How a swarm went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// What it was.
    pub plan: Plan,
    /// Peers that should have got the blob: honest ones that stayed.
    pub staying: u32,
    /// Of those, peers that got it.
    pub finished: u32,
    /// When the median of them had it, in seconds.
    pub median_s: f64,
    /// When the last of them had it, in seconds.
    pub last_s: f64,
    /// Bytes that the origin sent.
    pub origin_bytes: u64,
    /// Bytes that peers received for nothing.
    pub wasted_bytes: u64,
    /// Peers that were caught with bytes that did not match.
    pub caught: u32,
    /// Peers that tried.
    pub hostile: u32,
    /// Things that happened.
    pub events: u64,
}

impl Outcome {
    /// The time of the last peer, against the least possible.
    #[must_use]
    pub fn last_over_bound(&self) -> f64 {
        self.last_s / self.plan.bound_s()
    }

    /// How many copies the origin sent.
    #[must_use]
    pub fn origin_copies(&self) -> f64 {
        self.origin_bytes as f64 / self.plan.size_bytes as f64
    }

    /// What peers received for nothing, as a share of what they needed.
    #[must_use]
    pub fn wasted(&self) -> f64 {
        let needed = f64::from(self.staying.max(1)) * self.plan.size_bytes as f64;
        self.wasted_bytes as f64 / needed
    }
}
