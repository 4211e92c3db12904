//! The walls of Linux: no new privileges, limits, Landlock for files, seccomp for system calls.

mod calls;
mod files;
mod limits;

use std::io;

use nix::sys::prctl;

use crate::wall::{Room, Wall};

pub(super) fn raise(room: &Room) -> io::Result<Vec<Wall>> {
    let mut walls = vec![privileges()?, limits::raise()?, files::raise(room)?];
    // Last, because it forbids to raise the others.
    walls.push(calls::raise()?);
    Ok(walls)
}

pub(super) fn narrow(room: &Room) -> io::Result<()> {
    files::raise(room).map(drop)
}

/// No program that it starts has more rights than this process, and nobody but root can look into its memory, not
/// even through a dump: a system that hands dumps to a program does not ask the limit on their size.
fn privileges() -> io::Result<Wall> {
    prctl::set_no_new_privs()?;
    prctl::set_dumpable(false)?;
    Ok(Wall::standing("privileges", "no new privileges"))
}
