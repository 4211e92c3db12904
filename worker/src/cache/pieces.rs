//! Large blobs in pieces: from other workers and the coordinator, and to other workers.
//!
//! A blob in the making lies in `pieces/`, as long as it will be, with holes where nothing has come yet; beside it, in
//! `outboard/`, what proves each piece. Whatever is there is checked when it is taken up again, so a worker that was cut off
//! fetches no piece twice. If the swarm gives nothing, the coordinator alone is asked for what is missing.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use manyhands_core::digest::Digest;
use manyhands_core::swarm::WHOLE_BYTES_MAX;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::link::{Address, Channel};
use manyhands_swarm::{Blob, BlobError, Swarm};
use tokio::fs;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};

use super::download::{self, DownloadError, SILENCE_MAX};
use super::{Cache, CacheError, Pin, Shared, State, blocking, failed, hash_file};

/// A swarm that brings no piece for so long gives nothing.
const STALL_MAX: Duration = Duration::from_secs(60);

/// Where blobs come from that are not here.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// To the coordinator.
    pub(crate) channel: Channel,
    /// Where it takes part in swarms, if it does.
    pub(crate) peer: Option<(Address, PublicKey)>,
}

impl Cache {
    /// A blob that is here, to be shared. The pin keeps it while that begins.
    ///
    /// # Errors
    /// [`CacheError`] of the operating system.
    pub(crate) async fn in_pieces(
        &self,
        digest: Digest,
    ) -> Result<Option<(Pin, Blob)>, CacheError> {
        let Some(pin) = self.get(digest).await? else { return Ok(None) };
        if pin.bytes <= WHOLE_BYTES_MAX {
            return Ok(None);
        }
        let (data, outboard) = (pin.path(), self.shared.outboard(digest));
        let blob = blocking(move || Blob::whole(&data, &outboard, digest)).await;
        Ok(Some((pin, blob.map_err(|error| unusable(&self.shared, digest, error))?)))
    }
}

/// Fetches a blob from the swarm that the coordinator leads to, or else what is missing from the coordinator alone. Without
/// one, from whoever of this network has it.
pub(super) async fn fetch(
    shared: &Arc<Shared>,
    swarm: &Swarm,
    origin: Option<&Origin>,
    pin: &Pin,
) -> Result<(), DownloadError> {
    shared.index().set_state(pin.digest, State::Pieces);
    let blob = partial(shared, pin).await?;
    let sources =
        origin.and_then(|origin| origin.peer.as_ref()).map_or(&[][..], std::slice::from_ref);
    let swarmed = match swarm.share(blob, sources) {
        Ok(()) => {
            let mut part = Part { swarm, digest: pin.digest, is_kept: false };
            part.is_kept = is_whole(swarm, pin.digest).await;
            part.is_kept
        }
        Err(error) => {
            tracing::debug!(digest = %pin.digest, %error, "not fetched in pieces");
            false
        }
    };
    if !swarmed {
        // What came is kept.
        let origin = origin.ok_or(DownloadError::Interrupted(pin.digest))?;
        complete(shared, &origin.channel, pin).await?;
        // Only some pieces of it can be proved with this.
        let outboard = shared.outboard(pin.digest);
        fs::remove_file(&outboard).await.map_err(|source| failed(&outboard, source))?;
    }
    finish(shared, pin).await?;
    shared.wrote(pin.bytes);
    Ok(())
}

/// A part in a swarm, given up with this unless the blob is whole.
struct Part<'a> {
    swarm: &'a Swarm,
    digest: Digest,
    is_kept: bool,
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            self.swarm.leave(self.digest);
        }
    }
}

