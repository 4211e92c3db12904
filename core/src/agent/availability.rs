//! How much of the time this machine computes, and for how long at a stretch: what a worker learns of itself, so that
//! it takes on what it can finish.
//!
//! The share of the time is an average that forgets with a time constant of ten days, as that of BOINC's client does
//! (`on_frac` and `active_frac` of its `time_stats.cpp`). Stretches are counted in a histogram of exponential
//! buckets that forgets too. No shape is assumed but where the histogram ends: availability of desktops has a
//! falling hazard (Nurmi, Brevik and Wolski, *Modeling machine availability in enterprise and wide-area distributed
//! computing environments*, 2005, fit Weibull distributions with a shape below 1), so who has been there for longer than ever is taken to
//! stay for as long again.
//!
//! A *stretch* is the time that the machine computed between two starts of the worker: what a program that cannot be
//! resumed has for itself. Pauses do not end it, since a paused program stays in memory.

use crate::outlook::{ALWAYS_PPM, Outlook};
use crate::time::Span;

/// The past is forgotten with this time constant.
pub const MEMORY: Span = Span::hours(10 * 24);

/// Buckets of the histogram. Bounds are 1, 1½, 2, 3, 4, 6, 8, … minutes; the last one begins at 22 days.
pub const BUCKETS: usize = 32;

/// What one stretch counts when it has just ended.
const WEIGHT: u32 = 1 << 16;

/// Each stretch that ends takes a sixteenth of their weight from those before.
const FORGETS: u32 = 16;

/// A shorter stretch is somebody's try, and tells nothing.
const STRETCH_MIN: Span = Span::minutes(5);

/// So many stretches, all new, have to be known before anything is made of them.
const STRETCHES_MIN: u64 = 3;

/// So much of the time has to be seen before anything is made of it.
const SEEN_MIN: Span = Span::hours(24);

/// What is known of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// Time of which it is known whether the machine computed, at most [`MEMORY`].
    seen: Span,
    /// How much of it, in millionths.
    available_ppm: u32,
    /// The present stretch.
    current: Span,
    /// Weights of the stretches before it, by length.
    stretches: [u32; BUCKETS],
}

/// The same as numbers, in the order of its fields, for whoever keeps it.
pub type Numbers = [u64; 3 + BUCKETS];

impl Availability {
    /// What an earlier process has learned, which ended `away` ago.
    #[must_use]
    pub fn recall(numbers: &Numbers, away: Span) -> Self {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let mut known = Self {
            seen: Span(numbers[0]).min(MEMORY),
            available_ppm: small(numbers[1]).min(ALWAYS_PPM),
            current: Span(numbers[2]),
            stretches: [0; BUCKETS],
        };
        for (weight, number) in known.stretches.iter_mut().zip(&numbers[3..]) {
            *weight = small(*number).min(WEIGHT * FORGETS);
        }
        known.end_stretch();
        known.average(away.min(MEMORY), false);
        known
    }

    /// What the next process is to know.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let first = [self.seen.0, self.available_ppm.into(), self.current.0];
        let stretches = self.stretches.iter().map(|weight| u64::from(*weight));
        let mut all = first.into_iter().chain(stretches);
        std::array::from_fn(|_| all.next().unwrap_or_default())
    }

    /// Takes up whether the machine computed, or might have, for so long.
    pub fn note(&mut self, span: Span, is_available: bool) {
        if is_available {
            self.current = self.current.plus(span);
        }
        self.average(span, is_available);
    }

    /// What is to be expected.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        if self.seen < SEEN_MIN {
            return Outlook::ALWAYS;
        }
        Outlook { available_ppm: self.available_ppm, stretch: self.left() }
    }

    /// How much longer the present stretch lasts in at least half of the cases; none if too few are known.
    fn left(&self) -> Option<Span> {
        if self.longer_than(Span::ZERO) < STRETCHES_MIN * u64::from(WEIGHT) * 7 / 8 {
            return None;
        }
        let all = self.longer_than(self.current);
        if all == 0 {
            return Some(self.current);
        }
        let is_likely =
            |bound: &Span| *bound >= self.current && 2 * self.longer_than(*bound) >= all;
        let until = (0..BUCKETS).map(bound).filter(is_likely).max();
        Some(until.map_or(Span::ZERO, |until| until.minus(self.current)))
    }

    /// Weight of those stretches that were at least so long; each counts as long as its bucket's bound.
    fn longer_than(&self, span: Span) -> u64 {
        let buckets = self.stretches.iter().enumerate();
        buckets.filter(|(at, _)| bound(*at) >= span).map(|(_, weight)| u64::from(*weight)).sum()
    }

    fn end_stretch(&mut self) {
        let ended = std::mem::replace(&mut self.current, Span::ZERO);
        if ended < STRETCH_MIN {
            return;
        }
        self.stretches.iter_mut().for_each(|weight| *weight -= weight.div_ceil(FORGETS));
        let at = (0..BUCKETS).rev().find(|at| bound(*at) <= ended).unwrap_or(0);
        self.stretches[at] += WEIGHT;
    }

    fn average(&mut self, span: Span, is_available: bool) {
        let (seen, new) = (u128::from(self.seen.0), u128::from(span.0));
        let now_ppm = if is_available { u128::from(ALWAYS_PPM) } else { 0 };
        let Some(ppm) =
            (u128::from(self.available_ppm) * seen + now_ppm * new).checked_div(seen + new)
        else {
            return;
        };
        self.available_ppm = u32::try_from(ppm).unwrap_or(ALWAYS_PPM);
        self.seen = self.seen.plus(span).min(MEMORY);
    }
}

