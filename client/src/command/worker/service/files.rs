//! What installing and uninstalling do to the machine: files that are ours, and commands of the system's.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::NamedTempFile;

use super::is_ours;
use crate::failure::Failure;

/// A file to be written.
#[derive(Debug)]
pub(in crate::command::worker) struct Planned {
    pub(in crate::command::worker) path: PathBuf,
    pub(in crate::command::worker) text: String,
    /// Who may read it.
    pub(in crate::command::worker) mode: u32,
}

impl Planned {
    /// Writes all of it or nothing, with its folders.
    pub(in crate::command::worker) fn write(&self) -> Result<(), Failure> {
        let write = || {
            let folder = self.path.parent().unwrap_or_else(|| Path::new("/"));
            fs::create_dir_all(folder)?;
            let mut file = new_file(folder, self.mode)?;
            file.write_all(self.text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|error| failure(&self.path, &error))
    }
}

/// A file without its name yet, which only those may read whom the mode lets.
#[cfg(unix)]
fn new_file(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::Permissions::from_mode(mode);
    tempfile::Builder::new().permissions(mode).tempfile_in(folder)
}

/// A file without its name yet; its folder says who may read it.
#[cfg(not(unix))]
fn new_file(folder: &Path, _mode: u32) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// Refuses a file that `install` did not write; one that is not there is fine.
pub(in crate::command::worker) fn check_ours(path: &Path) -> Result<(), Failure> {
    match fs::read_to_string(path) {
        Ok(text) if is_ours(&text) => Ok(()),
        Ok(_) => Err(Failure::bad_input(format!(
            "{} was not written by `manyhands worker install`: it stays as it is",
            path.display()
        ))
        .hint("remove it yourself if it is not wanted")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failure(path, &error)),
    }
}

/// Runs a command of the system's; it talks to the same terminal.
pub(in crate::command::worker) fn run(words: &[String]) -> Result<(), Failure> {
    let Some((program, args)) = words.split_first() else {
        return Ok(());
    };
    let shown = words.join(" ");
    match Command::new(program).args(args).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::failed(format!("`{shown}` ended with {status}"))),
        Err(error) => Err(Failure::failed(format!("`{shown}` cannot be run: {error}"))),
    }
}

/// An error about a file, naming it.
pub(in crate::command::worker) fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}
