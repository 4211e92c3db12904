//! Runs one unit on this machine and tells what its author wants to know.

use std::time::Duration;

use crate::sandbox::control::Control;
use crate::sandbox::outcome::{Outcome, RunReport};
use crate::sandbox::program::Program;
use crate::sandbox::run::run;
use crate::sandbox::unit::Unit;

/// What `manyhands check` shows.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The first run.
    pub first: RunReport,
    /// Work that each run counted.
    pub work: [u64; 2],
    /// Whether a second run gave the same outcome, work and final state.
    pub is_reproducible: bool,
    /// Mean length of a step of the first run; `None` for a command.
    pub step_mean: Option<Duration>,
}

/// Runs `unit` twice, and compares outcomes, work and, for a step program, final states.
#[must_use]
pub fn check(program: &Program, unit: &Unit) -> CheckReport {
    let once =
        || run(program, unit.clone(), Control { wants_state_hash: true, ..Control::default() });
    let (first, second) = (once(), once());
    let work = [first.usage.work, second.usage.work];
    let is_reproducible = same(&first.outcome, &second.outcome)
        && work[0] == work[1]
        && first.state_hash == second.state_hash;
    let step_mean = match first.usage.steps {
        0 => None,
        steps => Some(Duration::from_millis(first.usage.cpu_ms).div_f64(steps_as_f64(steps))),
    };
    CheckReport { first, work, is_reproducible, step_mean }
}

/// Whether two outcomes would agree in a quorum.
fn same(a: &Outcome, b: &Outcome) -> bool {
    match (a, b) {
        (Outcome::Success(a), Outcome::Success(b)) => a == b,
        (Outcome::AppError(a), Outcome::AppError(b)) => a == b,
        _ => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean to show, and 2^53 steps are enough")]
fn steps_as_f64(steps: u64) -> f64 {
    steps as f64
}
