//! How many bytes may still be moved and written today.

use super::hours::{DAY, Day, LocalTime};
use crate::time::Span;

/// Bytes moved over the network and written to disk on the day that counts.
///
/// A new day begins at midnight, and also when the last one has lasted a day's length, by a clock that nobody
/// sets: so a calendar that was wrong, and was set back, holds nothing up for longer than that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Budget {
    day: Option<Day>,
    /// How long the day has lasted, as far as somebody looked.
    lasted: Span,
    looked_at: Option<Span>,
    moved_bytes: u64,
    written_bytes: u64,
}

/// What was spent of a day's budgets: what the next process has to know so that it does not begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The day, as the calendar showed when it began.
    pub day: Day,
    /// How long it has lasted by a clock that nobody sets, while somebody looked.
    pub lasted: Span,
    /// Bytes sent and received.
    pub moved_bytes: u64,
    /// Bytes written to disk.
    pub written_bytes: u64,
}

impl Budget {
    /// Goes on where an earlier process stopped. To be said before the first look: the time in between is not
    /// known, and the calendar tells whether it is another day.
    pub(super) fn recall(spent: Spent) -> Self {
        let Spent { day, lasted, moved_bytes, written_bytes } = spent;
        Self { day: Some(day), lasted, looked_at: None, moved_bytes, written_bytes }
    }

    /// What the next process has to know; none before the first look.
    pub(super) fn spent(&self) -> Option<Spent> {
        let Self { day, lasted, moved_bytes, written_bytes, .. } = *self;
        Some(Spent { day: day?, lasted, moved_bytes, written_bytes })
    }

    /// Takes up that so many more bytes were moved.
    pub(super) fn moved(&mut self, bytes: u64) {
        self.moved_bytes = self.moved_bytes.saturating_add(bytes);
    }

    /// Takes up that so many more bytes were written.
    pub(super) fn wrote(&mut self, bytes: u64) {
        self.written_bytes = self.written_bytes.saturating_add(bytes);
    }

    /// Begins a new day if it is one.
    pub(super) fn look(&mut self, uptime: Span, now: LocalTime) {
        let since = self.looked_at.replace(uptime).map_or(Span::ZERO, |at| uptime.minus(at));
        self.lasted = self.lasted.plus(since);
        let Some(day) = self.day else {
            // What was moved before the first look is of this day.
            self.day = Some(now.day);
            return;
        };
        if now.day > day || self.lasted >= DAY {
            *self = Self { day: Some(now.day), looked_at: Some(uptime), ..Self::default() };
        }
    }

    /// Bytes moved today.
    pub(super) const fn moved_bytes(&self) -> u64 {
        self.moved_bytes
    }

    /// Bytes written today.
    pub(super) const fn written_bytes(&self) -> u64 {
        self.written_bytes
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
        budget.wrote(1);
        budget.look(Span::hours(2), day(3));
        assert_eq!((budget.moved_bytes(), budget.written_bytes()), (12, 1));
        budget.look(Span::hours(3), day(4));
        assert_eq!((budget.moved_bytes(), budget.written_bytes()), (0, 0));
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

    #[test]
    fn a_restart_is_no_new_day_whatever_was_done_to_the_clocks() {
        let mut budget = Budget::default();
        budget.look(Span::hours(500), day(7));
        budget.moved(9);
        budget.look(Span::hours(520), day(7));
        let spent = budget.spent().unwrap();
        let expected =
            Spent { day: Day(7), lasted: Span::hours(20), moved_bytes: 9, written_bytes: 0 };
        assert_eq!(spent, expected);

        // The machine was started anew, and its calendar is of the factory.
        let mut budget = Budget::recall(spent);
        budget.look(Span::minutes(1), day(-400));
        budget.look(Span::hours(3), day(-400));
        assert_eq!(budget.moved_bytes(), 9);
        budget.look(Span::hours(4).plus(Span::minutes(1)), day(-400));
        assert_eq!(budget.moved_bytes(), 0, "20 hours and 4");

        let mut budget = Budget::recall(spent);
        budget.look(Span::ZERO, day(8));
        assert_eq!(budget.moved_bytes(), 0, "the next morning");
    }
}
