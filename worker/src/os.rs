//! What operating systems do differently about files: who may use them, and their names as bytes.
//!
//! One file for each family of systems. What they do differently about processes is in `slots::process`, about the
//! owner's questions in `control::socket`, about sensors in `probe`, about walls in `wall`.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use self::unix::{
    PRIVATE, check_name, close_folder, openness, path, path_bytes, private, private_folder,
};
#[cfg(windows)]
pub(crate) use self::windows::{
    PRIVATE, check_name, close_folder, openness, path, path_bytes, private, private_folder,
};
