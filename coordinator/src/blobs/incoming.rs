//! A blob on its way in: bounded, hashed as it comes, durable before it has its name.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use manyhands_core::digest::Digest;
use tempfile::NamedTempFile;

use super::{BlobError, Blobs};

/// A blob that is being written. Dropped unfinished, it leaves nothing.
#[derive(Debug)]
pub struct Incoming {
    blobs: Blobs,
    file: NamedTempFile,
    hasher: blake3::Hasher,
    digest: Digest,
    size_bytes: u64,
    received: u64,
}

impl Incoming {
    pub(super) fn create(blobs: Blobs, digest: Digest, size_bytes: u64) -> Result<Self, BlobError> {
        let file = NamedTempFile::new_in(blobs.incoming_dir())?;
        Ok(Self { blobs, file, hasher: blake3::Hasher::new(), digest, size_bytes, received: 0 })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// When more come than were announced, or the disk refuses them.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.received += bytes.len() as u64;
        if self.received > self.size_bytes {
            return Err(self.wrong_size());
        }
        self.hasher.update(bytes);
        self.file.write_all(bytes)?;
        Ok(())
    }

    /// Verifies the blob and gives it its name. When this returns, the blob survives power loss.
    ///
    /// # Errors
    /// When bytes are missing or have another digest, or the disk refuses them.
    pub fn finish(self) -> Result<(), BlobError> {
        if self.received != self.size_bytes {
            return Err(self.wrong_size());
        }
        let actual = Digest(self.hasher.finalize().into());
        if actual != self.digest {
            return Err(BlobError::Mismatch { declared: self.digest, actual });
        }
        self.file.as_file().sync_all()?;
        let place = self.blobs.path(&self.digest);
        let _present = self.blobs.present();
        let dir = place.parent().unwrap_or(&self.blobs.shared.root);
        if !dir.is_dir() {
            fs::create_dir_all(dir)?;
            sync_dir(&self.blobs.shared.root)?;
        }
        // The same blob may have been finished meanwhile by somebody else: equal bytes, so
        // replacing it is harmless, and it makes the blob young again.
        self.file.persist(&place).map_err(|failed| BlobError::from(failed.error))?;
        sync_dir(dir)?;
        Ok(())
    }

    fn wrong_size(&self) -> BlobError {
        BlobError::Size { declared: self.size_bytes, received: self.received }
    }
}

/// Makes the names in `dir` durable.
fn sync_dir(dir: &Path) -> io::Result<()> {
    // Only Unix can open a folder; elsewhere the file system journals names by itself.
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
