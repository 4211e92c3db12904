//! Civil time, and windows of the week in it: `mon-fri 22:00-06:00, sat`.
//!
//! The machine's shell says what its clocks and calendars show; nothing here knows of time zones. A
//! clock that is set back, or an hour that comes twice, is only another moment that is in a window or not.

use std::fmt;

use crate::time::Span;

/// Milliseconds of a day without a change of clocks.
pub(super) const DAY: Span = Span::hours(24);

/// A day of the local calendar: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i32);

/// What a clock on the wall shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// The date.
    pub day: Day,
    /// Since midnight.
    pub of_day: Span,
}

/// A minute of a day, 0 to 1440; the last is the midnight at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute(pub u16);

/// Days of the week, as written.
pub(super) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A set of days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u8);

/// A part of some days. One that ends before it begins lasts until the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// On which days it begins.
    pub days: Days,
    /// When it begins.
    pub from: Minute,
    /// The first minute after it.
    pub to: Minute,
}

/// Windows of the week, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours(pub Vec<Window>);

impl Day {
    /// Its place in the week, 0 for Monday.
    #[must_use]
    pub fn of_week(self) -> usize {
        // 1970-01-01 was a Thursday.
        usize::try_from((i64::from(self.0) + 3).rem_euclid(7)).unwrap_or(0)
    }
}

impl Days {
    /// No day.
    pub const NONE: Self = Self(0);
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// These days and all from one to another, which may be in the next week.
    #[must_use]
    pub fn with(self, from: usize, to: usize) -> Self {
        let length = (to + 7 - from) % 7;
        (0..=length).fold(self, |days, step| Self(days.0 | 1 << ((from + step) % 7)))
    }

    /// Whether a day of the week, 0 for Monday, is one of them.
    #[must_use]
    pub const fn has(self, of_week: usize) -> bool {
        self.0 >> (of_week % 7) & 1 == 1
    }
}

impl Window {
    /// Whether it lasts at that time.
    #[must_use]
    pub fn has(&self, now: LocalTime) -> bool {
        let minute = Minute(u16::try_from(now.of_day.0 / 60_000).unwrap_or(u16::MAX));
        let today = now.day.of_week();
        let has_begun = minute >= self.from && self.days.has(today);
        if self.from < self.to {
            return has_begun && minute < self.to;
        }
        has_begun || (minute < self.to && self.days.has(today + 6))
    }
}

impl Hours {
    /// Whether any window lasts at that time.
    #[must_use]
    pub fn have(&self, now: LocalTime) -> bool {
        self.0.iter().any(|window| window.has(now))
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE_DAY: (Minute, Minute) = (Minute(0), Minute(1440));

    /// 1970-01-05 was a Monday.
    fn at(of_week: i32, hour: u32, minute: u32) -> LocalTime {
        let of_day = Span::minutes(hour * 60 + minute);
        LocalTime { day: Day(4 + of_week), of_day }
    }

    #[test]
    fn weeks_begin_on_mondays_also_before_1970() {
        assert_eq!(Day(0).of_week(), 3);
        assert_eq!(Day(4).of_week(), 0);
        assert_eq!(Day(-1).of_week(), 2);
        // 2026-11-26, a Thursday.
        assert_eq!(Day(20_783).of_week(), 3);
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_began() {
        let nights =
            Window { days: Days::NONE.with(0, 4), from: Minute(22 * 60), to: Minute(6 * 60) };
        assert!(!nights.has(at(0, 5, 59)), "sunday's night is none");
        assert!(!nights.has(at(0, 21, 59)));
        assert!(nights.has(at(0, 22, 0)));
        assert!(nights.has(at(5, 5, 59)), "friday's night lasts into saturday");
        assert!(!nights.has(at(5, 6, 0)));
        assert!(!nights.has(at(5, 23, 0)));
    }

    #[test]
    fn days_may_go_round_the_week() {
        let days = Days::NONE.with(5, 0);
        assert_eq!([4, 5, 6, 0, 1].map(|day| days.has(day)), [false, true, true, true, false]);
        let (from, to) = WHOLE_DAY;
        let window = Window { days, from, to };
        assert!(window.has(at(5, 0, 0)) && window.has(at(7, 23, 59)) && !window.has(at(8, 0, 0)));
    }

    #[test]
    fn every_minute_of_the_week_is_either_in_a_window_or_in_what_it_leaves() {
        let day = Window { days: Days::ALL, from: Minute(8 * 60), to: Minute(22 * 60) };
        let night = Window { days: Days::ALL, from: Minute(22 * 60), to: Minute(8 * 60) };
        for minute in 0..7 * 1440 {
            let now = at(0, 0, 0);
            let day_of = i32::try_from(minute / 1440).unwrap();
            let now =
                LocalTime { day: Day(now.day.0 + day_of), of_day: Span::minutes(minute % 1440) };
            assert!(day.has(now) != night.has(now), "{now:?}");
        }
    }
}
