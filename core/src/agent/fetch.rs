//! How many leases to ask for: enough that no slot waits for the network, few enough that no unit
//! waits here while another host idles.

use crate::outlook::{ALWAYS_PPM, Outlook};
use crate::time::Span;

/// Most leases that a worker holds, however short its units are.
pub const HELD_MAX: usize = 512;

/// Work that a worker keeps in store, beyond what runs.
pub const BUFFER_MS: Span = Span::seconds(10);

/// Nothing is kept in store on a machine that computes only now and then, if it would wait longer than this.
pub const STORED_MS_MAX: Span = Span::minutes(30);

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
    /// What the machine expects of itself; see [`Availability`](super::availability::Availability).
    pub outlook: Outlook,
}

/// How long a replica takes on this host: a moving average of the last few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunTime {
    average_ms: Option<u64>,
}

impl RunTime {
    /// The average; none until the first replica has ended.
    #[must_use]
    pub fn average(&self) -> Option<Span> {
        self.average_ms.map(Span)
    }

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
/// each slot. A machine that computes only now and then stores nothing that would wait for half an hour:
/// meanwhile another one could have done it; nor what it would not come to before it is switched off. A request is made only for a quarter of the goal or more, since a request for many
/// costs the coordinator hardly more than a request for one, unless a slot is about to idle.
#[must_use]
pub fn wanted(situation: &Situation) -> u16 {
    let Situation { slots, held, .. } = *situation;
    let goal = goal(situation);
    let missing = goal.saturating_sub(held);
    let is_urgent = held < slots.saturating_mul(2).min(goal);
    if missing == 0 || (missing < goal / 4 && !is_urgent) {
        return 0;
    }
    u16::try_from(missing).unwrap_or(u16::MAX)
}

fn goal(situation: &Situation) -> usize {
    let Situation { slots, run_time, round_trip, outlook, .. } = *situation;
    let buffer_ms = BUFFER_MS.0.max(round_trip.0.saturating_mul(2));
    let behind_each = match run_time.average_ms {
        None => 1,
        Some(average_ms) if waits_too_long(average_ms, outlook.available_ppm) => 0,
        Some(average_ms) => {
            let average_ms = average_ms.max(1);
            let ended = |stretch: Span| (stretch.0 / average_ms).saturating_sub(1);
            buffer_ms.div_ceil(average_ms).min(outlook.stretch.map_or(u64::MAX, ended))
        }
    };
    let behind_each = usize::try_from(behind_each).unwrap_or(HELD_MAX);
    slots.saturating_mul(behind_each.saturating_add(1)).min(HELD_MAX)
}

/// Whether what is stored behind a unit of that length would wait too long, since the machine is away in
/// between.
fn waits_too_long(average_ms: u64, available_ppm: u32) -> bool {
    let is_always_there = available_ppm > ALWAYS_PPM / 10 * 9;
    let wall_ms =
        u128::from(average_ms) * u128::from(ALWAYS_PPM) / u128::from(available_ppm.max(1));
    !is_always_there && wall_ms > u128::from(STORED_MS_MAX.0)
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
        let outlook = Outlook::ALWAYS;
        let situation = Situation { slots, held, run_time, round_trip, outlook };
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
        let outlook = Outlook::ALWAYS;
        assert_eq!(wanted(&Situation { slots: 1, held: 0, run_time, round_trip, outlook }), 5);
    }

    #[test]
    fn who_is_there_only_now_and_then_stores_nothing_that_would_wait_for_long() {
        let wanted = |minutes, available_ppm| {
            let mut run_time = RunTime::default();
            run_time.note(Span::minutes(minutes));
            let round_trip = Span::ZERO;
            let outlook = Outlook { available_ppm, stretch: None };
            wanted(&Situation { slots: 4, held: 0, run_time, round_trip, outlook })
        };
        assert_eq!(wanted(240, ALWAYS_PPM), 8);
        assert_eq!(wanted(240, 950_000), 8, "there nearly always");
        assert_eq!(wanted(240, 500_000), 4);
        assert_eq!(wanted(16, 500_000), 4, "16 minutes of every other one are 32");
        assert_eq!(wanted(15, 500_000), 8);
        assert_eq!(wanted(1, 0), 4, "never there yet");
    }

    #[test]
    fn nothing_is_stored_that_would_not_end_before_the_machine_is_switched_off() {
        let wanted = |minutes| {
            let mut run_time = RunTime::default();
            run_time.note(Span::seconds(2));
            let outlook = Outlook { stretch: Some(minutes), ..Outlook::ALWAYS };
            wanted(&Situation { slots: 1, held: 0, run_time, round_trip: Span::ZERO, outlook })
        };
        assert_eq!(wanted(Span::minutes(5)), 6);
        assert_eq!(wanted(Span::seconds(7)), 3);
        assert_eq!(wanted(Span::seconds(1)), 1, "a slot is filled whatever is to be expected");
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
