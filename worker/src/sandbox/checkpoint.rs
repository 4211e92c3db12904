//! The state of a step program as bytes, and back.
//!
//! A checkpoint is a header of fixed size and a zstd frame with the *canonical state*: equal states
//! have equal bytes, whatever machine they were reached on. Their BLAKE3 is the **state hash**; audits
//! and disputes compare it, so it covers the uncompressed bytes only.
//!
//! A run goes on while its checkpoint is written (`background`), unless it is about to stop.
//! The slot's process writes the file itself, because only it has the state: passing gigabytes through
//! a pipe would double both memory and time.

mod background;
mod format;
mod state;

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use manyhands_proto::disk;
use thiserror::Error;

pub(crate) use self::background::{Writing, copy};
pub use self::format::VERSION;
use self::format::{HEADER_BYTES, Header};
use crate::sandbox::codec::{Decoder, Encoder};
use crate::sandbox::instance::Running;
use crate::sandbox::program::Program;

/// Name of a checkpoint within its folder.
const FILE_NAME: &str = "checkpoint";
/// The fastest level: a checkpoint is read seldom, and the processor is wanted for the guest.
const ZSTD_LEVEL: i32 = 1;

/// Why a checkpoint cannot be written or resumed.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The file cannot be read or written.
    #[error("checkpoint {}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is something else.
    #[error("this is not a checkpoint")]
    NotACheckpoint,
    /// It was written by another version.
    #[error(
        "this checkpoint has {what} {found}, this program reads {what} {expected} only; run the unit from its beginning"
    )]
    Version {
        /// What differs: the format or the profile.
        what: &'static str,
        /// Of the file.
        found: u32,
        /// Of this program.
        expected: u32,
    },
    /// It belongs to another program or to other inputs.
    #[error("this checkpoint belongs to another {what}; run the unit from its beginning")]
    Foreign {
        /// What differs: the module or the unit.
        what: &'static str,
    },
    /// Its content contradicts itself, or is not what was written.
    #[error("this checkpoint is damaged: {what}; run the unit from its beginning")]
    Damaged {
        /// What was found.
        what: String,
    },
}

/// A checkpoint on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpointed {
    /// The file.
    pub path: PathBuf,
    /// Steps done.
    pub step: u64,
    /// BLAKE3 of the canonical state.
    pub state_hash: [u8; 32],
    /// Size of the file.
    pub size_bytes: u64,
}

/// To whom a state belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Digest of the prepared module.
    pub(crate) module: [u8; 32],
    /// Name of the unit's inputs and limits.
    pub(crate) unit: [u8; 32],
}

/// Writes the state after `step` steps to the checkpoint in `folder`, in place of the one before. The
/// file appears whole or not at all, and is on disk when this returns.
pub(crate) fn write(
    folder: &Path,
    identity: &Identity,
    program: &Program,
    running: &mut Running,
    step: u64,
) -> Result<Checkpointed, CheckpointError> {
    put(folder, identity, step, |to| state::encode(to, program, running, step))
}

/// Where a state goes, to be hashed and compressed.
type StateWriter<'a> = Encoder<&'a mut dyn Write>;

fn put(
    folder: &Path,
    identity: &Identity,
    step: u64,
    encode: impl FnOnce(&mut StateWriter<'_>) -> io::Result<()>,
) -> Result<Checkpointed, CheckpointError> {
    let path = folder.join(FILE_NAME);
    let temporary = folder.join("checkpoint.new");
    let written = write_file(&temporary, identity, step, encode).and_then(|header| {
        let size_bytes = fs::metadata(&temporary)?.len();
        fs::rename(&temporary, &path)?;
        disk::sync_folder(folder)?;
        Ok((header.state_hash, size_bytes))
    });
    let (state_hash, size_bytes) =
        written.map_err(|error| CheckpointError::File { path: path.clone(), error })?;
    Ok(Checkpointed { path, step, state_hash, size_bytes })
}

fn write_file(
    path: &Path,
    identity: &Identity,
    step: u64,
    encode: impl FnOnce(&mut StateWriter<'_>) -> io::Result<()>,
) -> io::Result<Header> {
    let mut file = File::create(path)?;
    file.write_all(&[0; HEADER_BYTES])?;
    let zstd = zstd::stream::write::Encoder::new(&mut file, ZSTD_LEVEL)?;
    let mut hashed = Hashed::new(zstd);
    encode(&mut Encoder(&mut hashed as &mut dyn Write))?;
    let (zstd, state_hash, state_bytes) = hashed.finish();
    zstd.finish()?;
    let header = Header { identity: *identity, step, state_bytes, state_hash };
    format::write_header(&mut file, &header)?;
    file.sync_all()?;
    Ok(header)
}

/// The state hash after `step` steps, without writing anything; `None` only if the state breaks our own
/// rules, since the hash itself takes everything.
pub(crate) fn state_hash(program: &Program, running: &mut Running, step: u64) -> Option<[u8; 32]> {
    let mut hashed = Hashed::new(io::sink());
    state::encode(&mut Encoder(&mut hashed), program, running, step).ok()?;
    Some(hashed.finish().1)
}

/// What the checkpoint at `path` says of itself. Its state is not read: that is checked when a run is
/// resumed from it.
pub(crate) fn inspect(path: &Path) -> Result<Checkpointed, CheckpointError> {
    let unreadable = |error| CheckpointError::File { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(unreadable)?;
    let Header { step, state_hash, .. } = format::read_header(&mut file)?;
    let size_bytes = file.metadata().map_err(unreadable)?.len();
    Ok(Checkpointed { path: path.to_owned(), step, state_hash, size_bytes })
}

/// Puts the state at `path` into a fresh instance and returns the steps already done. After an error
/// the instance is in no defined state and must not be called.
pub(crate) fn resume(
    path: &Path,
    identity: &Identity,
    program: &Program,
    running: &mut Running,
) -> Result<u64, CheckpointError> {
    let unreadable = |error| CheckpointError::File { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(unreadable)?;
    let header = format::read_header(&mut file)?;
    header.check(identity)?;
    let damaged = |error: io::Error| CheckpointError::Damaged { what: error.to_string() };
    let zstd = zstd::stream::read::Decoder::new(BufReader::new(file)).map_err(damaged)?;
    // No state is longer than its header says, and none is read further than that.
    let mut hashed = Hashed::new(zstd.take(header.state_bytes));
    let step = state::decode(&mut Decoder(&mut hashed), program, running).map_err(damaged)?;
    let (mut rest, state_hash, state_bytes) = hashed.finish();
    rest.set_limit(1);
    let is_longer = rest.read(&mut [0]).map_err(damaged)? != 0;
    if is_longer || state_bytes != header.state_bytes || step != header.step {
        return Err(CheckpointError::Damaged { what: "header and state disagree".to_owned() });
    }
    if state_hash != header.state_hash {
        return Err(CheckpointError::Damaged { what: "the state hash differs".to_owned() });
    }
    Ok(step)
}

/// Passes bytes on, and hashes and counts them.
struct Hashed<T> {
    inner: T,
    hasher: blake3::Hasher,
    count: u64,
}

impl<T> Hashed<T> {
    fn new(inner: T) -> Self {
        Self { inner, hasher: blake3::Hasher::new(), count: 0 }
    }

    fn finish(self) -> (T, [u8; 32], u64) {
        (self.inner, self.hasher.finalize().into(), self.count)
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.hasher.update(&to[..count]);
        self.count += count as u64;
        Ok(count)
    }
}
