//! Blobs on disk, by digest: what was downloaded, and what is to be uploaded.
//!
//! Whoever needs a blob holds a [`Pin`]. A pin exists only for bytes that were hashed by this
//! process, when they came or when they were first asked for; so nothing that is used was ever
//! trusted. What nobody pins may be evicted, the longest unused first, to stay under the cap.
//!
//! ```text
//! whole/<digest>     complete blobs
//! partial/<digest>   the beginning of a blob, from a download that was cut off
//! pieces/<digest>    some pieces of a blob, from other workers
//! outboard/<digest>  what proves a blob's pieces, for as long as the blob is here
//! new/               being written; emptied on start
//! ```

mod download;
mod index;
mod pieces;
mod upload;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, mem};

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_proto::disk;
use manyhands_swarm::Swarm;
use tokio::task::spawn_blocking;
use tonic::Code;

pub(crate) use self::download::DownloadError;
use self::download::Turns;
use self::index::{Index, State};
pub(crate) use self::pieces::Origin;
pub(crate) use self::upload::{UploadError, upload, upload_all};

/// Largest piece of a blob in one message.
const CHUNK_BYTES_MAX: usize = 256 << 10;

/// Why the cache cannot hold something. Each is an error of this host.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Everything that is there is needed.
    #[error(
        "no room for {bytes} bytes in the cache: running and waiting replicas need the rest of \
         its {bytes_max} bytes; raise `cache_max`"
    )]
    Full {
        /// What should be held.
        bytes: u64,
        /// The cap.
        bytes_max: u64,
    },
    /// The disk has no room left.
    #[error("no space is left on the disk of {}", .0.display())]
    DiskFull(PathBuf),
    /// Anything else that the operating system says.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The handle; clones are the same cache.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    index: Mutex<Index>,
    turns: Turns,
    /// Bytes of blobs that went over the network since somebody asked.
    moved: AtomicU64,
    /// Bytes that the coordinator sent in one piece.
    whole: AtomicU64,
    /// Where blobs are shared, if they are.
    swarm: Option<Swarm>,
    /// Bytes of blobs that were written to disk since somebody asked.
    written: AtomicU64,
}

/// A verified blob that stays on disk while this lives.
#[derive(Debug)]
pub(crate) struct Pin {
    shared: Arc<Shared>,
    digest: Digest,
    bytes: u64,
}

impl Cache {
    /// Bytes of blobs that went over the network since this was asked last.
    pub(crate) fn take_moved(&self) -> u64 {
        let shared = self.shared.swarm.as_ref().map_or(0, Swarm::take_moved);
        self.shared.moved.swap(0, Ordering::Relaxed).saturating_add(shared)
    }

    /// Bytes of blobs that the coordinator sent in one piece.
    pub(crate) fn whole_bytes(&self) -> u64 {
        self.shared.whole.load(Ordering::Relaxed)
    }

    /// Bytes of blobs that were written to disk since this was asked last: downloaded, computed here, or taken over
    /// from a slot, which wrote them.
    pub(crate) fn take_written(&self) -> u64 {
        self.shared.written.swap(0, Ordering::Relaxed)
    }

