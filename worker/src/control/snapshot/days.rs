//! The last days, as a worker shows them.

use manyhands_core::agent::energy::Energy;
use manyhands_core::agent::governor::hours::Day;
use manyhands_core::agent::governor::tally::{DayTally, Tally, Use};
use serde::{Deserialize, Serialize};

use super::Why;
use crate::diary;

/// Days of the history, today among them.
pub const HISTORY_DAYS: i32 = 30;

/// Reasons that a day names; what was waited for shorter is summed up.
const WAITS_MAX: usize = 8;

/// Where the time of a day went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayShown {
    /// As `2026-11-26`.
    pub date: String,
    /// Time in which at least one program ran.
    pub donated_ms: u64,
    /// The same, once for each core.
    pub core_ms: u64,
    /// What that took, in thousandths of a joule; 3,600,000,000 are a kilowatt-hour.
    pub energy_mj: u64,
    /// Bytes sent and received.
    pub moved_bytes: u64,
    /// What was waited for, the longest first.
    pub waits: Vec<Wait>,
    /// All of it in a sentence.
    pub sentence: String,
}

/// Time that was waited for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// For what.
    #[serde(flatten)]
    pub why: Why,
    /// How long.
    pub ms: u64,
}

impl DayShown {
    /// A day of the tally.
    pub(crate) fn of(day: Day, tally: &DayTally) -> Self {
        let mut waits: Vec<Wait> = tally
            .spans()
            .filter_map(|(used, span)| match used {
                Use::Waited(reason) => Some(Wait { why: reason.into(), ms: span.0 }),
                Use::Donated => None,
            })
            .collect();
        waits.sort_by_key(|wait| std::cmp::Reverse(wait.ms));
        if waits.len() > WAITS_MAX {
            let ms = waits.drain(WAITS_MAX - 1..).map(|wait| wait.ms).sum();
            let why = Why { code: "others".to_owned(), words: "other reasons".to_owned() };
            waits.push(Wait { why, ms });
        }
        Self {
            date: diary::date(day).map_or_else(String::new, |date| date.to_string()),
            donated_ms: tally.donated().0,
            core_ms: tally.core_time().0,
            energy_mj: tally.energy().0,
            moved_bytes: tally.moved_bytes(),
            waits,
            sentence: Self::sentence(tally),
        }
    }

    /// The days until `today` that are shown.
    pub(crate) fn history(tally: &Tally, today: Day) -> Vec<Self> {
        let first = Day(today.0.saturating_sub(HISTORY_DAYS - 1));
        let days = tally.days().filter(|(day, _)| (first..=today).contains(day));
        days.map(|(day, tally)| Self::of(day, tally)).collect()
    }

    /// What a day was, and what it took: `you donated 5 h 12 min; 3 h waited for: battery; about 310 Wh`.
    pub(crate) fn sentence(tally: &DayTally) -> String {
        match tally.energy() {
            Energy(0) => tally.sentence(),
            energy => format!("{}; about {energy}", tally.sentence()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use manyhands_core::agent::governor::reason::Reason;
    use manyhands_core::time::Span;

    use super::*;

    #[test]
    fn a_day_names_the_longest_waits_and_loses_none() {
        let mut tally = DayTally::default();
        for number in 1..=20 {
            let rule = Reason::Rule(Arc::from(format!("r{number:02}")));
            tally.add(Use::Waited(rule), Span(number));
        }
        let day = DayShown::of(Day(20_783), &tally);
        assert_eq!((day.date.as_str(), day.waits.len()), ("2026-11-26", WAITS_MAX));
        assert_eq!((day.waits[0].why.code.as_str(), day.waits[0].ms), ("rule:r20", 20));
        assert_eq!(day.waits.iter().map(|wait| wait.ms).sum::<u64>(), 210);
        assert_eq!(day.waits[7].why.words, "other reasons");
    }

    #[test]
    fn a_day_says_what_it_took() {
        let mut tally = DayTally::default();
        tally.add(Use::Donated, Span::hours(2));
        assert_eq!(DayShown::of(Day(0), &tally).sentence, "you donated 2 h");
        tally.add_cost(Energy(36_000_000), 0);
        assert_eq!(DayShown::of(Day(0), &tally).sentence, "you donated 2 h; about 10 Wh");
    }

    #[test]
    fn the_history_ends_today_and_has_a_bound() {
        let mut tally = Tally::default();
        for day in 0..100 {
            tally.recall(Day(day), DayTally::default());
        }
        let days = DayShown::history(&tally, Day(50));
        assert_eq!(days.len(), 30);
        assert_eq!(days.last().unwrap().date, "1970-02-20");
    }
}
