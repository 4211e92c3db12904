//! Bytes in and out.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use manyhands_core::digest::Digest;
use manyhands_proto::convert;
use manyhands_proto::v1;
use tonic::{Request, Response, Status, Streaming};

use super::{Shared, status};
use crate::blobs::{BlobError, BlobReader, Incoming};

/// Digests in one question.
const MISSING_MAX: usize = 10_000;

/// Bytes of a blob in one message.
const CHUNK_BYTES_MAX: usize = 256 << 10;

/// Chunks are gathered up to this before a thread that may block writes them.
const WRITE_BYTES: usize = 1 << 20;

/// The service `Blobs`.
#[derive(Debug)]
pub(super) struct BlobService(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl v1::blobs_server::Blobs for BlobService {
    async fn missing(
        &self,
        request: Request<v1::MissingRequest>,
    ) -> Result<Response<v1::MissingReply>, Status> {
        self.0.callers.member(&request).await?;
        let asked = request.into_inner().digests;
        if asked.len() > MISSING_MAX {
            let many = format!("digests: {} are asked for, at most {MISSING_MAX}", asked.len());
            return Err(Status::invalid_argument(many));
        }
        let digests: Result<Vec<_>, _> =
            asked.iter().map(|bytes| convert::digest("digests", bytes)).collect();
        let digests = digests.map_err(status::wire)?;
        let blobs = self.0.blobs.clone();
        let missing = off_runtime(move || blobs.missing(&digests)).await?;
        let digests = missing.iter().map(|digest| Bytes::copy_from_slice(&digest.0)).collect();
        Ok(Response::new(v1::MissingReply { digests }))
    }

    async fn put(
        &self,
        request: Request<Streaming<v1::PutChunk>>,
    ) -> Result<Response<v1::PutReply>, Status> {
        self.0.callers.member(&request).await?;
        let mut chunks =
            Chunks { stream: request.into_inner(), patience: self.0.config.limits.request_time };
        let Some(v1::PutChunk { head: Some(head), data }) = chunks.next().await? else {
            return Err(Status::invalid_argument("head: is missing in the first chunk"));
        };
        let digest = convert::digest("head.digest", &head.digest).map_err(status::wire)?;
        let blobs = self.0.blobs.clone();
        let begin = move || blobs.begin(digest, head.size_bytes);
        let mut incoming = off_runtime(begin).await?;
        let mut gathered = vec![data];
        while let Some(chunk) = chunks.next().await? {
            gathered.push(chunk.data);
            if gathered.iter().map(Bytes::len).sum::<usize>() >= WRITE_BYTES {
                incoming = write(incoming, std::mem::take(&mut gathered)).await?;
            }
        }
        let incoming = write(incoming, gathered).await?;
        off_runtime(move || incoming.finish()).await?;
        Ok(Response::new(v1::PutReply {}))
    }

    type GetStream = Pin<Box<dyn Stream<Item = Result<v1::GetChunk, Status>> + Send>>;

    async fn get(
        &self,
        request: Request<v1::GetRequest>,
    ) -> Result<Response<Self::GetStream>, Status> {
        self.0.callers.member(&request).await?;
        let v1::GetRequest { digest, offset, length } = request.into_inner();
        let digest = convert::digest("digest", &digest).map_err(status::wire)?;
        let blobs = self.0.blobs.clone();
        let reader = off_runtime(move || blobs.read(&digest, offset, length)).await?;
        Ok(Response::new(Box::pin(stream::try_unfold(reader, piece))))
    }
}

/// The next message of a blob on its way out.
async fn piece(mut reader: BlobReader) -> Result<Option<(v1::GetChunk, BlobReader)>, Status> {
    let next = move || Ok((reader.next_piece(CHUNK_BYTES_MAX)?, reader));
    let (piece, reader) = off_runtime(next).await?;
    Ok(piece.map(|data| (v1::GetChunk { data: data.into() }, reader)))
}

async fn write(mut incoming: Incoming, chunks: Vec<Bytes>) -> Result<Incoming, Status> {
    off_runtime(move || {
        chunks.iter().try_for_each(|chunk| incoming.write(chunk))?;
        Ok(incoming)
    })
    .await
}

/// A caller's chunks, each of which must come within bounded time.
struct Chunks {
    stream: Streaming<v1::PutChunk>,
    patience: Duration,
}

impl Chunks {
    async fn next(&mut self) -> Result<Option<v1::PutChunk>, Status> {
        let next = tokio::time::timeout(self.patience, self.stream.message()).await;
        let chunk =
            next.map_err(|_late| Status::deadline_exceeded("the next chunk never came"))??;
        match &chunk {
            Some(v1::PutChunk { data, .. }) if data.len() > CHUNK_BYTES_MAX => {
                let size = data.len();
                let long = format!("data: {size} bytes in a chunk, at most {CHUNK_BYTES_MAX}");
                Err(Status::invalid_argument(long))
            }
            Some(_) | None => Ok(chunk),
        }
    }
}

/// Does what blocks on a thread that may.
pub(super) async fn off_runtime<T: Send + 'static>(
    blocking: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, Status> {
    let done = tokio::task::spawn_blocking(blocking).await;
    done.map_err(|_panicked| status::confused())?.map_err(status::blob)
}

/// Those of `digests` that are not held.
pub(super) async fn missing(shared: &Shared, digests: Vec<Digest>) -> Result<Vec<Digest>, Status> {
    if digests.is_empty() {
        return Ok(digests);
    }
    let blobs = shared.blobs.clone();
    off_runtime(move || blobs.missing(&digests)).await
}
