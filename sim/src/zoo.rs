//! The adversary zoo: every attack against every rule, in one table.
//!
//! Rows of the *engine* are runs of the real engine. Rows of the *model* are of rules that the
//! engine does not have, and of its own rules for comparison: see [`model`](crate::model).

mod attackers;
mod contest;
mod figures;
mod goals;
mod outcome;
mod row;
mod rules;
mod runs;
mod scenarios;

use std::fmt;

use self::contest::Contest;
use self::row::Row;
use crate::world::Failure;

/// How large a table is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Runs of each row, with the seeds from 1 on.
    pub seeds: u32,
    /// How many times fewer units than the rows are meant to have.
    pub smaller: u32,
    /// How many runs at the same time. The table does not depend on it.
    pub threads: usize,
}

/// Which rows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    All,
    /// Those of one goal, or, for `-`, those of none.
    Goal(char),
    /// Those of the model against the goals: these take seconds.
    ModelOfGoals,
}

/// How far the table is, for somebody who waits for it.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// One more run has begun.
    Begun {
        /// Runs that were begun.
        begun: usize,
        /// All runs.
        total: usize,
        /// The rule of the last one.
        rule: &'a str,
        /// What is done against it there.
        attack: &'a str,
    },
    /// All runs of a row have ended.
    Ended {
        /// What the table will say of it.
        row: &'a str,
    },
}

/// Runs everything; with words of an `attack`, only the rows in whose attack they are.
///
/// # Errors
/// The first run that went wrong, with its scenario and seed; or that there is no such row.
pub fn table(
    part: Part,
    attack: Option<&str>,
    size: Size,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Table, ZooError> {
    let mut contests = goals::contests(size)?;
    if part != Part::ModelOfGoals {
        contests.extend(attackers::contests(size)?);
        contests.extend(rules::contests(size));
    }
    match part {
        Part::All => {}
        Part::Goal(name) => contests.retain(|contest| contest.goal == name),
        Part::ModelOfGoals => contests.retain(|contest| !contest.is_engine()),
    }
    if let (Part::Goal(name), true) = (part, contests.is_empty()) {
        return Err(ZooError::NoGoal(name));
    }
    if let Some(words) = attack {
        contests.retain(|contest| contest.attack().contains(words));
        if contests.is_empty() {
            return Err(ZooError::NoAttack(words.to_owned()));
        }
    }
    Ok(Table { rows: runs::all(contests, size, progress)?, size })
}

/// A run of the zoo that went wrong.
#[derive(Debug, thiserror::Error)]
pub enum ZooError {
    /// Of the engine.
    #[error("{attack}, {rule}, seed {seed}: {failure}")]
    Run {
        /// The attack.
        attack: &'static str,
        /// The rule.
        rule: &'static str,
        /// The seed.
        seed: u64,
        /// What went wrong.
        failure: Box<Failure>,
    },
    /// There is no such goal.
    #[error("there is no goal {0}; they are A to G, and - is for the rows of none")]
    NoGoal(char),
    /// There is no such attack among these rows.
    #[error("no row has {0:?} in its attack; the table without --attack names all of them")]
    NoAttack(String),
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
    rows: Vec<Row>,
    size: Size,
}

impl Default for Size {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { seeds: 10, smaller: 1, threads }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { seeds, smaller, .. } = self.size;
        writeln!(f, "{NOTES}")?;
        write!(f, "{seeds} runs a row, with the seeds 1 to {seeds}")?;
        if smaller > 1 {
            write!(f, "; {smaller} times fewer units than the goals ask for")?;
        }
        writeln!(f, ".\n")?;
        goals::show(f)?;
        writeln!(f)?;
        row::show(&self.rows, f)?;
        writeln!(f)?;
        attackers::show(&self.rows, f)?;
        writeln!(f)?;
        figures::show(&self.rows, f)
    }
}

const NOTES: &str = "\
goal      the letter of what is promised, below; - for other rules and for attacks that no goal is about.
by        engine: the real engine and its store, under virtual hosts. model: abstract units and votes,
          no time, no lost leases; kinder to a rule than the world is, and to its liars, who always know
          whether somebody has answered before them.
f         share of hosts that are hostile or faulty. collusion: who tells the same lies.
units/id  units that each identity of theirs answered.
error     accepted units that are wrong, with Wilson's 95 % interval at the effective sample size: what an
          identity tells stands or falls together, so identities are what is independent, not units.
copies    answers computed per accepted unit, checks included, with Student's 95 % interval over the seeds.
caught    how often identities of the hostile or faulty were caught, and how many they had. Whoever seems
          to be faulty may come back. wronged: how often honest ones lost their standing.
left      lies that stand although somebody who told them was caught.
wasted    honest work that was not found valid. took: hours until the job had ended.
credit    credit per hour of work of the hostile, against that of the honest.";
