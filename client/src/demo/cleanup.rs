//! The folder of a demonstration: gone at the end, but for what is worth keeping.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::failure::Failure;

/// A temporary folder: state that goes, results that may stay.
#[derive(Debug)]
pub(crate) struct Workplace {
    dir: TempDir,
}

impl Workplace {
    /// A fresh folder, for this user only.
    pub(crate) fn create() -> Result<Self, Failure> {
        let dir = tempfile::Builder::new().prefix("manyhands-demo-").tempdir()?;
        fs::create_dir(dir.path().join("state"))?;
        Ok(Self { dir })
    }

    /// A place in what goes.
    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.dir.path().join("state").join(name)
    }

    /// Where results go.
    pub(crate) fn results(&self) -> PathBuf {
        self.dir.path().join("results")
    }

    /// Writes a file into what goes, with its folders.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.state(name);
        fs::create_dir_all(path.parent().unwrap_or_else(|| Path::new(".")))?;
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// Removes all but the results, and leaves those to whoever watched.
    pub(crate) fn keep_results(self) -> Result<PathBuf, Failure> {
        fs::remove_dir_all(self.dir.path().join("state"))?;
        Ok(self.dir.keep().join("results"))
    }
}
