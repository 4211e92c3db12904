//! What a worker tells a slot to do.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use manyhands_core::private::InputKey;

use crate::sandbox::{Halt, Limits};
use crate::slots::priority::Priority;
use crate::wall::Room;

/// How slot processes are started.
#[derive(Debug, Clone)]
pub struct SlotCommand {
    /// The program; it calls [`slot_main`](crate::slots::slot_main).
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Folder for compiled modules, of this user alone. Slots may share it.
    pub compiled_folder: PathBuf,
    /// What else a slot may touch: folders of modules, inputs and checkpoints to read from, and of
    /// checkpoints and outputs to write to. They must be there when its process starts.
    pub room: Room,
    /// What slots take of a busy machine.
    pub priority: Priority,
    /// The folder of the control group that processes are put into; none: they stay in the worker's. Linux only.
    pub group: Option<PathBuf>,
}

/// One replica to run.
#[derive(Debug, Clone)]
pub struct RunSpec {
    /// File of the prepared module; read only if no slot has compiled it yet.
    pub module_path: PathBuf,
    /// Digest of the prepared module.
    pub module_digest: [u8; 32],
    /// The guest's arguments, its name first.
    pub args: Vec<String>,
    /// The guest's standard input; with the arguments, it must fit into a frame.
    pub stdin: Bytes,
    /// The guest's files below `/in`.
    pub inputs: Vec<InputFile>,
    /// Where the guest's random bytes come from.
    pub seed: [u8; 32],
    /// What the guest is granted.
    pub limits: Limits,
    /// A checkpoint to go on from.
    pub resume: Option<PathBuf>,
    /// Folder for checkpoints of a step program, of this replica alone.
    pub checkpoint_folder: Option<PathBuf>,
    /// Time on the wall between two checkpoints.
    pub checkpoint_interval: Duration,
    /// Folder for outputs too large for a message, of this replica alone. They belong to the worker
    /// once the run has ended.
    pub output_folder: PathBuf,
    /// Whether to hash the final state of a step program.
    pub wants_state_hash: bool,
    /// Where a step program is to halt, if it does not end before.
    pub halt: Option<Halt>,
}

impl RunSpec {
    /// Time between checkpoints unless someone asks for another.
    pub const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(30);
}

/// An input of a unit, as a blob on this machine.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// Path below `/in`.
    pub guest_path: String,
    /// The blob.
    pub host_path: PathBuf,
    /// BLAKE3 of the blob; checked when it is read.
    pub digest: [u8; 32],
    /// If it is private: what the blob is decrypted with, in the slot's memory only.
    pub key: Option<InputKey>,
}
