//! One row of the table: one rule against one attack.

use std::fmt;

use crate::interval::{Interval, Mean};

/// One rule against one attack, over all seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Whether the real engine ran, or the model.
    pub is_engine: bool,
    /// The rule.
    pub rule: String,
    /// The attack.
    pub attack: String,
    /// Who tells the same lies.
    pub collusion: &'static str,
    /// Share of hosts that are hostile or faulty.
    pub f: f64,
    /// Units that each of their identities answered.
    pub units_per_identity: f64,
    /// Units with an accepted answer.
    pub accepted: u64,
    /// Of those, with a wrong one.
    pub wrong: u64,
    /// Answers computed for each accepted unit, of each run; runs have the seeds from 1 on.
    pub copies: Vec<f64>,
    /// What only the engine shows.
    pub world: Option<WorldColumns>,
}

/// What only a run in time shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorldColumns {
    /// The share of honest work that was not found valid.
    pub wasted: f64,
    /// How long the job took, in hours.
    pub took_hours: f64,
    /// Lies that stand for each suspended identity; nothing if none was.
    pub lies_per_ban: Option<f64>,
    /// Credit per hour of work of the hostile, against that of the honest; nothing if the hostile
    /// did not work.
    pub credit: Option<f64>,
}

impl Row {
    /// Wrong answers in parts of all.
    #[must_use]
    pub fn error(&self) -> Interval {
        Interval::wilson(self.wrong, self.accepted)
    }

    /// Answers computed for an accepted unit.
    #[must_use]
    pub fn copies(&self) -> Mean {
        Mean::of(&self.copies)
    }

    fn cells(&self) -> [String; 13] {
        let error = self.error();
        let of_world = |show: &dyn Fn(&WorldColumns) -> Option<String>| {
            self.world.as_ref().and_then(show).unwrap_or_else(|| "-".to_owned())
        };
        [
            if self.is_engine { "engine" } else { "model" }.to_owned(),
            self.rule.clone(),
            self.attack.clone(),
            format!("{:.2}", self.f),
            self.collusion.to_owned(),
            format!("{:.0}", self.units_per_identity),
            seeds(self.copies.len()),
            format!("{:.1e} ({:.0e} to {:.0e})", error.share, error.low, error.high),
            self.copies().to_string(),
            of_world(&|world| Some(format!("{:.1} %", 100.0 * world.wasted))),
            of_world(&|world| Some(format!("{:.0} h", world.took_hours))),
            of_world(&|world| world.lies_per_ban.map(|lies| format!("{lies:.1}"))),
            of_world(&|world| world.credit.map(|credit| format!("{credit:.2}"))),
        ]
    }

    /// The two figures of the row, for machines, under a line that says of what they are.
    pub(super) fn show_figures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = if self.is_engine { "engine" } else { "model" };
        let name = format!("{by} {} {}", self.rule, self.attack);
        let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let name: String = name.chars().map(word).collect();
        writeln!(f, "{}; error {}; copies {}", self.about(), self.error(), self.copies())?;
        writeln!(f, "figure {name}_error {:.2e} ratio", self.error().share)?;
        writeln!(f, "figure {name}_copies {:.3} copies", self.copies().mean)
    }

    fn about(&self) -> About {
        About {
            f: self.f,
            collusion: self.collusion,
            units_per_identity: self.units_per_identity,
            runs: self.copies.len(),
            units: self.accepted,
        }
    }
}

/// What a figure is worth nothing without.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    /// Share of hosts that are hostile or faulty.
    pub(super) f: f64,
    /// Who tells the same lies.
    pub(super) collusion: &'static str,
    /// Units that each of their identities answered.
    pub(super) units_per_identity: f64,
    /// How many runs there were, with the seeds from 1 on.
    pub(super) runs: usize,
    /// Accepted units in all of them.
    pub(super) units: u64,
}

impl fmt::Display for About {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { f, collusion, units_per_identity, runs, units } = *self;
        write!(to, "of f {f:.3}, collusion: {collusion}, {units_per_identity:.0} units/id, ")?;
        write!(to, "seeds {}, {units} units", seeds(runs))
    }
}

/// The seeds of so many runs.
pub(super) fn seeds(runs: usize) -> String {
    format!("1-{runs}")
}

const HEADS: [&str; 13] = [
    "by",
    "rule",
    "attack",
    "f",
    "collusion",
    "units/id",
    "seeds",
    "error",
    "copies",
    "wasted",
    "took",
    "lies/ban",
    "credit",
];

/// Shows rows under each other, each column as wide as it must be.
pub(super) fn show(rows: &[Row], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let lines: Vec<[String; 13]> =
        std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
