//! One row of the table: one rule against one attack.

use std::fmt;

use crate::interval::Interval;
use crate::report::ratio;

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
    /// Answers computed.
    pub copies: u64,
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

    fn cells(&self) -> [String; 12] {
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
            format!("{:.1e} ({:.0e} to {:.0e})", error.share, error.low, error.high),
            format!("{:.2}", ratio(self.copies, self.accepted)),
            of_world(&|world| Some(format!("{:.1} %", 100.0 * world.wasted))),
            of_world(&|world| Some(format!("{:.0} h", world.took_hours))),
            of_world(&|world| world.lies_per_ban.map(|lies| format!("{lies:.1}"))),
            of_world(&|world| world.credit.map(|credit| format!("{credit:.2}"))),
        ]
    }

    /// The two figures of the row, for machines.
    pub(super) fn show_figures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = if self.is_engine { "engine" } else { "model" };
        let name = format!("{by} {} {}", self.rule, self.attack);
        let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let name: String = name.chars().map(word).collect();
        writeln!(f, "figure {name}_error {:.2e} ratio", self.error().share)?;
        writeln!(f, "figure {name}_copies {:.3} copies", ratio(self.copies, self.accepted))
    }
}

const HEADS: [&str; 12] = [
    "by",
    "rule",
    "attack",
    "f",
    "collusion",
    "units/id",
    "error",
    "copies",
    "wasted",
    "took",
    "lies/ban",
    "credit",
];

/// Shows rows under each other, each column as wide as it must be.
pub(super) fn show(rows: &[Row], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let lines: Vec<[String; 12]> =
        std::iter::once(HEADS.map(str::to_owned)).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
