//! Files of Windows: they inherit from their folder who may use them, and their names are told as UTF-8.
//!
//! What lies below a user's profile, where a worker's folder is unless its owner says otherwise, is closed to
//! everybody but that user, the system and its administrators.

use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// What keeps others out of a private file or folder.
pub(crate) const PRIVATE: &str = "has the access rights of the folder that it is in, which are not looked at: below \
                                  your profile it is closed to other users";

/// A file that is made so has the rights of its folder.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes a folder with those above it where there is none; it has the rights of the one above.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Its rights stay those of the folder above.
pub(crate) fn close_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Access lists are not looked at: nothing is known to be open.
pub(crate) fn openness(_metadata: &Metadata) -> Option<u32> {
    None
}

/// Refuses a name that is not Unicode: it could not be told to a slot.
pub(crate) fn check_name(path: &Path) -> io::Result<()> {
    let refused = || io::Error::new(io::ErrorKind::InvalidFilename, "its name is not Unicode");
    path.to_str().map(drop).ok_or_else(refused)
}

/// A path as bytes, for a slot. All are below folders that [`check_name`] let pass; any other one would not be found.
pub(crate) fn path_bytes(path: &Path) -> Bytes {
    Bytes::copy_from_slice(path.to_string_lossy().as_bytes())
}

/// The path that [`path_bytes`] made these of.
pub(crate) fn path(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}
