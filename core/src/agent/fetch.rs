//! How many leases to ask for: enough that no slot waits for the network, few enough that no unit
//! waits here while another host idles.

use crate::time::Span;

/// Most leases that a worker holds, however short its units are.
pub const HELD_MAX: usize = 512;

/// Work that a worker keeps in store, beyond what runs.
pub const BUFFER_MS: Span = Span::seconds(10);

/// What a worker knows about itself when it wonders whether to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Replicas that may run side by side now; 0 while the person uses the machine.
    pub slots: usize,
    /// Leases that it holds, running or waiting.
    pub held: usize,
    /// How long a replica takes here.
    pub run_time: RunTime,
    /// How long a request takes.
    pub round_trip: Span,
}

/// How long a replica takes on this host: a moving average of the last few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunTime {
    average_ms: Option<u64>,
}

impl RunTime {
    /// Notes that a replica took `span`.
    pub fn note(&mut self, span: Span) {
        let average = self.average_ms.map_or(span.0, |old| old - old / 4 + span.0 / 4);
        self.average_ms = Some(average);
    }
}

/// How many leases to ask for now; 0 for not asking.
///
/// The goal is one replica in each slot and [`BUFFER_MS`] of work behind it, or two round trips'
/// worth if that is more. Before the first replica has ended nothing is known, so one waits behind
/// each slot. A request is made only for a quarter of the goal or more, since a request for many
/// costs the coordinator hardly more than a request for one, unless a slot is about to idle.
#[must_use]
pub fn wanted(situation: &Situation) -> u16 {
    let Situation { slots, held, run_time, round_trip } = *situation;
    let goal = goal(slots, run_time, round_trip);
    let missing = goal.saturating_sub(held);
    let is_urgent = held < slots.saturating_mul(2).min(goal);
    if missing == 0 || (missing < goal / 4 && !is_urgent) {
        return 0;
    }
    u16::try_from(missing).unwrap_or(u16::MAX)
}

fn goal(slots: usize, run_time: RunTime, round_trip: Span) -> usize {
    let buffer_ms = BUFFER_MS.0.max(round_trip.0.saturating_mul(2));
    let behind_each = match run_time.average_ms {
        None => 1,
        Some(average_ms) => buffer_ms.div_ceil(average_ms.max(1)),
    };
    let behind_each = usize::try_from(behind_each).unwrap_or(HELD_MAX);
    slots.saturating_mul(behind_each.saturating_add(1)).min(HELD_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(slots: usize, held: usize, run_ms: Option<u64>, expected: u16) {
        let mut run_time = RunTime::default();
        if let Some(ms) = run_ms {
            run_time.note(Span(ms));
        }
        let round_trip = Span(50);
        let situation = Situation { slots, held, run_time, round_trip };
        assert_eq!(wanted(&situation), expected, "{situation:?}");
    }

    #[test]
    fn before_anything_is_known_one_waits_behind_each_slot() {
        check(4, 0, None, 8);
        check(4, 8, None, 0);
    }

    #[test]
    fn long_units_are_not_hoarded() {
        check(4, 0, Some(3_600_000), 8);
        check(4, 7, Some(3_600_000), 1);
        check(4, 8, Some(3_600_000), 0);
    }

    #[test]
    fn short_units_are_fetched_in_batches() {
        check(2, 0, Some(1_000), 22);
        check(2, 20, Some(1_000), 0);
        check(2, 17, Some(1_000), 5);
        check(2, 0, Some(0), 512);
        check(2, 400, Some(0), 0);
        check(2, 384, Some(0), 128);
    }

    #[test]
    fn without_slots_nothing_is_fetched() {
        check(0, 0, Some(1_000), 0);
        check(0, 9, None, 0);
    }

    #[test]
    fn a_slow_network_needs_a_larger_store() {
        let mut run_time = RunTime::default();
        run_time.note(Span::seconds(10));
        let round_trip = Span::seconds(20);
        assert_eq!(wanted(&Situation { slots: 1, held: 0, run_time, round_trip }), 5);
    }

    #[test]
    fn the_average_follows_the_last_few() {
        let mut run_time = RunTime::default();
        run_time.note(Span(1_000));
        for _ in 0..30 {
            run_time.note(Span(100));
        }
        let average_ms = run_time.average_ms.unwrap();
        assert!((100..110).contains(&average_ms), "{average_ms}");
    }
}
