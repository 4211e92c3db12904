//! How a run fails: by the program's own doing, or by this machine's.

use std::fmt;

use thiserror::Error;

/// The program's own failure. Equal on every machine, so that a quorum can agree on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppError {
    /// What happened.
    pub kind: AppErrorKind,
    /// The end of what the program wrote to standard error; empty if the kind is
    /// [`Limit::CpuTime`], because how far it came differs between machines.
    pub message: String,
}

impl AppError {
    /// The name under which replicas agree on this error: BLAKE3 of kind and message.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("manyhands app error v1");
        hasher.update(self.kind.to_string().as_bytes());
        hasher.update(b"\n");
        hasher.update(self.message.as_bytes());
        hasher.finalize().into()
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.trim_end() {
            "" => write!(f, "{}", self.kind),
            message => write!(f, "{}; its last words: {message}", self.kind),
        }
    }
}

/// What kind of failure of its own a program had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppErrorKind {
    /// It exited with this code, which is not 0.
    Exit(u32),
    /// An instruction trapped.
    Trap(Trap),
    /// It went beyond what its app version was granted.
    Limit(Limit),
    /// `manyhands_step` returned something other than 0 and 1.
    Step(i32),
}

impl fmt::Display for AppErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "the program exited with code {code}"),
            Self::Trap(trap) => write!(f, "the program trapped: {}", trap.name()),
            Self::Limit(limit) => write!(f, "the program exceeded its limit of {}", limit.name()),
            Self::Step(value) => {
                write!(f, "manyhands_step returned {value}; 0 means more, 1 means done")
            }
        }
    }
}

/// The traps of WebAssembly that can happen within the allow-list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trap {
    /// `unreachable`, which is what abort and panic compile to.
    Unreachable,
    /// A load or store outside of memory.
    MemoryOutOfBounds,
    /// A table access outside of the table.
    TableOutOfBounds,
    /// An indirect call through an empty slot.
    NullFunction,
    /// An indirect call to a function of another type.
    WrongSignature,
    /// A signed division that overflows.
    IntegerOverflow,
    /// A division by zero.
    DivisionByZero,
    /// A float too large for the integer that it is converted to.
    BadConversion,
}

impl Trap {
    /// Every trap.
    pub const ALL: [Self; 8] = [
        Self::Unreachable,
        Self::MemoryOutOfBounds,
        Self::TableOutOfBounds,
        Self::NullFunction,
        Self::WrongSignature,
        Self::IntegerOverflow,
        Self::DivisionByZero,
        Self::BadConversion,
    ];

    /// Its name, the same whatever engine ran it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable executed",
            Self::MemoryOutOfBounds => "memory access out of bounds",
            Self::TableOutOfBounds => "table access out of bounds",
            Self::NullFunction => "call of a null function",
            Self::WrongSignature => "call of a function of another type",
            Self::IntegerOverflow => "integer overflow",
            Self::DivisionByZero => "integer division by zero",
            Self::BadConversion => "float not representable as integer",
        }
    }

    /// Reads a name back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trap| trap.name() == name)
    }
}

/// What a program can have too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Memory at the start; later growth beyond the limit is refused to the program instead.
    Memory,
    /// Bytes of stdout and `/out` together.
    OutputBytes,
    /// Bytes of all files and stdout together, `/tmp` included.
    FileBytes,
    /// Files and directories in `/out` and `/tmp`.
    Files,
    /// CPU time.
    CpuTime,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 5] =
        [Self::Memory, Self::OutputBytes, Self::FileBytes, Self::Files, Self::CpuTime];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::OutputBytes => "output bytes",
            Self::FileBytes => "file bytes",
            Self::Files => "number of files",
            Self::CpuTime => "CPU time",
        }
    }

    /// Reads a name back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.name() == name)
    }
}

/// This machine's failure.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind}: {message}")]
pub struct HostError {
    /// What failed.
    pub kind: HostErrorKind,
    /// More about it.
    pub message: String,
}

impl HostError {
    /// An error of `kind`, explained by `cause`.
    pub fn new(kind: HostErrorKind, cause: impl fmt::Display) -> Self {
        Self { kind, message: cause.to_string() }
    }
}

/// Which part of this machine failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostErrorKind {
    /// The module could not be read, or is not the prepared one, or did not compile.
    Module,
    /// An input could not be read, or its bytes are not those of its digest, or it is misnamed.
    Input,
    /// The checkpoint to resume from was refused.
    Checkpoint,
    /// Memory that the program was granted could not be had.
    Memory,
    /// The program's calls are nested deeper than the engine allows.
    Stack,
    /// The engine failed.
    Engine,
    /// A file could not be written.
    Disk,
    /// The slot's process ended or stopped making sense.
    Slot,
}

impl HostErrorKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Module,
        Self::Input,
        Self::Checkpoint,
        Self::Memory,
        Self::Stack,
        Self::Engine,
        Self::Disk,
        Self::Slot,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Input => "input",
            Self::Checkpoint => "checkpoint",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Engine => "engine",
            Self::Disk => "disk",
            Self::Slot => "slot",
        }
    }

    /// Reads a name back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for HostErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
