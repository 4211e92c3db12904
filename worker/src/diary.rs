//! Where the time went, and what the owner said last, kept in the data folder from one start to the next.
//!
//! ```text
//! diary    2026-11-26 18720000 donated       a day, milliseconds, what for
//!          2026-11-26 10800000 rule:battery
//!          2026-11-26 74880000 cores         time on cores
//!          2026-11-26 374400000 energy       what that took, in thousandths of a joule
//!          2026-11-26 7340032 moved          bytes sent and received
//!          2026-11-26 5242880 given          of these, to other workers
//!          2026-11-26 1048576 taken          of these, from other workers
//! budget   2026-11-26 3600000 2147483648 1048576
//!                                            a day, how long it has lasted, bytes moved and written
//! availability
//!          1796083200000 86400000 166666 …    when, and the numbers of `core::agent::availability`
//! wish     pause | snooze 1796083200000      until that instant
//! credit   31000000                          in millionths, as the coordinator told it last
//! ```
//!
//! Nothing depends on them: what cannot be read is passed over, what cannot be written is told and lost.

use std::fs;
use std::io;
use std::path::PathBuf;

use jiff::civil::Date;
use manyhands_core::agent::availability::{Availability, Numbers};
use manyhands_core::agent::energy::Energy;
use manyhands_core::agent::governor::hours::Day;
use manyhands_core::agent::governor::tally::{DayTally, Exchanged, Tally, Use};
use manyhands_core::agent::governor::{Spent, Wish};
use manyhands_core::time::{Span, Timestamp};

use crate::clock;

/// A diary of all days that are kept is hardly larger.
const BYTES_MAX: u64 = 16 << 20;

/// A snooze that is read lasts no longer, whatever the clock says.
const SNOOZE_MAX: Span = Span::hours(31 * 24);

const DONATED: &str = "donated";
const CORES: &str = "cores";
const ENERGY: &str = "energy";
const MOVED: &str = "moved";
const GIVEN: &str = "given";
const TAKEN: &str = "taken";

/// See the module.
#[derive(Debug)]
pub(crate) struct Diary {
    folder: PathBuf,
}

impl Diary {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What earlier processes wrote.
    pub(crate) fn read(&self) -> (Tally, Wish) {
        (parse(&self.text("diary")), parse_wish(&self.text("wish"), clock::now()))
    }

    fn text(&self, name: &str) -> String {
        let path = self.folder.join(name);
        let is_small = path.metadata().is_ok_and(|metadata| metadata.len() <= BYTES_MAX);
        let text = if is_small { fs::read_to_string(&path) } else { Ok(String::new()) };
        text.unwrap_or_default()
    }

    /// Writes down all days.
    pub(crate) fn write(&self, tally: &Tally) {
        let text = tally.days().map(|(day, tally)| lines(day, tally)).collect::<String>();
        self.replace("diary", &text);
    }

    /// Writes down what the owner wants, as far as that outlives the process.
    pub(crate) fn write_wish(&self, wish: Wish) {
        let text = match wish {
            Wish::Pause => "pause\n".to_owned(),
            Wish::Snooze(span) => format!("snooze {}\n", clock::now().plus(span).0),
            Wish::Resume | Wish::Finish => String::new(),
        };
        self.replace("wish", &text);
    }

    /// The credit that an earlier process was told of.
    pub(crate) fn read_credit(&self) -> Option<u64> {
        self.text("credit").trim().parse().ok()
    }

    /// Writes down how much credit this host has.
    pub(crate) fn write_credit(&self, credit_micro: u64) {
        self.replace("credit", &format!("{credit_micro}\n"));
    }

    /// How much time a project got beyond its due, as an earlier process wrote down.
    pub(crate) fn read_ahead(&self) -> Span {
        Span(self.text("ahead").trim().parse().unwrap_or(0))
    }

    /// Writes down how much time a project got beyond its due.
    pub(crate) fn write_ahead(&self, ahead: Span) {
        self.replace("ahead", &format!("{}\n", ahead.0));
    }

