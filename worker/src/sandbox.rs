//! Runs guest programs so that equal inputs give equal bytes on every machine.
//!
//! [`Sandbox`] owns the engine; [`Program`] is a compiled guest; a [`Unit`] is everything that the
//! guest may know; [`run`] brings them together and returns a [`RunReport`]. Nothing here starts a
//! process or reads a clock that the guest can see: the process around it is `crate::slots`.
//! `DETERMINISM.md`, beside this file's folder, argues why the bytes are equal.
//!
//! Map, outside in: `engine` (settings of wasmtime), `compiled` (cache of machine code), `program`,
//! `unit` and `outcome` (what goes in and comes out), `run` (drives a guest), `checkpoint` (its state
//! as bytes), `wasi` (what it can call), `host` (what these calls act on: `files`, `descriptors`,
//! `log`, `random`).

mod check;
pub mod checkpoint;
mod codec;
mod compiled;
mod descriptors;
mod engine;
mod files;
mod host;
mod instance;
mod log;
mod outcome;
mod program;
mod random;
mod run;
mod unit;
mod wasi;

pub use self::check::{CheckReport, check};
pub use self::compiled::CompiledError;
pub use self::engine::{Sandbox, SandboxError, WASM_STACK_BYTES};
pub use self::outcome::{
    AppError, AppErrorKind, Content, HostError, HostErrorKind, Limit, Outcome, Output, RunReport,
    Trap, Usage,
};
pub use self::program::Program;
pub use self::run::{
    CheckpointPlan, Control, GUEST_THREAD_STACK_BYTES, Requests, RunEvent, run, run_here,
};
pub use self::unit::{ARGS_BYTES_MAX, ARGS_MAX, INPUTS_MAX, Input, Limits, Unit, UnitError};
