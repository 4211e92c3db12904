//! One row of the table: what came of a contest.

use std::fmt;

use super::contest::Contest;
use super::outcome::{Outcome, Work, World, per};
use crate::interval::{Interval, Mean};
use crate::report::ratio;

/// A contest, and what came of each of its runs; those have the seeds from 1 on.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) contest: Contest,
    pub(super) outcomes: Vec<Outcome>,
}

impl Row {
    /// All runs together.
    pub(super) fn sum(&self) -> Outcome {
        self.outcomes.iter().fold(Outcome::default(), Outcome::plus)
    }

    /// Wrong answers in parts of all.
    pub(super) fn error(&self) -> Interval {
        let Outcome { wrong, accepted, clusters, .. } = self.sum();
        Interval::clustered(wrong, accepted, clusters.design_effect())
    }

    /// Answers computed for an accepted unit.
    pub(super) fn copies(&self) -> Mean {
        self.mean(|run| ratio(run.copies, run.accepted))
    }

    /// The mean of something over all runs.
    pub(super) fn mean(&self, of: impl Fn(&Outcome) -> f64) -> Mean {
        Mean::of(&self.outcomes.iter().map(of).collect::<Vec<_>>())
    }

    /// Credit per hour of work of the hostile, against that of the honest, if both worked.
    pub(super) fn credit(&self) -> Option<f64> {
        let World { bad, good, .. } = self.sum().world?;
        Some(bad.rate()? / good.rate()?)
    }

    /// How long a run took on average, in hours, if it took any time.
    pub(super) fn took_hours(&self) -> Option<f64> {
        let took_ms = self.sum().world?.took_ms as f64;
        Some(took_ms / 3_600_000.0 / self.outcomes.len().max(1) as f64)
    }

    /// What attacks, and how.
    pub(super) fn attack(&self) -> String {
        self.contest.attack()
    }

    fn cells(&self) -> [String; 15] {
        let Contest { goal, rule, collusion, f, .. } = self.contest;
        let Outcome { caught, identities, wronged, left, world, .. } = self.sum();
        let or_dash = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
        // Rules of others know no identities that come and go.
        let of_rule = |cell: String| if self.catches() { cell } else { "-".to_owned() };
        let wasted = world.map(|world| world.good).and_then(Work::wasted);
        [
            goal.to_string(),
            self.by().to_owned(),
            rule.to_owned(),
            self.attack(),
            format!("{f:.3}"),
            collusion.to_owned(),
            format!("{:.0}", self.units_per_identity()),
            self.seeds(),
            self.error().to_string(),
            self.copies().to_string(),
            of_rule(format!("{caught}/{identities}")),
            of_rule(wronged.to_string()),
            of_rule(left.to_string()),
            or_dash(
                self.took_hours()
                    .zip(wasted)
                    .map(|(hours, wasted)| format!("{:.1} %, {hours:.0} h", 100.0 * wasted)),
            ),
            or_dash(self.credit().map(|credit| format!("{credit:.2}"))),
        ]
    }

    /// All cells in one line.
    pub(super) fn line(&self) -> String {
        self.cells().join("  ")
    }

    /// Who ran it.
    pub(super) fn by(&self) -> &'static str {
        if self.contest.is_engine() { "engine" } else { "model" }
    }

    /// The seeds of its runs.
    pub(super) fn seeds(&self) -> String {
        format!("1-{}", self.outcomes.len())
    }

    fn units_per_identity(&self) -> f64 {
        let Outcome { spent, identities, .. } = self.sum();
        per(spent, identities).unwrap_or(0.0)
    }

    fn catches(&self) -> bool {
        !matches!(self.contest.trial, super::contest::Trial::Rule(_))
    }

    /// What a figure is worth nothing without.
    pub(super) fn about(&self) -> String {
        let Contest { f, collusion, grids, rule, .. } = &self.contest;
        let units = self.sum().accepted;
        let stands = if *grids > 1 {
            format!(" of {grids} grids a seed, of which one has bad hosts")
        } else {
            String::new()
        };
        format!(
            "{}, {rule}, {:?}: f {f:.3}, collusion {collusion}, {:.0} units/id, seeds {}, {units} units{stands}",
            self.by(),
            self.attack(),
            self.units_per_identity(),
            self.seeds(),
        )
    }
}

const HEADS: [&str; 15] = [
    "goal",
    "by",
    "rule",
    "attack",
    "f",
    "collusion",
    "units/id",
    "seeds",
    "error",
    "copies",
    "caught",
    "wronged",
    "left",
    "wasted, took",
    "credit",
];

/// Shows rows under each other, each column as wide as it must be.
pub(super) fn show(rows: &[Row], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let heads = HEADS.map(str::to_owned);
    let lines: Vec<[String; 15]> =
        std::iter::once(heads).chain(rows.iter().map(Row::cells)).collect();
    align(&lines, f)
}

/// Shows lines of cells under each other.
pub(super) fn align<const N: usize>(
    lines: &[[String; N]],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
