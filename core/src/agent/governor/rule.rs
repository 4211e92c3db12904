//! What a machine's owner forbids, one sentence for each: `when temperature > 80 pause until < 70`.
//!
//! ```text
//! rule      = "when" condition { "and" condition } action [ "until" side quantity ]
//! condition = test [ "or unknown" ]
//! test      = gauge side quantity | [ "not" ] fact | [ "not" ] hours
//! gauge     = "temperature" | "fan" | "battery" | "load of others" | "cpu pressure" | "memory pressure"
//!           | "disk pressure" | "free memory" | "free disk" | "power" | "idle" | "sensor" name
//! fact      = "on battery" | "in use" | "full screen" | "in call" | "metered" | "program" name "runs"
//! hours     = window { "," window }                        mon-fri 22:00-06:00, sat sun
//! window    = days [ time "-" time ] | time "-" time       one that ends early lasts into the next day
//! days      = day [ "-" day ] { day [ "-" day ] }
//! action    = "pause" | "use" count "cores" | "use" percent "% of cores" | "use" percent "% of cpu"
//!           | "no network"
//! side      = ">" | "<"
//! quantity  = [ "-" ] number [ unit ]
//! name      = '"' text '"'
//! ```
//!
//! A rule only ever takes away. So no rule can undo another one, their order means nothing, and what
//! holds is the least that any of them leaves. `until` says how far back a value has to go before the
//! rule lets go; without it, that is the gauge's own margin ([`Gauge::scale`]).

mod error;
mod parse;
#[cfg(test)]
mod tests;
mod token;
mod watch;

use std::collections::BTreeSet;
use std::fmt;

pub use self::error::{Problem, RuleError};
pub(super) use self::parse::shown;
pub(super) use self::watch::SILENCE_MAX;
pub use self::watch::Watch;

use super::hours::{Hours, LocalTime};
use super::limits::Cores;
use super::reading::{Fact, Gauge, Name, Readings};

/// Longest text of a rule.
pub const RULE_BYTES_MAX: usize = 1_024;

/// Most rules.
pub const RULES_MAX: usize = 256;

/// Most conditions of a rule, and most windows of its hours.
pub const CONDITIONS_MAX: usize = 32;

/// One sentence. It exists only if it makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    name: Name,
    text: String,
    conditions: Vec<Condition>,
    action: Action,
}

/// What must hold, and how it is when that is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    test: Test,
    /// Whether it holds while what it asks for is unknown.
    or_unknown: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Beyond(Threshold),
    Fact { fact: Fact, negated: bool },
    During { hours: Hours, negated: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

/// A value that is not to be passed, and the first one on the way back with which that is over. Both in
/// thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Threshold {
    gauge: Gauge,
    side: Side,
    at: i64,
    back: i64,
}

/// What a rule takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Everything.
    Pause,
    /// All but so many cores.
    Use(Cores),
    /// All but so much of each second, in percent.
    CpuPercent(u8),
    /// Moving blobs.
    NoNetwork,
}

impl Rule {
    /// Reads the rule `name`; `sensors` are those that the owner provides.
    ///
    /// # Errors
    /// [`RuleError`], with line and column.
    pub fn parse(name: &str, text: &str, sensors: &BTreeSet<Name>) -> Result<Self, RuleError> {
        parse::rule(name, text, sensors)
    }

    /// What its owner calls it.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// What it takes away while it holds.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Gauges that it asks for.
    pub fn gauges(&self) -> impl Iterator<Item = &Gauge> {
        self.conditions.iter().filter_map(|condition| match &condition.test {
            Test::Beyond(threshold) => Some(&threshold.gauge),
            Test::Fact { .. } | Test::During { .. } => None,
        })
    }

    /// Facts that it asks for.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.conditions.iter().filter_map(|condition| match &condition.test {
            Test::Fact { fact, .. } => Some(fact),
            Test::Beyond(_) | Test::During { .. } => None,
        })
    }

    /// Whether what it says changes while programs run because they run: heat, pressure, and so on.
    pub(super) fn feels_the_work(&self) -> bool {
        self.gauges().any(|gauge| !matches!(gauge, Gauge::Idle | Gauge::Sensor(_)))
    }

    /// Whether what it tells of is about to take memory away from someone.
    pub(super) fn is_about_memory(&self) -> bool {
        self.gauges().any(|gauge| matches!(gauge, Gauge::MemoryPressure | Gauge::FreeMemory))
    }

    /// Whether a pause for it can wait some seconds for programs to be saved: it is about hours and the
    /// battery, and not about someone who is disturbed.
    pub(super) fn can_wait(&self) -> bool {
        self.conditions.iter().all(|condition| match &condition.test {
            Test::During { .. } => true,
            Test::Fact { fact, .. } => matches!(fact, Fact::OnBattery | Fact::Metered),
            Test::Beyond(Threshold { gauge, .. }) => {
                matches!(gauge, Gauge::Battery | Gauge::FreeDisk | Gauge::Sensor(_))
            }
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Threshold {
    /// Whether `value` is beyond it, if it was or was not before.
    const fn holds(&self, value: i64, before: bool) -> bool {
        match (self.side, before) {
            (Side::Above, false) => value > self.at,
            (Side::Above, true) => value > self.back,
            (Side::Below, false) => value < self.at,
            (Side::Below, true) => value < self.back,
        }
    }
}

impl Test {
    /// Whether it holds, if it did or did not before; `None` if that is unknown.
    fn holds(&self, before: bool, readings: &Readings, now: LocalTime) -> Option<bool> {
        match self {
            Self::Beyond(threshold) => {
                Some(threshold.holds(readings.gauge(&threshold.gauge)?, before))
            }
            Self::Fact { fact, negated } => Some(readings.fact(fact)? != *negated),
            Self::During { hours, negated } => Some(hours.have(now) != *negated),
        }
    }
}
