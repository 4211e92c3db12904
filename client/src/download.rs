//! Gets blobs into files: verified by digest, continued where an earlier try stopped, and visible
//! under their name only when they are whole.
//!
//! Nothing is synced to disk: a file that a power cut spoils has the wrong digest, and the next
//! fetch gets it again.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_proto::v1::blobs_client::BlobsClient;
use manyhands_proto::{link, v1};
use thiserror::Error;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Status;

/// Bytes read at once while a file is hashed.
const READ_BYTES: usize = 256 * 1024;

/// A blob that is wanted as a file.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// BLAKE3 that its bytes must have.
    pub digest: Digest,
    /// How many bytes it must have.
    pub size_bytes: u64,
    /// The bytes, if they came along already.
    pub inline: Option<Bytes>,
}

/// What became of a wanted file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// It was there already, whole.
    Present,
    /// It was written.
    Written,
    /// Another file of that name was there, and was replaced.
    Changed,
}

/// Why a blob did not become a file.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// The file system refused.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What arrived is not what the digest names.
    #[error("the coordinator sent other bytes than {digest} names: nothing was written")]
    Spoilt {
        /// What was asked for.
        digest: Digest,
    },
    /// The coordinator refused.
    #[error("{}", .0.message())]
    Refused(#[from] Status),
}

/// Makes `path` the file with these bytes, creating its folder.
///
/// # Errors
/// When the file system or the coordinator refuses, or what arrives does not match the digest.
pub async fn get_file(
    blobs: &mut BlobsClient<link::Channel>,
    wanted: &Wanted,
    path: &Path,
) -> Result<Got, DownloadError> {
    if is_whole(path, wanted).await? {
        return Ok(Got::Present);
    }
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(dir).await.map_err(at(dir))?;
    let part = dir.join(format!(".{}.part", wanted.digest));
    match &wanted.inline {
        Some(bytes) => write_inline(bytes, wanted, &part).await?,
        None => receive(blobs, wanted, &part).await?,
    }
    let is_change = fs::try_exists(path).await.map_err(at(path))?;
    fs::rename(&part, path).await.map_err(at(path))?;
    Ok(if is_change { Got::Changed } else { Got::Written })
}

/// A blob of at most `size_bytes_max` bytes, in memory.
///
/// # Errors
/// When the coordinator refuses, sends too much, or what arrives does not match the digest.
pub async fn get_bytes(
    blobs: &mut BlobsClient<link::Channel>,
    digest: Digest,
    size_bytes_max: usize,
) -> Result<Vec<u8>, DownloadError> {
    let mut chunks = blobs.get(request(digest, 0)).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.message().await? {
        if bytes.len() + chunk.data.len() > size_bytes_max {
            return Err(DownloadError::Spoilt { digest });
        }
        bytes.extend_from_slice(&chunk.data);
    }
    if Digest::of(&bytes) == digest { Ok(bytes) } else { Err(DownloadError::Spoilt { digest }) }
}

async fn write_inline(bytes: &Bytes, wanted: &Wanted, part: &Path) -> Result<(), DownloadError> {
    if Digest::of(bytes) != wanted.digest {
        return Err(DownloadError::Spoilt { digest: wanted.digest });
    }
    fs::write(part, bytes).await.map_err(at(part))
}

/// Appends to `part` what it lacks.
async fn receive(
    blobs: &mut BlobsClient<link::Channel>,
    wanted: &Wanted,
    part: &Path,
) -> Result<(), DownloadError> {
    let (mut hasher, mut have) = hash_file(part).await?.unwrap_or_default();
    if have > wanted.size_bytes {
        fs::remove_file(part).await.map_err(at(part))?;
        (hasher, have) = <(blake3::Hasher, u64)>::default();
    }
    let open = File::options().create(true).append(true).open(part).await;
    let mut file = open.map_err(at(part))?;
    if have < wanted.size_bytes {
        let mut chunks = blobs.get(request(wanted.digest, have)).await?.into_inner();
        while let Some(chunk) = chunks.message().await? {
            have += chunk.data.len() as u64;
            if have > wanted.size_bytes {
                break;
            }
            hasher.update(&chunk.data);
            file.write_all(&chunk.data).await.map_err(at(part))?;
        }
    }
    file.flush().await.map_err(at(part))?;
    if have != wanted.size_bytes || Digest(hasher.finalize().into()) != wanted.digest {
        // Not worth continuing: begin anew next time.
        fs::remove_file(part).await.map_err(at(part))?;
        return Err(DownloadError::Spoilt { digest: wanted.digest });
    }
    Ok(())
}

fn request(digest: Digest, offset: u64) -> v1::GetRequest {
    let digest = Bytes::copy_from_slice(digest.as_bytes());
    v1::GetRequest { digest, offset, length: 0 }
}

/// Whether the file is there with the right bytes.
async fn is_whole(path: &Path, wanted: &Wanted) -> Result<bool, DownloadError> {
    match fs::metadata(path).await {
        Ok(found) if found.len() != wanted.size_bytes => return Ok(false),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(at(path)(error)),
    }
    let found = hash_file(path).await?;
    Ok(found.is_some_and(|(hasher, _)| Digest(hasher.finalize().into()) == wanted.digest))
}

/// The hash so far and the size of a file; `None` if there is none.
async fn hash_file(path: &Path) -> Result<Option<(blake3::Hasher, u64)>, DownloadError> {
    let mut file = match File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path)(error)),
    };
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut size = 0;
    loop {
        let read = file.read(&mut buffer).await.map_err(at(path))?;
        if read == 0 {
            return Ok(Some((hasher, size)));
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> DownloadError + '_ {
    move |error| DownloadError::Io { path: path.to_owned(), error }
}
