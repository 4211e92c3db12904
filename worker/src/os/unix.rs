//! Files of Unix systems: a mode says who may use one, and its name is any bytes.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// What keeps others out of a private file or folder.
pub(crate) const PRIVATE: &str = "is open to its owner only";

/// A file that is made so is its owner's only.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Makes a folder with those above it, for its owner only, where there is none.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Closes a folder that is there already to everybody but its owner.
pub(crate) fn close_folder(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// The mode of a file or folder that others may use too; `None` if they may not.
pub(crate) fn openness(metadata: &Metadata) -> Option<u32> {
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Every name can be told to a slot.
pub(crate) fn check_name(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// A path as bytes, for a slot.
pub(crate) fn path_bytes(path: &Path) -> Bytes {
    Bytes::copy_from_slice(path.as_os_str().as_bytes())
}

/// The path that [`path_bytes`] made these of.
pub(crate) fn path(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}
