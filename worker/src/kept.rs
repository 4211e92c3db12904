//! What is kept of a volunteer, in a data folder and at the coordinator: shown on request, and erased on request.

mod asking;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use manyhands_proto::identity::Identity;

use crate::consent::{Consents, Record};
use crate::home::{Home, Keep};
use crate::spool::Spool;
use crate::{HomeError, WorkerError};

pub use self::asking::{ASK_MAX, AskError, Way};

/// Everything that a worker ever makes in its folder, see [`Home`]; the databases with what belongs to them.
const NAMES: [&str; 30] = [
    "key",
    "consent.jsonl",
    "spool.db",
    "spool.db-wal",
    "spool.db-shm",
    "spool.db-journal",
    "coordinators",
    "blobs",
    "modules",
    "slots",
    "control",
    "diary",
    "diary.new",
    "availability",
    "availability.new",
    "budget",
    "budget.new",
    "wish",
    "wish.new",
    "credit",
    "credit.new",
    "ahead",
    "ahead.new",
    "projects",
    "page-token",
    "settings.toml",
    "settings.toml.new",
    "peers",
    "peers.new",
    // Last, because it is held meanwhile.
    "lock",
];

/// What a folder keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What each project knows this machine by; first the one that was there first.
    pub hosts: Vec<KeptHost>,
    /// Who agreed to what.
    pub consents: Vec<Record>,
    /// Replicas that were begun, and not reported.
    pub leases: usize,
    /// Reports that the coordinator has not acknowledged.
    pub reports: usize,
    /// Files and folders, and the bytes of each.
    pub sizes: Vec<(PathBuf, u64)>,
}

/// What a project knows this machine by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptHost {
    /// The public half of the host's key.
    pub key: Option<String>,
    /// The coordinator that the host joined, by its key, and the host's number there.
    pub enrolment: Option<(String, u64)>,
    keep: Keep,
}

/// Why a folder's contents cannot be shown or erased.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// There is nothing of a worker.
    #[error("{} is no data folder of a worker: there is no key in it", .0.display())]
    Nothing(PathBuf),
    /// A part of the folder.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The records of consent.
    #[error(transparent)]
    Consent(#[from] crate::consent::ConsentError),
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The data folder of a worker that does not run, and cannot be started as long as this is open.
#[derive(Debug)]
pub struct Folder {
    home: Home,
}

impl Folder {
    /// Opens a folder that is a worker's; others are not even locked.
    ///
    /// # Errors
    /// [`KeptError`]; while a worker uses the folder, [`HomeError::Busy`] in it.
    pub fn open(root: &Path) -> Result<Self, KeptError> {
        let is_a_workers = ["key", "consent.jsonl"].iter().any(|name| root.join(name).is_file());
        if !is_a_workers {
            return Err(KeptError::Nothing(root.to_owned()));
        }
        let home = Home::open(root);
        home.map(|home| Self { home }).map_err(|error: HomeError| KeptError::Worker(error.into()))
    }

    /// Lists what it keeps.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn list(&self) -> Result<Kept, KeptError> {
        let root = self.home.root();
        let mut kept = Kept {
            hosts: Vec::new(),
            consents: Consents::read(root)?.records().to_vec(),
            leases: 0,
            reports: 0,
            sizes: Vec::new(),
        };
        let keeps = self.home.keeps();
        for keep in keeps.map_err(|source| KeptError::Io { path: root.to_owned(), source })? {
            kept.add(keep)?;
        }
        let paths = NAMES.iter().map(|name| root.join(name)).filter(|path| path.exists());
        for path in paths {
            let bytes =
                size(&path).map_err(|source| KeptError::Io { path: path.clone(), source })?;
            kept.sizes.push((path, bytes));
        }
        Ok(kept)
    }

    /// Removes all that a worker made in it, and the folder, unless something else is in it; gives whether the folder is
    /// gone.
    ///
    /// # Errors
    /// [`KeptError`]. What was removed until then stays so.
    pub fn erase(self) -> Result<bool, KeptError> {
        let root = self.home.root();
        for path in NAMES.iter().map(|name| root.join(name)) {
            let failed = |source| KeptError::Io { path: path.clone(), source };
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => fs::remove_dir_all(&path).map_err(failed)?,
                Ok(_file) => fs::remove_file(&path).map_err(failed)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(failed(source)),
            }
        }
        match fs::remove_dir(root) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(false),
            Err(source) => Err(KeptError::Io { path: root.to_owned(), source }),
        }
    }
}

impl Kept {
    /// Adds what is kept for one project.
    fn add(&mut self, keep: Keep) -> Result<(), WorkerError> {
        let mut host = KeptHost { key: None, enrolment: None, keep };
        host.key = host.identity()?.map(|it| it.public_key().to_string());
        if let Some(restored) = Spool::peek(&host.keep.spool())? {
            host.enrolment = restored.enrolment.map(|it| (it.coordinator, it.host));
            self.leases += restored.held.len();
            self.reports += restored.reports.len();
        }
        self.hosts.push(host);
        Ok(())
    }
}

impl KeptHost {
    /// The host's identity, if there is one.
    fn identity(&self) -> Result<Option<Identity>, WorkerError> {
        let path = self.keep.key();
        Ok(path.exists().then(|| Identity::load_or_create(&path)).transpose()?)
    }
}

/// Bytes of a file, or of all files below a folder.
fn size(path: &Path) -> io::Result<u64> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() {
        return Ok(found.len());
    }
    fs::read_dir(path)?.map(|entry| size(&entry?.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_others_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("blobs")).unwrap();
        assert!(matches!(Folder::open(dir.path()), Err(KeptError::Nothing(_))));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn all_that_a_worker_made_goes_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("worker");
        let home = Home::open(&root).unwrap();
        let keep = home.keep();
        let identity = Identity::load_or_create(&keep.key()).unwrap();
        fs::create_dir(keep.blobs()).unwrap();
        fs::write(keep.blobs().join("a"), "1234567").unwrap();
        assert!(matches!(Folder::open(&root), Err(KeptError::Worker(_))), "a worker uses it");
        drop(home);

        let folder = Folder::open(&root).unwrap();
        assert!(matches!(Home::open(&root), Err(HomeError::Busy(_))), "none can begin meanwhile");
        let kept = folder.list().unwrap();
        assert_eq!(kept.hosts[0].key, Some(identity.public_key().to_string()));
        assert!(kept.sizes.contains(&(root.join("blobs"), 7)), "{kept:?}");
        assert!(!root.join("spool.db").exists(), "looking makes nothing");

        fs::write(root.join("mine.txt"), "").unwrap();
        assert!(!folder.erase().unwrap());
        let left: Vec<_> = fs::read_dir(&root).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left, ["mine.txt"]);
        fs::write(root.join("consent.jsonl"), "").unwrap();
        fs::remove_file(root.join("mine.txt")).unwrap();
        assert!(Folder::open(&root).unwrap().erase().unwrap());
        assert!(!root.exists());
    }
}