    /// Opens the cache in `root`, clearing what a crash left half written. Large blobs are fetched through
    /// the swarm, if there is one.
    ///
    /// # Errors
    /// [`CacheError`] of the operating system.
    pub(crate) fn open(
        root: &Path,
        bytes_max: u64,
        swarm: Option<Swarm>,
    ) -> Result<Self, CacheError> {
        let mut index = Index::new(bytes_max);
        let new = root.join("new");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(|source| failed(&new, source))?;
        }
        let states = [State::Unverified, State::Pieces, State::Partial];
        for state in states {
            let dir = root.join(state.folder());
            fs::create_dir_all(&dir).map_err(|source| failed(&dir, source))?;
            scan(&dir, state, &mut index)?;
        }
        fs::create_dir_all(&new).map_err(|source| failed(&new, source))?;
        let shared = Shared {
            root: root.to_owned(),
            index: Mutex::new(index),
            turns: Turns::default(),
            moved: AtomicU64::new(0),
            whole: AtomicU64::new(0),
            swarm,
            written: AtomicU64::new(0),
        };
        shared.clear_outboards()?;
        shared.evict(0)?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The blob, if it is here and sound. Bytes that this process did not see yet are hashed; if
    /// they are damaged, they are removed.
    ///
    /// # Errors
    /// [`CacheError`] of the operating system.
    pub(crate) async fn get(&self, digest: Digest) -> Result<Option<Pin>, CacheError> {
        let Some((bytes, state)) = self.shared.index().pin(digest) else { return Ok(None) };
        let pin = Pin { shared: Arc::clone(&self.shared), digest, bytes };
        match state {
            State::Verified => Ok(Some(pin)),
            State::Partial | State::Pieces => Ok(None),
            State::Unverified => {
                let path = pin.path();
                let sound =
                    blocking(move || hash_file(&path)).await.is_ok_and(|found| found == digest);
                if sound {
                    self.shared.index().set_state(digest, State::Verified);
                    return Ok(Some(pin));
                }
                tracing::warn!(%digest, "a cached blob is damaged: fetching it again");
                pin.discard();
                Ok(None)
            }
        }
    }

    /// Keeps `content` under its digest, on disk for good before this returns.
    ///
    /// # Errors
    /// [`CacheError`]: no room in the cache or on the disk.
    pub(crate) async fn put(&self, content: Bytes) -> Result<Pin, CacheError> {
        let digest = Digest::of(&content);
        if let Some(pin) = self.get(digest).await? {
            return Ok(pin);
        }
        let pin = self.shared.reserve(digest, content.len() as u64)?;
        let (root, path) = (self.shared.root.clone(), pin.path());
        let kept = blocking(move || keep(&root, &path, &content)).await;
        kept.map_err(|source| failed(&self.shared.root, source))?;
        self.shared.wrote(pin.bytes);
        self.shared.index().set_state(digest, State::Verified);
        Ok(pin)
    }

    /// Takes over the file at `path`, which must be on the disk of the cache. Its name there is gone
    /// when this returns; its bytes get their digest for a name when the future is done. So the path
    /// can be written anew at once.
    ///
    /// # Errors
    /// [`CacheError`]: no room in the cache, or no such file.
    pub(crate) fn adopt(
        &self,
        path: &Path,
    ) -> impl Future<Output = Result<Pin, CacheError>> + Send + use<> {
        let new = self.shared.root.join("new");
        let taken = tempfile::Builder::new()
            .make_in(new, |mine| fs::rename(path, mine))
            .map_err(|source| failed(path, source));
        let cache = self.clone();
        async move {
            let mine = taken?.into_temp_path();
            let read = mine.to_path_buf();
            let hash = move || Ok((hash_file(&read)?, fs::metadata(&read)?.len()));
            let hashed = blocking(hash).await.map_err(|source| failed(&mine, source));
            let (digest, bytes) = hashed?;
            cache.shared.wrote(bytes);
            if let Some(pin) = cache.get(digest).await? {
                return Ok(pin);
            }
            let pin = cache.shared.reserve(digest, bytes)?;
            let to = pin.path();
            mine.persist(&to).map_err(|error| failed(&to, error.error))?;
            cache.shared.index().set_state(digest, State::Verified);
            Ok(pin)
        }
    }
}

