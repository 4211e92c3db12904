//! Resource limits of a slot's process.

use std::io;

use nix::sys::resource::{Resource, rlim_t, setrlimit};

use crate::sandbox::{FILE_BYTES_MAX, MEMORY_BYTES_MAX};
use crate::wall::Wall;

/// Open files: pipes, a socket, and a handful while an input, a checkpoint or an output is read or written.
const FILES_MAX: rlim_t = 64;
/// Largest file: a checkpoint of the largest guest, with all its files, and room for what does not compress.
const FILE_SIZE_MAX: rlim_t = 2 * (MEMORY_BYTES_MAX + 2 * FILE_BYTES_MAX);

/// Lowers limits for good. Memory is not among them: the engine reserves gigabytes of addresses for each guest
/// and uses few of them. Neither are processes: the system counts all of the user's, and would refuse
/// threads to a slot because of someone else's; the filter of system calls forbids new ones.
pub(super) fn raise() -> io::Result<Wall> {
    let limits = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_NOFILE, FILES_MAX),
        (Resource::RLIMIT_FSIZE, FILE_SIZE_MAX),
        (Resource::RLIMIT_MEMLOCK, 0),
        (Resource::RLIMIT_MSGQUEUE, 0),
        (Resource::RLIMIT_RTPRIO, 0),
    ];
    for (resource, most) in limits {
        let (_, hard) = nix::sys::resource::getrlimit(resource)?;
        let most = most.min(hard);
        setrlimit(resource, most, most)?;
    }
    Ok(Wall::standing("limits", format!("{FILES_MAX} open files, no locked memory, no dumps")))
}
