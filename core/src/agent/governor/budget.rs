//! How many bytes may still be moved today.

use super::hours::{DAY, Day, LocalTime};
use crate::time::Span;

/// Bytes moved on the day that counts.
///
/// A new day begins at midnight, and also a day's length after the last one began, by a clock that nobody
/// sets: so a calendar that was wrong, and was set back, holds nothing up for longer than that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Budget {
    begun: Option<(Day, Span)>,
    moved_bytes: u64,
}

impl Budget {
    /// Takes up that so many more bytes were moved.
    pub(super) fn moved(&mut self, bytes: u64) {
        self.moved_bytes = self.moved_bytes.saturating_add(bytes);
    }

    /// Begins a new day if it is one.
    pub(super) fn look(&mut self, uptime: Span, now: LocalTime) {
        let is_new =
            self.begun.is_none_or(|(day, since)| now.day > day || uptime.minus(since) >= DAY);
        if is_new {
            if self.begun.is_some() {
                self.moved_bytes = 0;
            }
            self.begun = Some((now.day, uptime));
        }
    }

    /// Bytes moved today.
    pub(super) const fn moved_bytes(&self) -> u64 {
        self.moved_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i32) -> LocalTime {
        LocalTime { day: Day(day), of_day: Span::hours(1) }
    }

    #[test]
    fn a_day_begins_with_nothing_moved() {
        let mut budget = Budget::default();
        budget.moved(5);
        budget.look(Span::ZERO, day(3));
        assert_eq!(budget.moved_bytes(), 5, "moved before the first look");
        budget.moved(7);
        budget.look(Span::hours(2), day(3));
        assert_eq!(budget.moved_bytes(), 12);
        budget.look(Span::hours(3), day(4));
        assert_eq!(budget.moved_bytes(), 0);
    }

    #[test]
    fn a_calendar_that_is_set_back_gives_no_second_budget_and_holds_none_back() {
        let mut budget = Budget::default();
        budget.look(Span::ZERO, day(9_000));
        budget.moved(1);
        budget.look(Span::hours(1), day(3));
        budget.look(Span::hours(23), day(4));
        assert_eq!(budget.moved_bytes(), 1);
        budget.look(Span::hours(24), day(4));
        assert_eq!(budget.moved_bytes(), 0);
    }
}
