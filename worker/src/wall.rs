//! The second wall: what stands between a slot's process and the machine, should a guest get out of the engine.
//!
//! [`raise`] is called by each slot once, before it has read anything of a guest, and cannot be undone. It keeps
//! what the system offers and tells what is missing; which of it runs where, and what an escaped guest can
//! still do, is in `WALL.md`, beside this file's folder.
//!
//! One file for each operating system has that system's walls.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::fmt;
use std::io;
use std::path::PathBuf;

#[cfg(target_os = "linux")]
use self::linux as system;
#[cfg(not(target_os = "linux"))]
use self::other as system;

/// What there is in the room: nothing but these folders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Room {
    /// Folders below which files may be read.
    pub readable: Vec<PathBuf>,
    /// Folders below which files may also be made, written, renamed and removed.
    pub writable: Vec<PathBuf>,
}

/// One of the things between a slot and the machine, or its absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wall {
    /// What it keeps a guest from: `files`, `system calls`, ….
    pub name: String,
    /// Whether it is there.
    pub stands: bool,
    /// By what means, or why not and what follows.
    pub detail: String,
}

impl Wall {
    /// A wall that is there, by such means.
    #[cfg(target_os = "linux")]
    fn standing(name: &str, means: impl Into<String>) -> Self {
        Self { name: name.to_owned(), stands: true, detail: means.into() }
    }

    /// A wall that is not there, and what follows.
    fn missing(name: &str, why: impl Into<String>) -> Self {
        Self { name: name.to_owned(), stands: false, detail: why.into() }
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is = if self.stands { "stands" } else { "missing" };
        write!(f, "{}: {is}: {}", self.name, self.detail)
    }
}

/// Shuts this thread, and all that it starts from now on, into `room`, as far as the system can, and says
/// what stands. To be called while the process has one thread: others would stay outside.
///
/// # Errors
/// If a folder of the room cannot be opened, or the system has a wall but does not raise it. What was
/// raised until then stays.
pub fn raise(room: &Room) -> io::Result<Vec<Wall>> {
    system::raise(room)
}

/// Shuts this thread, and all that it starts from now on, into a smaller room, behind a wall that was raised. The other
/// threads of the process stay where they are: each has to do the same. What was missing is missing still.
///
/// # Errors
/// As [`raise`].
pub fn narrow(room: &Room) -> io::Result<()> {
    system::narrow(room)
}
