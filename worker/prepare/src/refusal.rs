//! Why a module is refused, in words for the scientist who built it.

use std::fmt;

use thiserror::Error;

use crate::abi;

/// Where in a module something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Index of the function, imports counted first; `None` outside functions.
    pub function: Option<u32>,
    /// Byte offset from the beginning of the module.
    pub offset: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.function {
            Some(index) => write!(f, "in function {index} at byte {:#x}", self.offset),
            None => write!(f, "at byte {:#x}", self.offset),
        }
    }
}

/// The first reason found not to run a module.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The bytes are something else.
    #[error(
        "this is not a WebAssembly module; build the program for wasm32-wasip1 and pass the .wasm file"
    )]
    NotWasm,
    /// The bytes are a component.
    #[error(
        "this is a component, but only core modules run here; build for wasm32-wasip1, not wasip2"
    )]
    Component,
    /// The module is larger than the limit.
    #[error("the module has {bytes} bytes, the limit is {bytes_max}; strip debug information")]
    TooLarge {
        /// Size found.
        bytes: usize,
        /// Size allowed.
        bytes_max: usize,
    },
    /// The module ends too early.
    #[error("the module ends in the middle, at byte {offset:#x}; the file is incomplete")]
    Truncated {
        /// Where the bytes ended.
        offset: usize,
    },
    /// The module breaks the rules of WebAssembly itself.
    #[error("the module is not valid WebAssembly {place}: {message}")]
    Invalid {
        /// Where.
        place: Place,
        /// The validator's words.
        message: String,
    },
    /// The module uses a feature outside the allow-list.
    #[error("{what} {place} needs the feature `{proposal}`, which is not allowed here: {advice}")]
    Proposal {
        /// Name of the proposal, as compilers name it.
        proposal: &'static str,
        /// The offending instruction or section.
        what: String,
        /// Where.
        place: Place,
        /// How to build without it.
        advice: &'static str,
    },
    /// The module imports something that the sandbox does not have.
    #[error("the module imports `{module}.{name}`, a {found}; only functions of `{wasi}` and `{own}.progress` exist here", wasi = abi::WASI, own = abi::OWN)]
    Import {
        /// Module part of the name.
        module: String,
        /// Name within the module.
        name: String,
        /// What kind of thing is imported.
        found: String,
    },
    /// The module imports a function that exists with another type.
    #[error("the module imports `{module}.{name}` as {found}, but it is {expected}")]
    ImportType {
        /// Module part of the name.
        module: String,
        /// Name within the module.
        name: String,
        /// Type in the module.
        found: String,
        /// Type here.
        expected: String,
    },
    /// There is no memory that the sandbox can reach.
    #[error("the module must define one memory and export it as `memory`")]
    NoMemory,
    /// No entry point is exported.
    #[error(
        "the module exports neither `_start` (a command) nor `manyhands_step` (a step program)"
    )]
    NoEntry,
    /// Both entry points are exported.
    #[error(
        "the module exports both `_start` and `manyhands_step`; build step programs with -mexec-model=reactor"
    )]
    TwoEntries,
    /// An entry point has the wrong type.
    #[error("the export `{name}` is {found}, but it must be {expected}")]
    EntryType {
        /// The export.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        expected: &'static str,
    },
    /// An export bears a name that only preparation gives.
    #[error("the export `{name}` has a reserved name; names that begin with `{prefix}` are given by preparation", prefix = abi::RESERVED_PREFIX)]
    ReservedName {
        /// The export.
        name: String,
    },
    /// A function has no room for the locals that preparation adds.
    #[error(
        "function {function} has {count} locals and needs {added} more to make NaNs canonical; the limit is {count_max}"
    )]
    TooManyLocals {
        /// Index of the function, imports counted first.
        function: u32,
        /// Locals found, parameters counted.
        count: u32,
        /// Locals that preparation adds.
        added: u32,
        /// Locals allowed.
        count_max: u32,
    },
    /// A function grows too large by what preparation adds.
    #[error(
        "function {function} has {bytes} bytes with its NaNs made canonical; the limit is {bytes_max}, so split it"
    )]
    FunctionTooLarge {
        /// Index of the function, imports counted first.
        function: u32,
        /// Size when prepared.
        bytes: usize,
        /// Size allowed.
        bytes_max: usize,
    },
    /// A step program changes something that a checkpoint cannot hold.
    #[error("{what} {place} cannot be checkpointed: {advice}")]
    NotCheckpointable {
        /// The offending instruction or declaration.
        what: String,
        /// Where.
        place: Place,
        /// What to do instead.
        advice: &'static str,
    },
}