    /// What earlier processes spent of a day's budgets.
    pub(crate) fn read_spent(&self) -> Option<Spent> {
        parse_spent(&self.text("budget"))
    }

    /// Writes down what was spent.
    pub(crate) fn write_spent(&self, spent: Spent) {
        let Spent { lasted, moved_bytes, written_bytes, .. } = spent;
        let Some(date) = date(spent.day) else { return };
        self.replace("budget", &format!("{date} {} {moved_bytes} {written_bytes}\n", lasted.0));
    }

    /// What earlier processes have learned of when this machine is there.
    pub(crate) fn read_availability(&self) -> Availability {
        let known = parse_availability(&self.text("availability"));
        known.map_or_else(Availability::default, |(at, numbers)| {
            Availability::recall(&numbers, clock::now().since(at))
        })
    }

    /// Writes down what was learned until now.
    pub(crate) fn write_availability(&self, known: &Availability) {
        let numbers = known.numbers().map(|number| format!(" {number}")).concat();
        self.replace("availability", &format!("{}{numbers}\n", clock::now().0));
    }

    fn replace(&self, name: &str, text: &str) {
        let (path, new) = (self.folder.join(name), self.folder.join(format!("{name}.new")));
        let written: io::Result<()> = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
        if let Err(error) = written {
            tracing::warn!(%error, path = %path.display(), "cannot be written");
        }
    }
}

fn parse_wish(text: &str, now: Timestamp) -> Wish {
    let mut words = text.split_whitespace();
    match (words.next(), words.next().and_then(|until| until.parse().ok())) {
        (Some("pause"), _) => Wish::Pause,
        (Some("snooze"), Some(until)) => Wish::Snooze(Timestamp(until).since(now).min(SNOOZE_MAX)),
        _ => Wish::Resume,
    }
}

fn parse_spent(text: &str) -> Option<Spent> {
    let mut words = text.split_whitespace();
    let day = parse_day(words.next()?)?;
    let mut number = || words.next()?.parse().ok();
    let (lasted, moved_bytes, written_bytes) = (Span(number()?), number()?, number()?);
    Some(Spent { day, lasted, moved_bytes, written_bytes })
}

fn parse_availability(text: &str) -> Option<(Timestamp, Numbers)> {
    let mut numbers = text.split_whitespace().map(str::parse);
    let at = Timestamp(numbers.next()?.ok()?);
    let numbers = numbers.collect::<Result<Vec<u64>, _>>().ok()?;
    Some((at, numbers.try_into().ok()?))
}

fn lines(day: Day, tally: &DayTally) -> String {
    let Some(date) = date(day) else { return String::new() };
    let spans = tally.spans().map(|(used, span)| match used {
        Use::Donated => format!("{date} {} {DONATED}\n", span.0),
        Use::Waited(reason) => format!("{date} {} {reason}\n", span.0),
    });
    let Exchanged { given_bytes, taken_bytes } = tally.exchanged();
    let sums = [
        (tally.core_time().0, CORES),
        (tally.energy().0, ENERGY),
        (tally.moved_bytes(), MOVED),
        (given_bytes, GIVEN),
        (taken_bytes, TAKEN),
    ];
    let sums = sums.map(|(sum, code)| format!("{date} {sum} {code}\n"));
    spans.chain(sums).collect()
}

fn parse(text: &str) -> Tally {
    let mut tally = Tally::default();
    for line in text.lines() {
        let Some((day, span, code)) = parse_line(line) else { continue };
        let mut of_day = tally.day(day).cloned().unwrap_or_default();
        match code {
            CORES => of_day.add_core_time(span),
            ENERGY => of_day.add_cost(Energy(span.0), 0),
            MOVED => of_day.add_cost(Energy(0), span.0),
            GIVEN => of_day.add_exchanged(Exchanged { given_bytes: span.0, taken_bytes: 0 }),
            TAKEN => of_day.add_exchanged(Exchanged { given_bytes: 0, taken_bytes: span.0 }),
            DONATED => of_day.add(Use::Donated, span),
            reason => match reason.parse() {
                Ok(reason) => of_day.add(Use::Waited(reason), span),
                Err(_) => continue,
            },
        }
        tally.recall(day, of_day);
    }
    tally
}

