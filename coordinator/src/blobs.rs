//! Bytes on disk by their BLAKE3 digest.
//!
//! A blob is written to `incoming/`, verified, made durable, and only then renamed to its place
//! `ab/cdef…`, so what stands under a digest is always whole and has that digest. What a crash
//! leaves in `incoming/` is removed at the next start. Beside a blob that workers fetched in pieces lies `cdef….bao`,
//! with which each piece can be proved.
//!
//! Everything here blocks; the services call it off the runtime's threads.

mod incoming;
mod reader;
mod sweep;

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use manyhands_core::digest::Digest;
use manyhands_swarm::Blob as Pieces;

pub use incoming::Incoming;
pub use reader::BlobReader;
pub use sweep::Swept;

use crate::clock;

/// The blob store of one data folder; clones share it.
#[derive(Debug, Clone)]
pub struct Blobs {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    size_bytes_max: u64,
    grace: Duration,
    /// Read by whoever relies on a blob staying, written by the sweep for each removal.
    presence: RwLock<()>,
}

/// How much is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlobStats {
    /// Number of blobs.
    pub blobs: u64,
    /// Their sizes together.
    pub bytes: u64,
}

/// Why a blob was not stored or not found. Nothing of a refused blob is kept.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The bytes have another digest than the one given.
    #[error("the bytes have digest {actual}, not {declared}: put them again")]
    Mismatch {
        /// What the sender said.
        declared: Digest,
        /// What arrived.
        actual: Digest,
    },
    /// More or fewer bytes came than were announced.
    #[error("{received} bytes came, {declared} were announced")]
    Size {
        /// What the sender said.
        declared: u64,
        /// What arrived so far.
        received: u64,
    },
    /// The blob is larger than this store accepts.
    #[error("a blob of {size} bytes is above the limit of {max} bytes")]
    TooLarge {
        /// What the sender said.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// No such blob.
    #[error("blob {0} is not held here")]
    NotHeld(Digest),
    /// A range that starts or ends behind the blob's end.
    #[error("the range starts at {offset} and has {length} bytes, the blob has {size}")]
    Range {
        /// First byte wanted.
        offset: u64,
        /// Bytes wanted.
        length: u64,
        /// Bytes there are.
        size: u64,
    },
    /// The disk is full; the same may work later.
    #[error("no space is left for blobs: free some, then try again")]
    Full,
    /// It is not what it should be, or empty.
    #[error("the blob cannot be had in pieces: {0}")]
    Pieces(manyhands_swarm::BlobError),
    /// The file system failed otherwise.
    #[error("the blob store failed: {0}")]
    Io(io::Error),
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

impl Blobs {
    /// Opens the store in `root`, making it when missing and clearing what a crash left.
    ///
    /// `grace` is how long a blob that nothing refers to outlives its last use.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(root: &Path, size_bytes_max: u64, grace: Duration) -> Result<Self, BlobError> {
        let incoming = root.join("incoming");
        fs::create_dir_all(&incoming)?;
        for leftover in fs::read_dir(&incoming)? {
            fs::remove_file(leftover?.path())?;
        }
        let shared =
            Shared { root: root.to_owned(), size_bytes_max, grace, presence: RwLock::new(()) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Begins to store a blob of exactly `size_bytes`.
    ///
    /// # Errors
    /// When that is above the limit, or the disk refuses.
    pub fn begin(&self, digest: Digest, size_bytes: u64) -> Result<Incoming, BlobError> {
        let max = self.shared.size_bytes_max;
        if size_bytes > max {
            return Err(BlobError::TooLarge { size: size_bytes, max });
        }
        Incoming::create(self.clone(), digest, size_bytes)
    }

    /// Stores bytes that are all at hand and returns their digest.
    ///
    /// # Errors
    /// As [`Blobs::begin`] and [`Incoming::finish`].
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        let digest = Digest::of(bytes);
        if !self.keep(&digest)? {
            let mut incoming = self.begin(digest, bytes.len() as u64)?;
            incoming.write(bytes)?;
            incoming.finish()?;
        }
        Ok(digest)
    }

    /// Whether the blob is held; if so, its grace begins anew, so that whoever asked may refer
    /// to it without putting it again.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn keep(&self, digest: &Digest) -> Result<bool, BlobError> {
        let _present = self.present();
        let path = self.path(digest);
        let metadata = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other?,
        };
        let now = clock::file_time();
        let age = now.duration_since(metadata.modified()?).unwrap_or_default();
        // A stamp is exact enough when it is young: asking for the same blob all day then costs
        // one write in the first quarter of its grace, not one for each question.
        if age > self.shared.grace / 4 {
            File::open(&path)?.set_times(FileTimes::new().set_modified(now))?;
        }
        Ok(true)
    }

    /// Those of `digests` that are not held, in the same order. The others are kept as by
    /// [`Blobs::keep`].
    ///
    /// # Errors
    /// When the file system fails.
    pub fn missing(&self, digests: &[Digest]) -> Result<Vec<Digest>, BlobError> {
        let mut missing = Vec::new();
        for digest in digests {
            if !self.keep(digest)? {
                missing.push(*digest);
            }
        }
        Ok(missing)
    }

    /// Opens `length` bytes from `offset`; a `length` of 0 means to the end.
    ///
    /// # Errors
    /// When the blob is not held or the range is not within it.
    pub fn read(&self, digest: &Digest, offset: u64, length: u64) -> Result<BlobReader, BlobError> {
        let file = File::open(self.path(digest)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BlobError::NotHeld(*digest),
            _ => BlobError::from(error),
        })?;
        BlobReader::open(file, offset, length)
    }

    /// The whole blob, when it is at most `bytes_max` long.
    ///
    /// # Errors
    /// As [`Blobs::read`], and when the blob is longer.
    pub fn get(&self, digest: &Digest, bytes_max: u64) -> Result<Vec<u8>, BlobError> {
        let mut reader = self.read(digest, 0, 0)?;
        if reader.remaining() > bytes_max {
            return Err(BlobError::TooLarge { size: reader.remaining(), max: bytes_max });
        }
        reader.read_to_end()
    }

    /// A blob as the origin of a swarm has it. The first time it is read once, and what proves its pieces is
    /// written beside it.
    ///
    /// # Errors
    /// When it is not held, or the file system fails.
    pub(crate) fn in_pieces(&self, digest: &Digest) -> Result<Pieces, BlobError> {
        self.keep(digest)?;
        let _present = self.present();
        let path = self.path(digest);
        if !path.exists() {
            return Err(BlobError::NotHeld(*digest));
        }
        Pieces::whole(&path, &outboard(&path), *digest).map_err(|error| match error {
            manyhands_swarm::BlobError::Io(error) => error.into(),
            other => BlobError::Pieces(other),
        })
    }

    /// Counts what is held by walking the folder.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn stats(&self) -> Result<BlobStats, BlobError> {
        let mut stats = BlobStats::default();
        self.for_each(|_, metadata| {
            stats.blobs += 1;
            stats.bytes += metadata.len();
            Ok(())
        })?;
        Ok(stats)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.shared.root.join(&name[..2]).join(&name[2..])
    }

    fn incoming_dir(&self) -> PathBuf {
        self.shared.root.join("incoming")
    }

    fn present(&self) -> RwLockReadGuard<'_, ()> {
        // Nothing is behind the lock, so a panic while it was held broke nothing.
        self.shared.presence.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What proves the pieces of the blob at `path`.
fn outboard(path: &Path) -> PathBuf {
    path.with_extension("bao")
}

#[cfg(test)]
mod tests;
