//! What stands between the worker's calls and a [`StepProgram`].

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use crate::{Failure, Parameters};

/// Whether a program wants to be called again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    More,
    /// All outputs are written.
    Done,
}

/// A program that does its work in slices.
///
/// All state lives in `self`: whatever is on the stack is gone when a step returns.
pub trait StepProgram: Sized {
    /// Reads the parameters and inputs. Called once, within the first step.
    ///
    /// # Errors
    /// When they make no sense; the unit fails with this message.
    fn start(parameters: &Parameters) -> Result<Self, Failure>;

    /// Does the next slice, of 10 to 50 ms, and writes the outputs in the last one.
    ///
    /// # Errors
    /// When the work cannot go on; the unit fails with this message.
    fn step(&mut self) -> Result<Step, Failure>;
}

/// Holds the program between steps. [`step_program!`](crate::step_program) makes the only one.
#[derive(Debug)]
pub struct Driver<P> {
    // A guest has one thread; the lock is what makes a static of it without unsafe code.
    program: Mutex<Option<P>>,
}

impl<P: StepProgram> Driver<P> {
    /// Nothing started yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a static needs a const constructor")]
    pub const fn new() -> Self {
        Self { program: Mutex::new(None) }
    }

    /// One call of `manyhands_step`: 0 for more, 1 for done.
    ///
    /// A failure goes to standard error and ends the program with exit code 1, which the grid
    /// takes as the program's own verdict on its input.
    pub fn call(&self) -> i32 {
        match self.step() {
            Ok(Step::More) => 0,
            Ok(Step::Done) => 1,
            Err(failure) => {
                eprintln!("{failure}");
                std::process::exit(1);
            }
        }
    }

    fn step(&self) -> Result<Step, Failure> {
        let mut slot = self.program.lock().unwrap_or_else(PoisonError::into_inner);
        let program = match &mut *slot {
            Some(program) => program,
            empty => empty.insert(P::start(&Parameters::of_this_run())?),
        };
        let step = program.step()?;
        if step == Step::Done {
            // Nothing runs after the last step that would flush a line without its end.
            std::io::stdout().flush()?;
        }
        Ok(step)
    }
}

/// Runs a step program natively from start to end: the `main` for trying it without a grid.
///
/// Inputs are read from `./in` and outputs written to `./out`.
#[must_use]
pub fn run<P: StepProgram>() -> ExitCode {
    let driver = Driver::<P>::new();
    loop {
        match driver.step() {
            Ok(Step::More) => {}
            Ok(Step::Done) => return ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("{failure}");
                return ExitCode::FAILURE;
            }
        }
    }
}
