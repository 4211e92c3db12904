//! Handing blobs to the coordinator: large outputs and checkpoints.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use manyhands_proto::link::Channel;
use manyhands_proto::v1;
use manyhands_proto::v1::blobs_client::BlobsClient;
use tokio::fs;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{CHUNK_BYTES_MAX, Pin, passes};

/// Chunks that wait for the connection.
const CHUNKS_AHEAD: usize = 4;

/// Least rate of an upload that is still waited for.
const BYTES_PER_SECOND_MIN: u64 = 8 << 10;

/// Why a blob could not be handed over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    /// The coordinator does not take it.
    #[error("the coordinator does not take the blob: {}", .0.message())]
    Refused(Box<Status>),
    /// The connection was lost or is too slow; try again later.
    #[error("the coordinator cannot be reached for an upload")]
    Interrupted,
}

/// Puts the blob where the coordinator holds it, unless it is there.
///
/// # Errors
/// [`UploadError`].
pub(crate) async fn upload(channel: &Channel, pin: &Pin) -> Result<(), UploadError> {
    let longest = Duration::from_secs(60 + pin.bytes / BYTES_PER_SECOND_MIN);
    match tokio::time::timeout(longest, put(channel, pin)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(status)) => Err(refused(status)),
        Err(_elapsed) => Err(UploadError::Interrupted),
    }
}

/// Puts all of them, or stops at the first that fails.
///
/// # Errors
/// [`UploadError`].
pub(crate) async fn upload_all(channel: &Channel, pins: &[Pin]) -> Result<(), UploadError> {
    for pin in pins {
        upload(channel, pin).await?;
    }
    Ok(())
}

async fn put(channel: &Channel, pin: &Pin) -> Result<(), Status> {
    let mut blobs = BlobsClient::new(channel.clone());
    let digest = Bytes::copy_from_slice(pin.digest.as_bytes());
    let asked = v1::MissingRequest { digests: vec![digest.clone()] };
    if blobs.missing(asked).await?.into_inner().digests.is_empty() {
        return Ok(());
    }
    let mut file = fs::File::open(pin.path()).await?;
    let (chunks, sent) = mpsc::channel(CHUNKS_AHEAD);
    let shared = Arc::clone(&pin.shared);
    let read = async move {
        let mut head = Some(v1::PutHead { digest, size_bytes: pin.bytes });
        loop {
            let mut data = vec![0; CHUNK_BYTES_MAX];
            let length = file.read(&mut data).await?;
            data.truncate(length);
            shared.moved(length);
            if length == 0 && head.is_none() {
                return Ok::<(), Status>(());
            }
            let chunk = v1::PutChunk { head: head.take(), data: data.into() };
            if chunks.send(chunk).await.is_err() {
                // The call has ended; its answer says why.
                return Ok(());
            }
        }
    };
    let (read, answered) = tokio::join!(read, blobs.put(ReceiverStream::new(sent)));
    answered?;
    read
}

fn refused(status: Status) -> UploadError {
    if passes(status.code()) {
        UploadError::Interrupted
    } else {
        UploadError::Refused(Box::new(status))
    }
}
