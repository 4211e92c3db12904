//! Tries one thing from behind the wall, and without it.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::sys::signal::Signal;
use tempfile::TempDir;

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    Done,
    Refused(Errno),
    /// The wall ended the process.
    Ended,
}

pub(crate) const DENIED: Came = Came::Refused(Errno::EACCES);
pub(crate) const UNKNOWN: Came = Came::Refused(Errno::ENOSYS);

/// A room, and something outside of it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["room", "outside"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    pub(crate) fn room(&self, name: &str) -> PathBuf {
        self.folder.path().join("room").join(name)
    }

    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join("outside").join(name)
    }

    pub(crate) fn with_wall(&self, attempt: &str, target: impl AsRef<Path>) -> Came {
        self.attempt("wall", attempt, target.as_ref())
    }

    /// As a slot's process that has run a guest: the room may only be read.
    pub(crate) fn with_narrow_wall(&self, attempt: &str, target: impl AsRef<Path>) -> Came {
        self.attempt("narrow", attempt, target.as_ref())
    }

    pub(crate) fn without(&self, attempt: &str, target: impl AsRef<Path>) -> Came {
        self.attempt("none", attempt, target.as_ref())
    }

    fn attempt(&self, wall: &str, attempt: &str, target: &Path) -> Came {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manyhands-escapee"));
        let room = self.folder.path().join("room");
        let status = command.arg(wall).arg(room).arg(attempt).arg(target).status().unwrap();
        match (status.code(), status.signal()) {
            (Some(0), _) => Came::Done,
            (Some(250), _) => panic!("{attempt} was not tried"),
            (Some(number), _) => Came::Refused(Errno::from_raw(number)),
            (None, Some(signal)) if signal == Signal::SIGSYS as i32 => Came::Ended,
            (None, signal) => panic!("{attempt} ended by signal {signal:?}"),
        }
    }
}

/// Another process of the same user, which waits until this value is dropped.
pub(crate) struct Other(Child);

impl Other {
    pub(crate) fn start() -> Self {
        let mut command = Command::new("cat");
        Self(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn id(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}
