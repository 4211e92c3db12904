//! Where the time went: every millisecond of every day, donated or waited for something.

mod exchanged;

use std::collections::BTreeMap;

pub use self::exchanged::Exchanged;

use super::hours::{DAY, Day, LocalTime};
use super::reason::Reason;
use crate::agent::energy::Energy;
use crate::time::Span;

/// Days that are remembered.
pub const DAYS_MAX: usize = 400;

/// Most different reasons of one day. Rules are fewer, but their names may change.
pub const REASONS_MAX: usize = 512;

/// What a stretch of time was used for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// At least one program ran.
    Donated,
    /// None did, because of this.
    Waited(Reason),
}

/// One day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayTally {
    spans: BTreeMap<Use, Span>,
    /// Time donated, once for each core that was computed on.
    core_time: Span,
    /// What that took.
    energy: Energy,
    /// Bytes sent and received.
    moved_bytes: u64,
    /// Of these, what other workers got and gave.
    exchanged: Exchanged,
}

/// All days that are remembered, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    days: BTreeMap<Day, DayTally>,
}

impl Tally {
    /// Counts a stretch of time that ends `now`. What lies before midnight is counted to the day before,
    /// and so on; all of it is counted somewhere.
    pub fn note(&mut self, now: LocalTime, elapsed: Span, used: &Use, core_time: Span) {
        let today = self.days.entry(now.day).or_default();
        today.core_time = today.core_time.plus(core_time);
        let (mut day, mut room, mut left) = (now.day, now.of_day, elapsed.0);
        for _ in 1..DAYS_MAX {
            let part = left.min(room.0);
            self.days.entry(day).or_default().add(used.clone(), Span(part));
            left -= part;
            if left == 0 {
                break;
            }
            (day, room) = (Day(day.0.saturating_sub(1)), DAY);
        }
        // Of a sleep of years, all that is longer ago is counted to the oldest day.
        self.days.entry(day).or_default().add(used.clone(), Span(left));
        self.forget();
    }

    /// Counts what was drawn from the socket, and the bytes that were moved, on a day.
    pub fn note_cost(&mut self, day: Day, energy: Energy, moved_bytes: u64) {
        if (energy, moved_bytes) != (Energy(0), 0) {
            self.days.entry(day).or_default().add_cost(energy, moved_bytes);
            self.forget();
        }
    }

    /// Counts what was exchanged with other workers on a day.
    pub fn note_exchanged(&mut self, day: Day, exchanged: Exchanged) {
        if exchanged != Exchanged::default() {
            self.days.entry(day).or_default().add_exchanged(exchanged);
            self.forget();
        }
    }

    /// What was exchanged with other workers on all days that are remembered.
    #[must_use]
    pub fn exchanged(&self) -> Exchanged {
        self.days.values().fold(Exchanged::default(), |sum, day| sum.plus(day.exchanged))
    }

    fn forget(&mut self) {
        while self.days.len() > DAYS_MAX {
            self.days.pop_first();
        }
    }

    /// Takes up a day as an earlier process counted it.
    pub fn recall(&mut self, day: Day, tally: DayTally) {
        self.days.insert(day, tally);
    }

    /// A day, if anything of it was counted.
    #[must_use]
    pub fn day(&self, day: Day) -> Option<&DayTally> {
        self.days.get(&day)
    }

    /// All days, oldest first.
    pub fn days(&self) -> impl DoubleEndedIterator<Item = (Day, &DayTally)> {
        self.days.iter().map(|(day, tally)| (*day, tally))
    }

    /// Several days as one.
    #[must_use]
    pub fn sum(&self, from: Day, to: Day) -> DayTally {
        let mut sum = DayTally::default();
        for (_, tally) in self.days().filter(|(day, _)| (from..=to).contains(day)) {
            for (used, span) in tally.spans() {
                sum.add(used.clone(), span);
            }
            sum.core_time = sum.core_time.plus(tally.core_time);
            sum.add_cost(tally.energy, tally.moved_bytes);
            sum.add_exchanged(tally.exchanged);
        }
        sum
    }
}

impl DayTally {
    /// Counts more of the same.
    pub fn add(&mut self, used: Use, span: Span) {
        // Whoever renames rules all day is told of the last ones under one name.
        let is_full = self.spans.len() >= REASONS_MAX && !self.spans.contains_key(&used);
        let used = if is_full { Use::Waited(Reason::Limits) } else { used };
        if span > Span::ZERO {
            let sum = self.spans.entry(used).or_insert(Span::ZERO);
            *sum = sum.plus(span);
        }
    }

    /// Counts time on cores.
    pub fn add_core_time(&mut self, span: Span) {
        self.core_time = self.core_time.plus(span);
    }

    /// Counts what was drawn from the socket, and bytes that were moved.
    pub fn add_cost(&mut self, energy: Energy, moved_bytes: u64) {
        self.energy = self.energy.plus(energy);
        self.moved_bytes = self.moved_bytes.saturating_add(moved_bytes);
    }

    /// Counts what was exchanged with other workers.
    pub fn add_exchanged(&mut self, exchanged: Exchanged) {
        self.exchanged = self.exchanged.plus(exchanged);
    }

    /// What the time was used for, donated first.
    pub fn spans(&self) -> impl Iterator<Item = (&Use, Span)> {
        self.spans.iter().map(|(used, span)| (used, *span))
    }

