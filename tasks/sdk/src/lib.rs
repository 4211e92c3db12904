//! Write *step programs* for the Manyhands grid.
//!
//! A step program does its work in slices of some milliseconds. Between two slices its stack is
//! empty, so its memory *is* its state: a volunteer's machine can save it without the program's
//! help, and another machine, of another make, goes on from there. In return for cutting the work
//! into slices, you never write a checkpoint file.
//!
//! A whole program, which adds the numbers from 1 to its first parameter:
//!
//! ```
//! use manyhands_task::{Failure, Parameters, Step, StepProgram, progress, step_program, write_output};
//!
//! #[derive(Debug)]
//! struct Sum { next: u64, last: u64, total: u64 }
//!
//! impl StepProgram for Sum {
//!     fn start(parameters: &Parameters) -> Result<Self, Failure> {
//!         Ok(Self { next: 1, last: parameters.required(0, "last")?, total: 0 })
//!     }
//!
//!     fn step(&mut self) -> Result<Step, Failure> {
//!         let end = self.last.min(self.next + 999_999);
//!         self.total = (self.next..=end).fold(self.total, u64::wrapping_add);
//!         self.next = end + 1;
//!         if self.next <= self.last {
//!             progress(self.next, self.last);
//!             return Ok(Step::More);
//!         }
//!         write_output("sum.txt", format!("{}\n", self.total))?;
//!         Ok(Step::Done)
//!     }
//! }
//!
//! step_program!(Sum);
//! ```
//!
//! Put `crate-type = ["cdylib", "rlib"]` under `[lib]`, build for `wasm32-wasip1`, and the module
//! has the two exports of the step ABI: `_initialize` and `manyhands_step`.
//!
//! # What a program can use
//!
//! - its parameters, as [`Parameters`];
//! - its inputs, read-only files under `/in` (see [`read_input`]);
//! - its outputs, files under `/out` (see [`write_output`]) and whatever it prints;
//! - a log, standard error, which is bounded and is not compared between machines.
//!
//! There is no network, and no clock or random number that differs between machines: two runs with the same
//! parameters and inputs must give the same bytes, since that is how results are checked.
//!
//! # How long a step should be
//!
//! Aim at 10 to 50 ms. A worker can save and stop the program only between two steps; far below a
//! millisecond the calls themselves begin to cost.

mod artefact;
mod driver;
mod failure;
mod parameters;
mod progress;

pub use artefact::{read_input, write_output};
pub use driver::{Driver, Step, StepProgram, run};
pub use failure::Failure;
pub use parameters::Parameters;
pub use progress::progress;

/// Exports a [`StepProgram`] as the step program of this module.
///
/// Expands to the function `manyhands_step`, which the worker calls until it returns 1. Use it
/// once, at the top level of a library crate.
#[macro_export]
macro_rules! step_program {
    ($program:ty) => {
        const _: () = {
            static DRIVER: $crate::Driver<$program> = $crate::Driver::new();

            #[expect(unsafe_code, reason = "the step ABI finds the function by its plain name")]
            // SAFETY: the name belongs to the ABI; a second definition fails to link.
            #[unsafe(no_mangle)]
            extern "C" fn manyhands_step() -> i32 {
                DRIVER.call()
            }
        };
    };
}
