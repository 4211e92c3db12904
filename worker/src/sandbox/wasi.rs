//! WASI preview 1, deterministic: the functions that a guest can import.
//!
//! Each is a method of [`Host`](crate::sandbox::host::Host) named as WASI names it, and takes the
//! guest's memory as a bounds-checked [`GuestMemory`](memory::GuestMemory): a guest can pass any
//! number as a pointer or a length and gets an error code, never a panic of ours. `link` is the list
//! that the engine sees.

mod directory;
pub(crate) mod errno;
mod io;
mod link;
pub(crate) mod memory;
mod path;
mod process;
mod status;
mod time;

pub(crate) use self::link::link;
