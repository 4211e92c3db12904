//! Runs guest programs so that equal inputs give equal bytes on every machine.
//!
//! [`Sandbox`] owns the engine; [`Program`] is a compiled guest; a [`Unit`] is everything that the
//! guest may know; [`run`] brings them together and returns a [`RunReport`]. Nothing here starts a
//! process or reads a clock that the guest can see: the process around it is `crate::slots`.
//! `DETERMINISM.md`, beside this file's folder, argues why the bytes are equal.
//!
//! Map, outside in: `engine` (settings of wasmtime), `compiled` (cache of machine code), `program`,
//! `unit`, `outcome` and `failure` (what goes in and comes out), `run` (drives a guest), `control`
//! (steers it), `saving` and `checkpoint` (when and how its state becomes a file), `wasi` (what it can
//! call), `host` (what these calls act on: `files`, `descriptors`, `log`, `random`). `yardstick` is only
//! for benchmarks.

mod check;
pub mod checkpoint;
mod codec;
mod compiled;
mod control;
mod descriptors;
mod engine;
mod failure;
mod files;
mod host;
mod instance;
mod log;
mod outcome;
mod program;
mod random;
mod run;
mod saving;
mod unit;
mod wasi;
mod yardstick;

pub use self::check::{CheckReport, check};
pub use self::compiled::CompiledError;
pub use self::control::{CheckpointPlan, Control, Halt, Requests, RunEvent};
pub use self::engine::{Sandbox, SandboxError, WASM_STACK_BYTES};
pub use self::failure::{AppError, AppErrorKind, HostError, HostErrorKind, Limit, Trap};
pub use self::outcome::{Content, Halted, Outcome, Output, RunReport, Usage};
pub use self::program::Program;
pub use self::run::{GUEST_THREAD_STACK_BYTES, run, run_here};
pub use self::unit::{
    ARGS_BYTES_MAX, ARGS_MAX, FILE_BYTES_MAX, FILES_MAX, INPUTS_MAX, Input, LOG_BYTES_MAX, Limits,
    MEMORY_BYTES_MAX, Unit, UnitError,
};
pub use self::yardstick::Yardstick;
