//! Fetching a blob from the coordinator: in ranges, resumed where a cut connection left it, and
//! given out only when its hash is its name.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use manyhands_core::digest::Digest;
use manyhands_core::swarm::WHOLE_BYTES_MAX;
use manyhands_proto::link::Channel;
use manyhands_proto::v1;
use manyhands_proto::v1::blobs_client::BlobsClient;
use tokio::fs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::{
    CHUNK_BYTES_MAX, Cache, CacheError, Origin, Pin, Shared, State, failed, passes, pieces,
};

/// Longest silence of a coordinator that is sending a blob.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Why a blob did not come.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    /// This host cannot hold it.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The coordinator sent other bytes than it should have.
    #[error("the coordinator sent bytes that are not those of {0}")]
    Corrupt(Digest),
    /// More bytes, or fewer, than the blob has.
    #[error("the coordinator sent {found} bytes for the {expected} of {digest}")]
    Size {
        /// The blob.
        digest: Digest,
        /// The size as named by whoever asked for it.
        expected: u64,
        /// What came, or how far it went.
        found: u64,
    },
    /// The coordinator does not have it, or does not give it.
    #[error("the coordinator does not give {digest}: {}", reason.message())]
    Refused {
        /// The blob.
        digest: Digest,
        /// Its answer.
        reason: Box<Status>,
    },
    /// The connection was lost, or fell silent. What came is kept.
    #[error("the coordinator cannot be reached for {0}")]
    Interrupted(Digest),
}

impl DownloadError {
    /// Whether the same request may succeed later, without anything changing here.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Interrupted(_) => true,
            Self::Cache(_) | Self::Corrupt(_) | Self::Size { .. } | Self::Refused { .. } => false,
        }
    }
}

/// Lets one download of each blob run at a time; others wait for it and find the blob.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<BTreeMap<Digest, Arc<AsyncMutex<()>>>>);

impl Turns {
    fn of(&self, digest: Digest) -> Arc<AsyncMutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody waits for any more.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(digest).or_default())
    }
}

impl Cache {
    /// The blob of `bytes` bytes, from here or else from the coordinator if there is one, or from other workers if it is
    /// large.
    ///
    /// # Errors
    /// [`DownloadError`]; one that passes, if nobody is there who has it.
    pub(crate) async fn obtain(
        &self,
        from: Option<&Origin>,
        digest: Digest,
        bytes: u64,
    ) -> Result<Pin, DownloadError> {
        if let Some(pin) = self.get(digest).await? {
            return Ok(pin);
        }
        let turn = self.shared.turns.of(digest);
        let _mine = turn.lock().await;
        if let Some(pin) = self.get(digest).await? {
            return Ok(pin);
        }
        let pin = self.shared.reserve(digest, bytes)?;
        // Without a coordinator others may still have it.
        let is_shared = bytes > WHOLE_BYTES_MAX && from.is_none_or(|from| from.peer.is_some());
        match (&self.shared.swarm, from) {
            (Some(swarm), _) if is_shared => pieces::fetch(&self.shared, swarm, from, &pin).await?,
            (_, Some(from)) => download(&self.shared, &from.channel, &pin).await?,
            (_, None) => return Err(DownloadError::Interrupted(digest)),
        }
        Ok(pin)
    }
}

async fn download(shared: &Shared, channel: &Channel, pin: &Pin) -> Result<(), DownloadError> {
    let path = shared.path(State::Partial, pin.digest);
    shared.index().set_state(pin.digest, State::Partial);
    let mut partial = Partial::open(&path, pin).await.map_err(|source| failed(&path, source))?;
    if partial.received < pin.bytes || pin.bytes == 0 {
        let stream = ask(channel, pin.digest, partial.received, 0).await?;
        partial.receive(stream, pin, &path).await?;
    }
    let found = Digest(partial.hasher.finalize().into());
    partial.file.flush().await.map_err(|source| failed(&path, source))?;
    if found != pin.digest {
        shared.remove_file(State::Partial, pin.digest);
        return Err(DownloadError::Corrupt(pin.digest));
    }
    // No sync: after a power cut the bytes are hashed again before they are used.
    fs::rename(&path, pin.path()).await.map_err(|source| failed(&path, source))?;
    shared.index().set_state(pin.digest, State::Verified);
    Ok(())
}

/// Begins to receive so many bytes from there; 0 means to the end.
pub(super) async fn ask(
    channel: &Channel,
    digest: Digest,
    offset: u64,
    length: u64,
) -> Result<Streaming<v1::GetChunk>, DownloadError> {
    let mut blobs =
        BlobsClient::new(channel.clone()).max_decoding_message_size(CHUNK_BYTES_MAX + 1024);
    let request = v1::GetRequest { digest: digest.0.to_vec().into(), offset, length };
    match timeout(SILENCE_MAX, blobs.get(request)).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(refused(digest, status)),
        Err(_elapsed) => Err(DownloadError::Interrupted(digest)),
    }
}

pub(super) fn refused(digest: Digest, status: Status) -> DownloadError {
    if passes(status.code()) {
        DownloadError::Interrupted(digest)
    } else {
        DownloadError::Refused { digest, reason: Box::new(status) }
    }
}

/// The beginning of a blob on disk, and its hash so far.
struct Partial {
    file: fs::File,
    hasher: blake3::Hasher,
    received: u64,
}

impl Partial {
    /// Takes up what is there. What is longer than the blob is started anew.
    async fn open(path: &Path, pin: &Pin) -> io::Result<Self> {
        let mut options = fs::OpenOptions::new();
        let mut file =
            options.create(true).truncate(false).read(true).write(true).open(path).await?;
        let mut hasher = blake3::Hasher::new();
        let mut received = 0;
        if file.metadata().await?.len() > pin.bytes {
            file.set_len(0).await?;
        }
        let mut buffer = vec![0; CHUNK_BYTES_MAX];
        loop {
            let read = file.read(&mut buffer).await?;
            if read == 0 {
                return Ok(Self { file, hasher, received });
            }
            hasher.update(&buffer[..read]);
            received += read as u64;
        }
    }

    async fn receive(
        &mut self,
        mut stream: Streaming<v1::GetChunk>,
        pin: &Pin,
        path: &Path,
    ) -> Result<(), DownloadError> {
        let digest = pin.digest;
        loop {
            let chunk = match timeout(SILENCE_MAX, stream.message()).await {
                Ok(Ok(Some(chunk))) => chunk.data,
                Ok(Ok(None)) => break,
                Ok(Err(status)) => return Err(refused(digest, status)),
                Err(_elapsed) => return Err(DownloadError::Interrupted(digest)),
            };
            pin.shared.came_whole(chunk.len());
            self.received = self.received.saturating_add(chunk.len() as u64);
            if self.received > pin.bytes {
                break;
            }
            self.hasher.update(&chunk);
            self.file.write_all(&chunk).await.map_err(|source| failed(path, source))?;
            pin.shared.wrote(chunk.len() as u64);
        }
        if self.received == pin.bytes {
            return Ok(());
        }
        Err(DownloadError::Size { digest, expected: pin.bytes, found: self.received })
    }
}
