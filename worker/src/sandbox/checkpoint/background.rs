//! Writes a checkpoint while its guest goes on.
//!
//! The guest stands still only while its state is copied. Hashing, compressing and the disk take
//! several times as long, and happen on a thread of their own. What is copied is the canonical state, so the
//! file is the same as if it had been written at once.

use std::io;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use crate::sandbox::checkpoint::{CheckpointError, Checkpointed, Identity, put, state};
use crate::sandbox::codec::Encoder;
use crate::sandbox::instance::Running;
use crate::sandbox::program::Program;

/// The largest state that is copied. A volunteer lends memory for the guest, not for a second one of any
/// size; who has more waits for the disk.
const COPY_BYTES_MAX: u64 = 256 << 20;
/// What a state has beside memory, files and outputs: globals, log and bookkeeping. Only a first guess.
const REST_BYTES: u64 = 1 << 20;

/// The canonical state after some step.
pub(crate) struct Copied {
    state: Vec<u8>,
    step: u64,
}

/// Copies the state after `step` steps; `None` if there is no room for that.
pub(crate) fn copy(
    program: &Program,
    running: &mut Running,
    step: u64,
) -> io::Result<Option<Copied>> {
    let memory_bytes = running.memory.data_size(&running.store) as u64;
    let size = memory_bytes + running.store.data().host.files.stored_bytes();
    if size > COPY_BYTES_MAX {
        return Ok(None);
    }
    let mut state = Vec::new();
    // Only what is written to is taken from the machine, so memory that is zero costs nothing.
    let room = usize::try_from(size + REST_BYTES).unwrap_or(usize::MAX);
    if state.try_reserve_exact(room).is_err() {
        return Ok(None);
    }
    state::encode(&mut Encoder(&mut state), program, running, step)?;
    Ok(Some(Copied { state, step }))
}

/// A checkpoint that is being written.
pub(crate) struct Writing(JoinHandle<Result<Checkpointed, CheckpointError>>);

impl Writing {
    /// Begins to write `copied` to the checkpoint in `folder`.
    pub(crate) fn begin(folder: PathBuf, identity: Identity, copied: Copied) -> io::Result<Self> {
        let Copied { state, step } = copied;
        let work = move || put(&folder, &identity, step, |to| to.0.write_all(&state));
        thread::Builder::new().name("checkpoint".to_owned()).spawn(work).map(Self)
    }

    /// Whether [`wait`](Self::wait) would return at once.
    pub(crate) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits until it is on disk.
    pub(crate) fn wait(self) -> Result<Checkpointed, CheckpointError> {
        let panicked = || CheckpointError::Damaged { what: "its writer panicked".to_owned() };
        self.0.join().map_err(|_panic| panicked())?
    }
}