    /// All of it together.
    #[must_use]
    pub fn total(&self) -> Span {
        self.spans.values().fold(Span::ZERO, |sum, span| sum.plus(*span))
    }

    /// Time in which at least one program ran.
    #[must_use]
    pub fn donated(&self) -> Span {
        self.spans.get(&Use::Donated).copied().unwrap_or(Span::ZERO)
    }

    /// Time donated, once for each core that was computed on.
    #[must_use]
    pub const fn core_time(&self) -> Span {
        self.core_time
    }

    /// What computing took.
    #[must_use]
    pub const fn energy(&self) -> Energy {
        self.energy
    }

    /// Bytes sent and received.
    #[must_use]
    pub const fn moved_bytes(&self) -> u64 {
        self.moved_bytes
    }

    /// What was exchanged with other workers.
    #[must_use]
    pub const fn exchanged(&self) -> Exchanged {
        self.exchanged
    }

    /// In one sentence, the longest wait first: `you donated 5 h 12 min; 3 h waited for: battery`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut waits: Vec<(&Reason, Span)> = self
            .spans()
            .filter_map(|(used, span)| match used {
                Use::Waited(reason) => Some((reason, span)),
                Use::Donated => None,
            })
            .collect();
        waits.sort_by_key(|(_, span)| std::cmp::Reverse(*span));
        let waits = waits
            .iter()
            .map(|(reason, span)| format!("; {} waited for: {}", span.in_words(), reason.words()));
        format!("you donated {}{}", self.donated().in_words(), waits.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn at(day: i32, of_day: Span) -> LocalTime {
        LocalTime { day: Day(day), of_day }
    }

    fn battery() -> Use {
        Use::Waited(Reason::Rule(Arc::from("battery")))
    }

    #[test]
    fn a_day_is_told_in_one_sentence() {
        let mut tally = Tally::default();
        let noon = at(1, Span::hours(12));
        let mut note = |minutes, used| tally.note(noon, Span::minutes(minutes), &used, Span::ZERO);
        note(312, Use::Donated);
        note(40, Use::Waited(Reason::InUse));
        note(180, battery());
        assert_eq!(
            tally.day(Day(1)).unwrap().sentence(),
            "you donated 5 h 12 min; 3 h waited for: battery; \
             40 min waited for: you (the machine was in use)"
        );
        assert_eq!(DayTally::default().sentence(), "you donated 0 s");
    }

    #[test]
    fn what_lies_before_midnight_is_of_the_day_before() {
        let mut tally = Tally::default();
        tally.note(at(7, Span::hours(6)), Span::hours(40), &Use::Waited(Reason::Asleep), Span(9));
        let totals: Vec<_> = tally.days().map(|(day, it)| (day.0, it.total())).collect();
        assert_eq!(totals, [(5, Span::hours(10)), (6, Span::hours(24)), (7, Span::hours(6))]);
        assert_eq!(tally.sum(Day(0), Day(9)).core_time(), Span(9));
    }

    #[test]
    fn days_have_a_bound_and_no_time_is_lost_by_a_very_long_sleep() {
        let mut tally = Tally::default();
        let years = Span(u64::from(u32::MAX) * 1_000);
        tally.note(at(50_000, Span::hours(1)), years, &battery(), Span::ZERO);
        assert_eq!(tally.days().count(), DAYS_MAX);
        let first = tally.days().next().unwrap().1.total();
        assert!(first > DAY, "{first}");
    }

    #[test]
    fn what_it_cost_is_summed_too_and_days_stay_bounded() {
        let mut tally = Tally::default();
        tally.note_cost(Day(3), Energy(0), 0);
        assert_eq!(tally.days().count(), 0, "nothing is no day");
        for day in 0..2 * i32::try_from(DAYS_MAX).unwrap() {
            tally.note_cost(Day(day), Energy(5), 7);
        }
        assert_eq!(tally.days().count(), DAYS_MAX);
        let sum = tally.sum(Day(798), Day(900));
        assert_eq!((sum.energy(), sum.moved_bytes()), (Energy(10), 14));
    }

    #[test]
    fn what_was_exchanged_with_others_is_summed_by_day_and_in_all() {
        let mut tally = Tally::default();
        tally.note_exchanged(Day(3), Exchanged::default());
        assert_eq!(tally.days().count(), 0, "nothing is no day");
        let [some, most] = [5, u64::MAX]
            .map(|given_bytes| Exchanged { given_bytes, taken_bytes: given_bytes / 2 });
        tally.note_exchanged(Day(3), some);
        tally.note_exchanged(Day(3), some);
        tally.note_exchanged(Day(4), some);
        assert_eq!(tally.day(Day(3)).unwrap().exchanged(), some.plus(some));
        assert_eq!(tally.exchanged(), Exchanged { given_bytes: 15, taken_bytes: 6 });
        assert_eq!(tally.sum(Day(4), Day(9)).exchanged(), some);
        tally.note_exchanged(Day(4), most);
        assert_eq!(tally.exchanged().given_bytes, u64::MAX);
    }

    #[test]
    fn reasons_have_a_bound() {
        let mut day = DayTally::default();
        for number in 0..2 * REASONS_MAX {
            day.add(Use::Waited(Reason::Rule(Arc::from(number.to_string()))), Span(1));
        }
        assert!(day.spans().count() <= REASONS_MAX + 1);
        assert_eq!(day.total(), Span(2 * REASONS_MAX as u64));
    }
}