/// The code comes last, since names of rules may have spaces.
fn parse_line(line: &str) -> Option<(Day, Span, &str)> {
    let mut parts = line.splitn(3, ' ');
    let (date, ms, code) = (parts.next()?, parts.next()?, parts.next()?);
    Some((parse_day(date)?, Span(ms.parse().ok()?), code))
}

fn parse_day(date: &str) -> Option<Day> {
    let since = date.parse::<Date>().ok()?.since(Date::constant(1970, 1, 1)).ok()?;
    Some(Day(since.get_days()))
}

/// A day as calendars show it.
pub(crate) fn date(day: Day) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(day.0).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use manyhands_core::agent::governor::reason::Reason;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let diary = Diary::new(folder.path().to_owned());
        assert_eq!(diary.read(), (Tally::default(), Wish::Resume));
        let mut today = DayTally::default();
        today.add(Use::Donated, Span::hours(5));
        today.add(Use::Waited(Reason::Rule("two words".into())), Span::hours(3));
        today.add(Use::Waited(Reason::InUse), Span(1));
        today.add_core_time(Span::hours(20));
        today.add_cost(Energy(360_000_000), 7 << 20);
        today.add_exchanged(Exchanged { given_bytes: 5 << 20, taken_bytes: 1 << 20 });
        let mut tally = Tally::default();
        tally.recall(Day(20_783), today);
        tally.recall(Day(-1), DayTally::default());
        diary.write(&tally);
        diary.write_wish(Wish::Pause);
        assert_eq!(diary.read(), (tally, Wish::Pause));
        assert!(diary.text("diary").contains("2026-11-26 18000000 donated\n"));
        diary.write_wish(Wish::Resume);
        assert_eq!(diary.read().1, Wish::Resume);
    }

    #[test]
    fn what_was_spent_is_known_to_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let diary = Diary::new(folder.path().to_owned());
        assert_eq!(diary.read_spent(), None);
        let spent = Spent {
            day: Day(20_783),
            lasted: Span::hours(7),
            moved_bytes: u64::MAX,
            written_bytes: 5,
        };
        diary.write_spent(spent);
        assert_eq!(diary.read_spent(), Some(spent));
        for text in ["", "2026-11-26 7 8", "2026-11-26 7 8 -9", "today 7 8 9"] {
            assert_eq!(parse_spent(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_learned_of_the_machine_is_known_to_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let diary = Diary::new(folder.path().to_owned());
        assert_eq!(diary.read_availability(), Availability::default());
        let mut known = Availability::default();
        known.note(Span::hours(30), true);
        diary.write_availability(&known);
        let (at, numbers) = parse_availability(&diary.text("availability")).unwrap();
        assert!(at <= clock::now());
        assert_eq!(numbers, known.numbers());
        for text in ["", "5", "5 6 7", &"1 ".repeat(99)] {
            assert_eq!(parse_availability(text), None, "{text}");
        }
    }

    #[test]
    fn lines_that_make_no_sense_are_passed_over() {
        let text = "2026-11-26 60000 donated\n\nyesterday 5 donated\n2026-11-26 -1 donated\n\
                    2026-11-26 7 tired\n2026-02-30 7 donated\n2026-11-26 5";
        let tally = parse(text);
        assert_eq!(tally.days().count(), 1);
        assert_eq!(tally.day(Day(20_783)).unwrap().total(), Span::minutes(1));
    }

    #[test]
    fn a_snooze_ends_when_it_was_to_also_if_nobody_was_there() {
        let now = Timestamp(1_000_000);
        assert_eq!(parse_wish("snooze 1060000", now), Wish::Snooze(Span::minutes(1)));
        assert_eq!(parse_wish("snooze 5", now), Wish::Snooze(Span::ZERO));
        assert_eq!(parse_wish("snooze 99999999999999", now), Wish::Snooze(SNOOZE_MAX));
        assert_eq!(parse_wish("snooze soon", now), Wish::Resume);
    }
}
