//! The walls of systems other than Linux: none yet.

use std::io;

use crate::wall::{Room, Wall};

/// Nothing is raised: a guest that gets out of the engine has what the worker's user has.
pub(super) fn raise(_room: &Room) -> io::Result<Vec<Wall>> {
    let none = format!(
        "none on {} yet: a program that got out of the engine could do what this user can",
        std::env::consts::OS
    );
    Ok(["privileges", "files", "system calls", "limits"].map(|it| Wall::missing(it, &*none)).into())
}

/// There is no wall that could stand closer.
pub(super) fn narrow(_room: &Room) -> io::Result<()> {
    Ok(())
}