/// Where a bucket begins.
fn bound(bucket: usize) -> Span {
    let Some(above) = bucket.checked_sub(1) else { return Span::ZERO };
    let minute = Span::minutes(1).0;
    let octave = minute << (above / 2);
    Span(if above % 2 == 0 { octave } else { octave / 2 * 3 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A machine that computes for so long each day, and is off for the rest of it.
    fn daily(hours: u32, days: u32) -> Availability {
        let mut known = Availability::default();
        for _ in 0..days {
            for _ in 0..hours * 60 {
                known.note(Span::minutes(1), true);
            }
            known = Availability::recall(&known.numbers(), Span::hours(24 - hours));
        }
        known
    }

    #[test]
    fn buckets_begin_at_one_and_a_half_and_two() {
        let minutes = [0, 1, 2, 3, 4, 5, 6].map(|at| bound(at).0 / 1_000);
        assert_eq!(minutes, [0, 60, 90, 120, 180, 240, 360]);
        assert!((1..BUCKETS).all(|at| bound(at - 1) < bound(at)));
        assert!(bound(BUCKETS - 1) > Span::hours(20 * 24));
    }

    #[test]
    fn nothing_is_made_of_little() {
        let mut known = Availability::default();
        known.note(Span::hours(1), false);
        assert_eq!(known.outlook(), Outlook::ALWAYS);
        assert_eq!(daily(4, 2).outlook().stretch, None);
    }

    #[test]
    fn a_machine_of_four_hours_a_day_knows_itself() {
        let mut known = daily(4, 12);
        let outlook = known.outlook();
        assert!(outlook.available_ppm.abs_diff(166_666) < 10_000, "{outlook:?}");
        // 4 hours are in the bucket of 192 to 256 minutes.
        assert_eq!(outlook.stretch, Some(Span::minutes(192)));
        known.note(Span::hours(3), true);
        assert_eq!(known.outlook().stretch, Some(Span::minutes(12)));
        known.note(Span::hours(7), true);
        assert_eq!(known.outlook().stretch, Some(Span::hours(10)), "longer than ever");
    }

    #[test]
    fn the_past_is_forgotten() {
        let mut known = daily(2, 60);
        for _ in 0..60 {
            known.note(Span::hours(24), true);
        }
        let known = Availability::recall(&known.numbers(), Span::ZERO);
        assert!(known.outlook().available_ppm > 990_000);
        let mut known = known;
        for _ in 0..30 {
            known.note(Span::hours(5), true);
            known = Availability::recall(&known.numbers(), Span::ZERO);
        }
        assert_eq!(known.outlook().stretch, Some(Span::minutes(256)));
    }

    proptest! {
        #[test]
        fn what_is_kept_is_known_again_and_nothing_is_beyond_its_bounds(
            numbers in prop::collection::vec(any::<u64>(), 3 + BUCKETS),
            away in any::<u64>(),
            notes in prop::collection::vec((any::<u64>(), any::<bool>()), 0..20),
        ) {
            let numbers: Numbers = numbers.try_into().unwrap();
            let mut known = Availability::recall(&numbers, Span(away));
            for (span, is_available) in notes {
                known.note(Span(span), is_available);
            }
            let outlook = known.outlook();
            prop_assert!(outlook.available_ppm <= ALWAYS_PPM);
            let again = Availability::recall(&known.numbers(), Span::ZERO);
            prop_assert_eq!(again.available_ppm, known.available_ppm);
            prop_assert!(again.stretches.iter().all(|weight| *weight <= WEIGHT * FORGETS + WEIGHT));
        }

        #[test]
        fn more_time_there_is_never_a_worse_outlook(
            notes in prop::collection::vec((0_u64..100_000_000, any::<bool>()), 1..20),
            more in 1_u64..100_000_000,
        ) {
            let mut known = Availability::default();
            for (span, is_available) in notes {
                known.note(Span(span), is_available);
            }
            let before = known.available_ppm;
            known.note(Span(more), true);
            prop_assert!(known.available_ppm >= before);
        }
    }
}
