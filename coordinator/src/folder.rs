//! The data folder: who may use it, and where what is in it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A data folder that is ours alone while this lives.
///
/// ```text
/// coordinator.key   the identity, mode 600
/// coordinator.db    jobs, units, hosts, ledger (with -wal and -shm while running)
/// blobs/            bytes by digest
/// secrets/          of jobs with private inputs, by their manifests' digests, mode 600
/// coordinators      the project's word on where its coordinators are, if it has a key of its own
/// address           an invite to this coordinator, for programs on this machine
/// lock              held while a coordinator runs
/// ```
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Held by the open file; the system lets go of it when the process ends, however it ends.
    _lock: File,
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another coordinator runs on it.
    #[error("another coordinator uses {}: stop it, or choose another data folder", .0.display())]
    InUse(PathBuf),
    /// It cannot be made or written to.
    #[error("cannot use the data folder {}: {source}", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Folder {
    /// Makes the folder when missing, for its owner only, and takes it.
    ///
    /// # Errors
    /// When another coordinator has it, or it cannot be used.
    pub(crate) fn take(root: &Path) -> Result<Self, FolderError> {
        let unusable = |source| FolderError::Unusable { path: root.to_owned(), source };
        create_private(root).map_err(unusable)?;
        let lock = File::options().create(true).append(true).open(root.join("lock"));
        let lock = lock.map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(root.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.root.join("coordinator.key")
    }

    /// The file with the coordinator record that was taken up.
    pub(crate) fn coordinators(&self) -> PathBuf {
        self.root.join("coordinators")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("coordinator.db")
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.root.join("secrets")
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// Leaves word of where this coordinator listens; readers see the old text or the new one.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub(crate) fn leave_address(&self, invite: &str) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.root)?;
        writeln!(file, "{invite}")?;
        file.persist(self.root.join("address")).map(drop).map_err(|failed| failed.error)
    }
}

/// Makes a folder when missing, for its owner only.
#[cfg(unix)]
pub(crate) fn create_private(root: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(root)
}

/// Elsewhere a user's folders are already closed to other users.
#[cfg(not(unix))]
pub(crate) fn create_private(root: &Path) -> io::Result<()> {
    fs::create_dir_all(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_coordinators_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("data");
        let folder = Folder::take(&root).unwrap();
        assert!(matches!(Folder::take(&root), Err(FolderError::InUse(path)) if path == root));
        drop(folder);
        Folder::take(&root).unwrap();
    }
}
