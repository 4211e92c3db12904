//! Removing the blobs that nothing refers to any more.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::sync::PoisonError;
use std::time::SystemTime;

use manyhands_core::digest::Digest;

use super::{BlobError, BlobStats, Blobs, outboard};
use crate::clock;

/// What a sweep removed.
pub type Swept = BlobStats;

impl Blobs {
    /// Removes each blob for which `referred` is false and whose grace is over.
    ///
    /// A blob that somebody put or asked about within the grace stays even when nothing refers to
    /// it yet: a submission may be under way that will.
    ///
    /// # Errors
    /// When the file system fails; what was removed until then stays removed.
    pub fn sweep(&self, referred: impl Fn(&Digest) -> bool) -> Result<Swept, BlobError> {
        let mut swept = Swept::default();
        let Some(before) = clock::file_time().checked_sub(self.shared.grace) else {
            return Ok(swept);
        };
        self.for_each(|digest, metadata| {
            if !referred(&digest)
                && metadata.modified()? < before
                && self.remove(&digest, before)?
            {
                swept.blobs += 1;
                swept.bytes += metadata.len();
            }
            Ok(())
        })?;
        Ok(swept)
    }

    /// Removes the blob unless it was used since `before`.
    fn remove(&self, digest: &Digest, before: SystemTime) -> Result<bool, BlobError> {
        let _alone = self.shared.presence.write().unwrap_or_else(PoisonError::into_inner);
        let path = self.path(digest);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.modified()? < before => {
                fs::remove_file(&path)?;
                remove_if_there(&outboard(&path))?;
            }
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Calls `visit` with each blob; files that are no blobs are passed over.
    pub(super) fn for_each(
        &self,
        mut visit: impl FnMut(Digest, Metadata) -> Result<(), BlobError>,
    ) -> Result<(), BlobError> {
        for dir in fs::read_dir(&self.shared.root)? {
            let dir = dir?.path();
            if dir == self.incoming_dir() || !dir.is_dir() {
                continue;
            }
            for entry in fs::read_dir(&dir)? {
                let path = entry?.path();
                if let (Some(digest), Some(metadata)) = (digest_of(&path), present(&path)?) {
                    visit(digest, metadata)?;
                }
            }
        }
        Ok(())
    }
}

fn remove_if_there(path: &Path) -> Result<(), BlobError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The digest that a path stands for.
fn digest_of(path: &Path) -> Option<Digest> {
    let rest = path.file_name()?.to_str()?;
    let start = path.parent()?.file_name()?.to_str()?;
    format!("{start}{rest}").parse().ok()
}

/// What is known of a file, if it is still there.
fn present(path: &Path) -> Result<Option<Metadata>, BlobError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
