//! The adversary zoo: every attack against every rule, in one table.
//!
//! Rows of the *engine* are runs of the real engine. Rows of the *model* are of rules that the
//! engine does not have, and of its own quorum for comparison: see [`model`](crate::model). Below
//! them come the [`goals`] of the rule of `core::trust`.

mod engine;
pub mod goals;
mod row;
mod rules;
mod trusted;

use crate::world::Failure;

pub use self::row::{Row, WorldColumns};

/// How large a table is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Runs of each row, with the seeds from 1 on.
    pub seeds: u32,
    /// How many times more units than the scenarios say.
    pub times: u32,
    /// Units of each run of the model.
    pub model_units: u32,
}

impl Default for Size {
    fn default() -> Self {
        Self { seeds: 10, times: 10, model_units: 100_000 }
    }
}

/// Quorums under which the engine is tried.
const QUORUMS: [u8; 2] = [2, 3];

/// Runs everything.
///
/// # Errors
/// The first run that went wrong, with its scenario and seed.
pub fn table(size: Size) -> Result<Table, ZooError> {
    let mut rows = Vec::new();
    for quorum in QUORUMS {
        for entry in crate::catalogue::ATTACKS {
            rows.push(engine::row(entry, quorum, size)?);
        }
    }
    rows.extend(trusted::rows(size)?);
    rows.extend(rules::rows(size));
    Ok(Table { rows, goals: goals::measure(size.seeds), size })
}

/// A run of the zoo that went wrong.
#[derive(Debug, thiserror::Error)]
pub enum ZooError {
    /// Of the engine.
    #[error("{scenario}, {rule}, seed {seed}: {failure}")]
    Run {
        /// The scenario.
        scenario: &'static str,
        /// The rule.
        rule: String,
        /// The seed.
        seed: u64,
        /// What went wrong.
        failure: Box<Failure>,
    },
    /// A scenario cannot be read.
    #[error("{scenario}: {error}")]
    Scenario {
        /// Which one.
        scenario: &'static str,
        /// What is wrong with it.
        error: Box<crate::scenario::ScenarioError>,
    },
}

/// All rows, to be shown.
#[derive(Debug)]
pub struct Table {
    /// The rows.
    pub rows: Vec<Row>,
    /// The goals of the rule of `core::trust`.
    pub goals: Vec<goals::Measured>,
    size: Size,
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{NOTES}")?;
        writeln!(f, "{} runs a row, seeds 1 to {}.\n", self.size.seeds, self.size.seeds)?;
        row::show(&self.rows, f)?;
        writeln!(f)?;
        self.rows.iter().try_for_each(|row| row.show_figures(f))?;
        writeln!(f)?;
        write!(f, "{}", goals::Shown(&self.goals))
    }
}

const NOTES: &str = "\
by        engine: the real engine in virtual time. model: abstract units and votes, no time, no
          steering, no lost leases; kinder to a rule than the world is.
f         share of hosts that are hostile or faulty. collusion: who tells the same lies.
units/id  units that each hostile or faulty identity answered.
error     accepted units that are wrong, with Wilson's 95 % interval, as if units were independent.
copies    answers computed per accepted unit, with Student's 95 % interval over the seeds.
wasted    honest work that was not found valid.
lies/ban  lies that stand for each identity that was suspended.
credit    credit per hour of work of the hostile, against that of the honest.";
