//! The worker's data folder: who may use it, and what lies where.
//!
//! ```text
//! lock           held while a worker runs
//! key            the host's identity
//! consent.jsonl  who agreed to what, and when; only ever appended to
//! spool.db       leases, unacknowledged reports, newest checkpoints
//! coordinators   where the project says that its coordinators are
//! blobs/         downloaded and computed blobs, by digest
//! modules/       compiled programs; only this machine ever wrote here
//! slots/         a folder for each slot; emptied on start
//! peers          other workers that have answered
//! control        the socket through which the owner asks (a named pipe on Windows)
//! diary, budget, wish
//!                where the time went, what was spent of a day's budgets, what the owner said last
//! availability   when this machine is usually there
//! credit         what was earned, as far as is known
//! ahead          how much time the project got beyond its share
//! projects/KEY/  the same of each further project: its own key, spool, cache, peers and credit
//! page-token     the secret part of the page's address
//! settings.toml  what the owner said on the page, if no other settings file was named
//! ```

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use manyhands_proto::invite::Invite;

use crate::os;

/// An open data folder. It is this process's alone until this value is dropped.
#[derive(Debug)]
pub(crate) struct Home {
    root: PathBuf,
    /// Unlocked by the system when the process ends, however it ends.
    lock: File,
}

/// The folder of one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    root: PathBuf,
}

impl Drop for Home {
    /// Closing the file is not enough: a child that is just being started has a copy of it until it
    /// runs its own program.
    fn drop(&mut self) {
        drop(self.lock.unlock());
    }
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Another process has it.
    #[error(
        "another worker uses the data folder {}: stop it, or name another folder",
        .0.display()
    )]
    Busy(PathBuf),
    /// It cannot be made or written.
    #[error("cannot use the data folder {}: {source}", path.display())]
    Unusable {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Home {
    /// Opens the folder at `root`, making it (for the owner only) where there is none.
    ///
    /// # Errors
    /// [`HomeError::Busy`] while another worker has it, [`HomeError::Unusable`].
    pub(crate) fn open(root: &Path) -> Result<Self, HomeError> {
        // Slots use these paths too, from another working folder.
        let root = &std::path::absolute(root)
            .map_err(|source| HomeError::Unusable { path: root.to_owned(), source })?;
        os::check_name(root)
            .map_err(|source| HomeError::Unusable { path: root.to_owned(), source })?;
        make(root)?;
        let path = root.join("lock");
        let lock = os::private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(&path)
            .map_err(|source| HomeError::Unusable { path: path.clone(), source })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), lock }),
            Err(TryLockError::WouldBlock) => Err(HomeError::Busy(root.to_owned())),
            Err(TryLockError::Error(source)) => Err(HomeError::Unusable { path, source }),
        }
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What the project keeps that was there first.
    pub(crate) fn keep(&self) -> Keep {
        Keep { root: self.root.clone() }
    }

    /// What another project keeps; its folder is made where there is none.
    ///
    /// # Errors
    /// [`HomeError::Unusable`].
    pub(crate) fn keep_of(&self, project: &Invite) -> Result<Keep, HomeError> {
        let root = self.folder_of(project);
        make(&root)?;
        Ok(Keep { root })
    }

    /// Whether another project has a folder.
    pub(crate) fn has_keep_of(&self, project: &Invite) -> bool {
        self.folder_of(project).exists()
    }

    /// What each project keeps; first the one that was there first.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn keeps(&self) -> io::Result<Vec<Keep>> {
        let entries = match self.projects().read_dir() {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut others: Vec<Keep> =
            entries.into_iter().map(|entry| Keep { root: entry.path() }).collect();
        others.sort_by(|one, other| one.root.cmp(&other.root));
        Ok([self.keep()].into_iter().chain(others).collect())
    }

    fn folder_of(&self, project: &Invite) -> PathBuf {
        self.projects().join(folder_name(project))
    }

    fn projects(&self) -> PathBuf {
        self.root.join("projects")
    }

    /// The folder with the slots' folders.
    pub(crate) fn slots(&self) -> PathBuf {
        self.root.join("slots")
    }

    /// The folder of compiled programs.
    pub(crate) fn modules(&self) -> PathBuf {
        self.root.join("modules")
    }
}

impl Keep {
    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The file with the host's key.
    pub(crate) fn key(&self) -> PathBuf {
        self.root.join("key")
    }

    /// The database of the spool.
    pub(crate) fn spool(&self) -> PathBuf {
        self.root.join("spool.db")
    }

    /// The newest coordinator record.
    pub(crate) fn coordinators(&self) -> PathBuf {
        self.root.join("coordinators")
    }

    /// The folder of the cache.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// The file with other workers that have answered.
    pub(crate) fn peers(&self) -> PathBuf {
        self.root.join("peers")
    }
}

/// A name for a project's folder: there is no key only where the coordinator is on this machine, and that is one.
fn folder_name(project: &Invite) -> String {
    project.endpoint().key().map_or_else(|| "plain".to_owned(), |key| key.to_string())
}

/// Makes the folder, for its owner only, where there is none.
pub(crate) fn make(root: &Path) -> Result<(), HomeError> {
    let unusable = |source| HomeError::Unusable { path: root.to_owned(), source };
    os::private_folder(root).map_err(unusable)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_worker_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("deep/data");
        let first = Home::open(&root).unwrap();
        assert!(matches!(Home::open(&root), Err(HomeError::Busy(path)) if path == root));
        drop(first);
        let mode = root.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        Home::open(&root).unwrap();
    }

    #[test]
    fn a_file_is_no_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "").unwrap();
        assert!(matches!(Home::open(&path), Err(HomeError::Unusable { .. })));
    }
}
