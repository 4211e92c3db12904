//! Everything that a guest may know about the world.

use bytes::Bytes;
use thiserror::Error;

/// Most arguments of a unit.
pub const ARGS_MAX: usize = 4096;
/// Most bytes of all arguments together.
pub const ARGS_BYTES_MAX: usize = 1 << 20;
/// Most inputs of a unit.
pub const INPUTS_MAX: usize = 4096;
/// Most linear memory that a unit can be granted: all that 32 bits can address.
pub const MEMORY_BYTES_MAX: u64 = 4 << 30;
/// Most bytes of output, and of scratch space, that a unit can be granted; both are held in memory.
pub const FILE_BYTES_MAX: u64 = 4 << 30;
/// Most files and directories that a unit can be granted.
pub const FILES_MAX: u32 = 1 << 16;
/// Most bytes of standard error that are kept.
pub const LOG_BYTES_MAX: u32 = 1 << 20;

/// The inputs and limits of one work unit. Two runs of one module with equal units give equal outcomes.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The arguments, the program's name first.
    pub args: Vec<String>,
    /// Standard input.
    pub stdin: Bytes,
    /// The files below `/in`.
    pub inputs: Vec<Input>,
    /// Where the guest's random bytes come from; a function of job and unit.
    pub seed: [u8; 32],
    /// What the guest is granted.
    pub limits: Limits,
}

/// A file below `/in`.
#[derive(Debug, Clone)]
pub struct Input {
    path: String,
    bytes: Bytes,
    digest: [u8; 32],
}

impl Input {
    /// The file `/in/{path}` with this content.
    #[must_use]
    pub fn new(path: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { path: path.into(), digest: blake3::hash(&bytes).into(), bytes }
    }

    /// Path below `/in`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Content.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// BLAKE3 of the content.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// What a guest is granted; fixed by the app version, so that it is equal on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory, in bytes. Growth beyond it is refused to the guest.
    pub memory_bytes: u64,
    /// Standard output and files below `/out` together, in bytes.
    pub output_bytes: u64,
    /// What files may take beyond `output_bytes` while the guest runs, `/tmp` included, in bytes.
    pub scratch_bytes: u64,
    /// Files and directories below `/out` and `/tmp` at one time.
    pub files: u32,
    /// What is kept of standard error, half from its beginning and half from its end, in bytes.
    pub log_bytes: u32,
    /// CPU time in milliseconds; watched from outside of the guest's process.
    pub cpu_ms: u64,
}

impl Default for Limits {
    /// Generous for a desktop: 1 GiB of memory, 256 MiB of output, an hour of CPU time.
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            output_bytes: 256 << 20,
            scratch_bytes: 256 << 20,
            files: 4096,
            log_bytes: 64 << 10,
            cpu_ms: 3_600_000,
        }
    }
}

impl Limits {
    /// Refuses limits beyond what any sandbox grants.
    ///
    /// # Errors
    /// [`UnitError::Limit`] for the first that is too great.
    pub fn validate(&self) -> Result<(), UnitError> {
        for (name, value, max) in [
            ("memory bytes", self.memory_bytes, MEMORY_BYTES_MAX),
            ("output bytes", self.output_bytes, FILE_BYTES_MAX),
            ("scratch bytes", self.scratch_bytes, FILE_BYTES_MAX),
            ("files", self.files.into(), FILES_MAX.into()),
            ("log bytes", self.log_bytes.into(), LOG_BYTES_MAX.into()),
        ] {
            if value > max {
                return Err(UnitError::Limit { name, value, max });
            }
        }
        Ok(())
    }
}

/// Why a unit cannot be run as given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnitError {
    /// Too many arguments, or too long, or with a zero byte inside.
    #[error(
        "arguments: at most {ARGS_MAX} of {ARGS_BYTES_MAX} bytes together, none with a zero byte"
    )]
    Args,
    /// Too many inputs.
    #[error("{count} inputs, the limit is {INPUTS_MAX}")]
    InputCount {
        /// How many there are.
        count: usize,
    },
    /// A limit is beyond what any sandbox grants.
    #[error("limit of {name}: {value}, but at most {max} is possible")]
    Limit {
        /// Which limit.
        name: &'static str,
        /// As given.
        value: u64,
        /// The greatest possible.
        max: u64,
    },
    /// An input's path is not a plain relative path, or is taken.
    #[error("input `{path}`: not a plain relative path, or given twice")]
    InputPath {
        /// The path.
        path: String,
    },
}

impl Unit {
    /// Refuses what no sandbox would run.
    ///
    /// # Errors
    /// The first fault found. Paths of inputs are judged when the file system is made.
    pub fn validate(&self) -> Result<(), UnitError> {
        let bytes: usize = self.args.iter().map(|arg| arg.len() + 1).sum();
        let zero = self.args.iter().any(|arg| arg.contains('\0'));
        if self.args.len() > ARGS_MAX || bytes > ARGS_BYTES_MAX || zero {
            return Err(UnitError::Args);
        }
        if self.inputs.len() > INPUTS_MAX {
            return Err(UnitError::InputCount { count: self.inputs.len() });
        }
        self.limits.validate()
    }

    /// Names all that can influence the guest. A checkpoint bears it, so that it is never resumed
    /// with other inputs.
    #[must_use]
    pub fn binding(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("manyhands unit binding v1");
        let mut field = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        field(&self.seed);
        field(&(self.args.len() as u64).to_le_bytes());
        for arg in &self.args {
            field(arg.as_bytes());
        }
        field(blake3::hash(&self.stdin).as_bytes());
        let mut inputs: Vec<&Input> = self.inputs.iter().collect();
        inputs.sort_by(|a, b| a.path.cmp(&b.path));
        for input in inputs {
            field(input.path.as_bytes());
            field(&input.digest);
        }
        let Limits { memory_bytes, output_bytes, scratch_bytes, files, log_bytes, cpu_ms: _ } =
            self.limits;
        for limit in [memory_bytes, output_bytes, scratch_bytes, files.into(), log_bytes.into()] {
            field(&limit.to_le_bytes());
        }
        hasher.finalize().into()
    }
}
