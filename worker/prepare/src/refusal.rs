//! Why a module is refused, in words for the scientist who built it.

use std::fmt;

use thiserror::Error;

use crate::{abi, names};

/// Where in a module something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Index of the function, imports counted first; `None` outside functions.
    pub function: Option<u32>,
    /// What the module itself calls that function, if it does.
    pub name: Option<Box<str>>,
    /// Byte offset from the beginning of the module.
    pub offset: usize,
}

impl Place {
    /// Somewhere outside of functions.
    pub(crate) const fn at(offset: usize) -> Self {
        Self { function: None, name: None, offset }
    }

    /// Somewhere in a function, whose name is not known yet.
    pub(crate) const fn inside(function: u32, offset: usize) -> Self {
        Self { function: Some(function), name: None, offset }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.function, &self.name) {
            (Some(index), Some(name)) => write!(f, "in function {index} (`{name}`) ")?,
            (Some(index), None) => write!(f, "in function {index} ")?,
            (None, _) => {}
        }
        write!(f, "at byte {:#x}", self.offset)
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
    #[error("the module ends in the middle, {place}; the file is incomplete")]
    Truncated {
        /// Where what is not there to its end begins.
        place: Place,
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
    #[error("the module imports `{module}.{name}`, a {found}, {place}; only functions of `{wasi}` and `{own}.progress` exist here", wasi = abi::WASI, own = abi::OWN)]
    Import {
        /// Module part of the name.
        module: String,
        /// Name within the module.
        name: String,
        /// What kind of thing is imported.
        found: String,
        /// Where.
        place: Place,
    },
    /// The module imports a function that exists with another type.
    #[error("the module imports `{module}.{name}` as {found} {place}, but it is {expected}")]
    ImportType {
        /// Module part of the name.
        module: String,
        /// Name within the module.
        name: String,
        /// Type in the module.
        found: String,
        /// Type here.
        expected: &'static abi::Signature,
        /// Where it is imported.
        place: Place,
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
        "the module exports both `_start` and, {place}, `manyhands_step`; build step programs with -mexec-model=reactor"
    )]
    TwoEntries {
        /// Where `manyhands_step` is exported.
        place: Place,
    },
    /// An entry point has the wrong type.
    #[error("the export `{name}` {place} is {found}, but it must be {expected}")]
    EntryType {
        /// The export.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        expected: &'static str,
        /// Where it is exported.
        place: Place,
    },
    /// An export bears a name that only preparation gives.
    #[error("the export `{name}` {place} has a reserved name; names that begin with `{prefix}` are given by preparation", prefix = abi::RESERVED_PREFIX)]
    ReservedName {
        /// The export.
        name: String,
        /// Where it is exported.
        place: Place,
    },
    /// A function has no room for the locals that preparation adds.
    #[error(
        "{count} locals {place} leave no room for {added} more, which make NaNs canonical; the limit is {count_max}, so split the function"
    )]
    TooManyLocals {
        /// The function, and where its body begins.
        place: Place,
        /// Locals found, parameters counted.
        count: u32,
        /// Locals that preparation adds.
        added: u32,
        /// Locals allowed.
        count_max: u32,
    },
    /// A function grows too large by what preparation adds.
    #[error(
        "the code {place} has {bytes} bytes when it is prepared; the limit is {bytes_max}, so split the function"
    )]
    FunctionTooLarge {
        /// The function, and where its body begins.
        place: Place,
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
    /// The module has no room for what preparation adds.
    #[error("the module has no room for what preparation adds: {message}")]
    NoRoom {
        /// The validator's words about the prepared module.
        message: String,
    },
}

impl Refusal {
    /// Where in the module as given; `None` if it is about the module as a whole, or about something that
    /// is missing.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::NotWasm
            | Self::Component
            | Self::TooLarge { .. }
            | Self::NoMemory
            | Self::NoEntry
            | Self::NoRoom { .. } => None,
            Self::Truncated { place }
            | Self::Invalid { place, .. }
            | Self::Proposal { place, .. }
            | Self::Import { place, .. }
            | Self::ImportType { place, .. }
            | Self::TwoEntries { place }
            | Self::EntryType { place, .. }
            | Self::ReservedName { place, .. }
            | Self::TooManyLocals { place, .. }
            | Self::FunctionTooLarge { place, .. }
            | Self::NotCheckpointable { place, .. } => Some(place),
        }
    }

    /// The same, with the function called as the module `wasm` calls it.
    pub(crate) fn named_by(mut self, wasm: &[u8]) -> Self {
        let (Self::Truncated { place }
        | Self::Invalid { place, .. }
        | Self::Proposal { place, .. }
        | Self::TooManyLocals { place, .. }
        | Self::FunctionTooLarge { place, .. }
        | Self::NotCheckpointable { place, .. }) = &mut self
        else {
            // The others are not inside of functions.
            return self;
        };
        place.name = place.function.and_then(|index| names::of_function(wasm, index));
        self
    }
}