/// Waits until all of the blob is here; whether it is, or nobody gives anything.
async fn is_whole(swarm: &Swarm, digest: Digest) -> bool {
    let Some(mut status) = swarm.watch(digest) else { return false };
    let mut held = 0;
    let mut deadline = Instant::now() + STALL_MAX;
    loop {
        let now = status.borrow_and_update().clone();
        if now.is_whole() {
            return true;
        }
        if now.pieces > 0 && now.is_alone {
            tracing::debug!(%digest, held = now.held, "nobody shares a blob");
            return false;
        }
        if now.held > held {
            held = now.held;
            deadline = Instant::now() + STALL_MAX;
        }
        if !matches!(timeout_at(deadline, status.changed()).await, Ok(Ok(()))) {
            tracing::info!(%digest, held = now.held, "nothing more of a blob comes from its swarm");
            return false;
        }
    }
}

/// Fetches from the coordinator what is missing.
async fn complete(shared: &Shared, channel: &Channel, pin: &Pin) -> Result<(), DownloadError> {
    let blob = partial(shared, pin).await?;
    let path = shared.path(State::Pieces, pin.digest);
    let write = |source| DownloadError::from(failed(&path, source));
    let mut file = fs::OpenOptions::new().write(true).open(&path).await.map_err(write)?;
    for range in missing(&blob) {
        let mut left = range.end - range.start;
        file.seek(std::io::SeekFrom::Start(range.start)).await.map_err(write)?;
        let mut stream = download::ask(channel, pin.digest, range.start, left).await?;
        while left > 0 {
            let chunk = match timeout(SILENCE_MAX, stream.message()).await {
                Ok(Ok(Some(chunk))) if chunk.data.len() as u64 <= left => chunk.data,
                Ok(Ok(Some(_) | None)) => return Err(DownloadError::Corrupt(pin.digest)),
                Ok(Err(status)) => return Err(download::refused(pin.digest, status)),
                Err(_elapsed) => return Err(DownloadError::Interrupted(pin.digest)),
            };
            shared.came_whole(chunk.len());
            left -= chunk.len() as u64;
            file.write_all(&chunk).await.map_err(write)?;
        }
    }
    file.flush().await.map_err(write)?;
    let found = blocking(move || hash_file(&path)).await;
    if found.ok() == Some(pin.digest) {
        return Ok(());
    }
    // Which part of it is wrong is not known: no piece of it was proved.
    shared.remove_file(State::Pieces, pin.digest);
    Err(DownloadError::Corrupt(pin.digest))
}

/// The ranges of bytes that are not here, each as long as can be.
fn missing(blob: &Blob) -> Vec<Range<u64>> {
    let geometry = blob.geometry();
    let mut missing: Vec<Range<u64>> = Vec::new();
    for piece in (0..geometry.pieces()).filter(|piece| !blob.held().contains(*piece)) {
        let Some(range) = geometry.range(piece) else { continue };
        match missing.last_mut().filter(|last| last.end == range.start) {
            Some(last) => last.end = range.end,
            None => missing.push(range),
        }
    }
    missing
}

async fn finish(shared: &Shared, pin: &Pin) -> Result<(), DownloadError> {
    let path = shared.path(State::Pieces, pin.digest);
    // No sync: after a power cut the bytes are hashed again before they are used.
    fs::rename(&path, pin.path()).await.map_err(|source| failed(&path, source))?;
    shared.index().set_state(pin.digest, State::Verified);
    Ok(())
}

async fn partial(shared: &Shared, pin: &Pin) -> Result<Blob, DownloadError> {
    let (digest, bytes) = (pin.digest, pin.bytes);
    let (data, outboard) = (shared.path(State::Pieces, digest), shared.outboard(digest));
    let blob = blocking(move || Blob::partial(&data, &outboard, digest, bytes)).await;
    Ok(blob.map_err(|error| unusable(shared, digest, error))?)
}

fn unusable(shared: &Shared, digest: Digest, error: BlobError) -> CacheError {
    let path: PathBuf = shared.path(State::Pieces, digest);
    match error {
        BlobError::Io(source) => failed(&path, source),
        other => CacheError::Io { path, source: std::io::Error::other(other) },
    }
}

#[cfg(test)]
mod tests;
