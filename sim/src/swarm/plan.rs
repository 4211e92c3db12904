//! What a swarm consists of.

use manyhands_core::time::Span;

/// One swarm: a blob, its origin, and peers that all want it at about the same time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// How many peers want the blob, hostile ones not counted.
    pub peers: u32,
    /// The blob's size.
    pub size_bytes: u64,
    /// The origin's uplink, in megabits per second.
    pub origin_up: f64,
    /// Each peer's uplink, in megabits per second.
    pub up: f64,
    /// Each peer's downlink, in megabits per second.
    pub down: f64,
    /// From one host to another, one way.
    pub latency: Span,
    /// All peers arrive within this, by chance.
    pub arrival: Span,
    /// The share of peers that nobody can dial.
    pub dial_out: f64,
    /// The share of peers that leave at some moment before the bound is over.
    pub leaving: f64,
    /// So many hostile peers as a share of the others: they send bytes that do not match.
    pub poisoners: f64,
}

impl Plan {
    /// The bed on which real programs were compared: 64 MiB, 20 Mbit/s up, 100 Mbit/s down.
    #[must_use]
    pub fn new(peers: u32) -> Self {
        Self {
            peers,
            size_bytes: 64 * 1_024 * 1_024,
            origin_up: 20.0,
            up: 20.0,
            down: 100.0,
            latency: Span(1),
            arrival: Span(100),
            dial_out: 0.0,
            leaving: 0.0,
            poisoners: 0.0,
        }
    }

    /// No protocol is faster than this, in seconds: the origin must send every byte once, the last
    /// peer must receive all, and all uplinks together must send what all peers receive (Kumar and
    /// Ross, "Optimal peer-assisted file distribution", 2006).
    #[must_use]
    pub fn bound_s(&self) -> f64 {
        let megabits = self.size_bytes as f64 * 8.0 / 1e6;
        let peers = f64::from(self.peers);
        let together = peers * megabits / (self.origin_up + peers * self.up);
        (megabits / self.origin_up).max(megabits / self.down).max(together)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_slowest_of_origin_downlink_and_all_uplinks() {
        let plan = Plan::new(8);
        let seconds = |plan: Plan| (plan.bound_s() * 100.0).round() / 100.0;
        let check = |plan: Plan, expected: f64| {
            assert!((seconds(plan) - expected).abs() < 0.005, "{plan:?}: {}", seconds(plan));
        };
        check(plan, 26.84);
        check(Plan { up: 5.0, ..plan }, 71.58);
        check(Plan { down: 10.0, ..plan }, 53.69);
    }
}
