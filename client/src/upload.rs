//! Puts blobs that the coordinator does not hold yet.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use manyhands_core::digest::Digest;
use manyhands_core::private::InputKey;
use manyhands_proto::private::Cipher;
use manyhands_proto::v1::blobs_client::BlobsClient;
use manyhands_proto::{link, v1};
use thiserror::Error;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tonic::Status;

/// Bytes in one message.
const CHUNK_BYTES: usize = 256 * 1024;
/// Digests in one question.
const ASK_MAX: usize = 10_000;
/// Blobs on their way at once.
const AT_ONCE: usize = 8;

/// A blob on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalBlob {
    /// BLAKE3 of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Where they are.
    pub content: Content,
}

/// Where a local blob's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// In a file, read again while it is sent, and encrypted if there is a key.
    File(PathBuf, Option<InputKey>),
    /// In memory.
    Memory(Bytes),
}

/// What an upload did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Blobs that the coordinator did not hold.
    pub blobs: usize,
    /// Their bytes.
    pub size_bytes: u64,
    /// Blobs that it held already.
    pub present: usize,
}

/// Why an upload failed.
#[derive(Debug, Error)]
pub enum UploadError {
    /// A file cannot be read any more.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is no longer what it was when it was hashed.
    #[error("{} changed while it was being submitted: submit again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The coordinator refused.
    #[error("{}", .0.message())]
    Refused(#[from] Status),
}

/// Puts every blob that the coordinator does not hold; equal blobs are put once.
///
/// # Errors
/// When a file cannot be read, changed since it was hashed, or the coordinator refuses.
pub async fn put_missing(
    blobs: &BlobsClient<link::Channel>,
    local: impl IntoIterator<Item = LocalBlob>,
) -> Result<Uploaded, UploadError> {
    let local: BTreeMap<Digest, LocalBlob> = local.into_iter().map(|b| (b.digest, b)).collect();
    let missing = missing(blobs.clone(), &local).await?;
    let done = Uploaded {
        blobs: missing.len(),
        size_bytes: missing.iter().map(|blob| blob.size_bytes).sum(),
        present: local.len() - missing.len(),
    };
    let puts = missing.into_iter().map(|blob| put(blobs.clone(), blob.clone()));
    stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(done)
}

async fn missing(
    mut blobs: BlobsClient<link::Channel>,
    local: &BTreeMap<Digest, LocalBlob>,
) -> Result<Vec<&LocalBlob>, UploadError> {
    let digests: Vec<Bytes> =
        local.keys().map(|digest| Bytes::copy_from_slice(digest.as_bytes())).collect();
    let mut missing = Vec::new();
    for digests in digests.chunks(ASK_MAX) {
        let request = v1::MissingRequest { digests: digests.to_vec() };
        let reply = blobs.missing(request).await?.into_inner();
        // Only what was asked for counts, whatever the answer names.
        let asked = reply.digests.iter().filter_map(|bytes| bytes.as_ref().try_into().ok());
        missing.extend(asked.filter_map(|bytes: [u8; 32]| local.get(&Digest(bytes))));
    }
    Ok(missing)
}

async fn put(mut blobs: BlobsClient<link::Channel>, blob: LocalBlob) -> Result<(), UploadError> {
    let failed = Arc::new(Mutex::new(None));
    let sent = match &blob.content {
        Content::Memory(bytes) => blobs.put(memory_chunks(&blob, bytes.clone())).await,
        Content::File(path, key) => {
            let read = |error| UploadError::Read { path: path.clone(), error };
            let file = File::open(path).await.map_err(read)?;
            let cipher = key.as_ref().map(Cipher::new);
            blobs.put(file_chunks(&blob, file, cipher, Arc::clone(&failed))).await
        }
    };
    let Err(status) = sent else { return Ok(()) };
    let Content::File(path, _) = blob.content else { return Err(status.into()) };
    match failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(UploadError::Read { path, error }),
        // Size and digest were taken from the same file a moment ago.
        None if status.code() == tonic::Code::InvalidArgument => Err(UploadError::Changed { path }),
        None => Err(status.into()),
    }
}

fn head(blob: &LocalBlob) -> v1::PutChunk {
    let digest = Bytes::copy_from_slice(blob.digest.as_bytes());
    let head = v1::PutHead { digest, size_bytes: blob.size_bytes };
    v1::PutChunk { head: Some(head), data: Bytes::new() }
}

fn memory_chunks(
    blob: &LocalBlob,
    mut bytes: Bytes,
) -> impl Stream<Item = v1::PutChunk> + Send + 'static {
    let chunks = std::iter::from_fn(move || {
        let data = bytes.split_to(bytes.len().min(CHUNK_BYTES));
        (!data.is_empty()).then_some(v1::PutChunk { head: None, data })
    });
    stream::iter(std::iter::once(head(blob)).chain(chunks))
}

/// The file's bytes, encrypted if there is a cipher. A stream of messages cannot end in an error of ours, so one is left in
/// `failed`, and the coordinator refuses what then ends too early.
fn file_chunks(
    blob: &LocalBlob,
    file: File,
    cipher: Option<Cipher>,
    failed: Arc<Mutex<Option<io::Error>>>,
) -> impl Stream<Item = v1::PutChunk> + Send + 'static {
    let state = (file, cipher, failed);
    let chunks = stream::unfold(state, |(mut file, mut cipher, failed)| async move {
        let mut data = bytes::BytesMut::with_capacity(CHUNK_BYTES);
        match file.read_buf(&mut data).await {
            Ok(0) => None,
            Ok(_) => {
                if let Some(cipher) = &mut cipher {
                    cipher.apply(&mut data);
                }
                let chunk = v1::PutChunk { head: None, data: data.freeze() };
                Some((chunk, (file, cipher, failed)))
            }
            Err(error) => {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                None
            }
        }
    });
    stream::iter([head(blob)]).chain(chunks)
}