impl Shared {
    fn moved(&self, bytes: usize) {
        self.moved.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn came_whole(&self, bytes: usize) {
        self.moved(bytes);
        self.whole.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn wrote(&self, bytes: u64) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        // No code between lock and unlock panics half way through a change.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, state: State, digest: Digest) -> PathBuf {
        self.root.join(state.folder()).join(digest.to_string())
    }

    /// What proves the blob's pieces.
    fn outboard(&self, digest: Digest) -> PathBuf {
        self.root.join("outboard").join(digest.to_string())
    }

    /// Removes what proves pieces of blobs that are not here.
    fn clear_outboards(&self) -> Result<(), CacheError> {
        let dir = self.root.join("outboard");
        let clear = || {
            fs::create_dir_all(&dir)?;
            for entry in fs::read_dir(&dir)? {
                let path = entry?.path();
                let digest = path.file_name().and_then(|name| name.to_str()?.parse().ok());
                if !digest.is_some_and(|digest| self.index().is_known(digest)) {
                    fs::remove_file(&path)?;
                }
            }
            Ok(())
        };
        clear().map_err(|source| failed(&dir, source))
    }

    /// Makes room for `bytes` by removing what nobody needs.
    fn evict(&self, bytes: u64) -> Result<(), CacheError> {
        let victims = self.index().make_room(bytes)?;
        for (digest, state) in victims {
            tracing::debug!(%digest, "evicted from the cache");
            self.remove_file(state, digest);
        }
        Ok(())
    }

    /// A pin for a blob that is about to be written.
    fn reserve(self: &Arc<Self>, digest: Digest, bytes: u64) -> Result<Pin, CacheError> {
        let known = self.index().reserved(digest);
        self.evict(bytes.saturating_sub(known))?;
        self.index().reserve(digest, bytes);
        Ok(Pin { shared: Arc::clone(self), digest, bytes })
    }

    fn remove_file(&self, state: State, digest: Digest) {
        if let Some(swarm) = &self.swarm {
            // Its files would stay as long as others are served from them.
            swarm.leave(digest);
        }
        for path in [self.path(state, digest), self.outboard(digest)] {
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "cannot remove a blob");
                }
            }
        }
    }
}

impl Pin {
    /// The blob's name.
    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    /// Its size.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file; it stays while this pin lives.
    pub(crate) fn path(&self) -> PathBuf {
        self.shared.path(State::Verified, self.digest)
    }

    /// All its bytes, in memory.
    ///
    /// # Errors
    /// [`CacheError`] of the operating system.
    pub(crate) async fn read(&self) -> Result<Bytes, CacheError> {
        let path = self.path();
        let read = blocking(move || fs::read(path)).await;
        read.map(Bytes::from).map_err(|source| failed(&self.path(), source))
    }

    /// Removes the blob, unless another pin holds it.
    pub(crate) fn discard(self) {
        let removed = self.shared.index().unpin_and_remove(self.digest);
        if let Some(state) = removed {
            self.shared.remove_file(state, self.digest);
        }
        // The index let go already.
        mem::forget(self);
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.shared.index().unpin(self.digest);
    }
}

/// Enters what lies in `dir`, oldest first, and removes what has no digest for a name.
fn scan(dir: &Path, state: State, index: &mut Index) -> Result<(), CacheError> {
    let listed = fs::read_dir(dir).and_then(|entries| {
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let meta = entry.metadata()?;
            found.push((meta.modified()?, entry.path(), meta.len()));
        }
        Ok(found)
    });
    let mut found = listed.map_err(|source| failed(dir, source))?;
    found.sort();
    for (_, path, bytes) in found {
        let name = path.file_name().and_then(|name| name.to_str());
        match name.and_then(|name| name.parse().ok()) {
            Some(digest) if index.found(digest, bytes, state) => {}
            Some(_) | None => fs::remove_file(&path).map_err(|source| failed(&path, source))?,
        }
    }
    Ok(())
}

/// Writes beside, syncs, renames: the name never stands for half of the bytes.
fn keep(root: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(root.join("new"))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    disk::sync_folder(&root.join("whole"))
}

fn hash_file(path: &Path) -> Result<Digest, io::Error> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(path)?)?;
    Ok(Digest(hasher.finalize().into()))
}

/// Runs `work` where it may wait for the disk. A panic in it is one here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Whether a refused call may succeed later as it is: the connection failed, not the request.
fn passes(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::Cancelled
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Unknown
            | Code::Aborted
    )
}

fn failed(path: &Path, source: io::Error) -> CacheError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CacheError::DiskFull(path),
        _ => CacheError::Io { path, source },
    }
}

#[cfg(test)]
mod tests;
