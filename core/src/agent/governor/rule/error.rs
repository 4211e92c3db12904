//! What can be wrong with a rule, and where.

use crate::agent::governor::reading::Gauge;

/// A rule that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {problem}")]
pub struct RuleError {
    /// Line of the rule's text, counted from 1.
    pub line: usize,
    /// Character of the line, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at some place of a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Something else had to be there.
    #[error("{found} where {wanted} belongs")]
    Expected {
        /// What is there, in words.
        found: String,
        /// What had to be.
        wanted: &'static str,
    },
    /// A character that no rule has.
    #[error("`{0}` means nothing here")]
    Character(char),
    /// A text that does not end.
    #[error("the text has no closing `\"`")]
    Unclosed,
    /// Nothing can be asked by that word.
    #[error(
        "`{0}` is neither a sensor, nor a fact, nor a day: the sensors are {sensors} and sensor \
         \"NAME\"; the facts on battery, in use, full screen, in call, metered and program \"NAME\" \
         runs",
        sensors = gauges()
    )]
    UnknownSensor(String),
    /// The owner provides no such sensor.
    #[error("no sensor \"{0}\" is provided: name its file in [sensors]")]
    NoSuchSensor(String),
    /// Not a unit of this gauge.
    #[error("{found} after a number for `{gauge}`: its units are {}", units(gauge))]
    Unit {
        /// What is there, in words.
        found: String,
        /// For which one.
        gauge: Gauge,
    },
    /// A number that is not a whole one of thousandths, or too large.
    #[error(
        "`{0}` is no number that can be used here: at most 12 digits, 3 of them after the point"
    )]
    Number(String),
    /// A threshold that this gauge never has.
    #[error("`{gauge}` is from {} to {}", gauge.scale().bounds.0, gauge.scale().bounds.1)]
    Bounds {
        /// Which one.
        gauge: Gauge,
    },
    /// A comparison that is true of no value.
    #[error("`{gauge}` is from {} to {}: this is never so", gauge.scale().bounds.0, gauge.scale().bounds.1)]
    Never {
        /// Of which gauge.
        gauge: Gauge,
    },
    /// `until` leads on instead of back.
    #[error(
        "`until` is on the wrong side: after `{side} {at}` it has to be `until {other}`, and no further than {at}"
    )]
    WrongSide {
        /// The threshold's own side.
        side: char,
        /// The threshold, in its gauge's first unit.
        at: String,
        /// The side of `until`.
        other: char,
    },
    /// `until` is about a number, and there is not exactly one.
    #[error("`until` needs exactly one comparison before it, and here are {0}")]
    UntilWhat(usize),
    /// No such time.
    #[error("`{0}` is no time of day: write 00:00 to 24:00")]
    Time(String),
    /// A window that never lasts.
    #[error("a window from {0} to {0} is no time at all; for a whole day, name only the day")]
    EmptyWindow(String),
    /// Not so many.
    #[error("{what} must be {least} to {most}, in whole numbers; for none, write `pause`")]
    Count {
        /// Of what.
        what: &'static str,
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// A name that nothing can have.
    #[error("a name has 1 to 128 bytes and no control characters")]
    Name,
    /// Too long.
    #[error("a rule has at most {0} bytes")]
    TooLong(usize),
    /// Too much.
    #[error("a rule has at most {0} conditions, and as many windows")]
    TooMany(usize),
}

fn gauges() -> String {
    let names: Vec<String> = Gauge::ALL.iter().map(Gauge::to_string).collect();
    names.join(", ")
}

fn units(gauge: &Gauge) -> String {
    let units = gauge.scale().units.iter().map(|(unit, _)| *unit);
    let words: Vec<&str> = units.map(|unit| if unit.is_empty() { "none" } else { unit }).collect();
    words.join(", ")
}
