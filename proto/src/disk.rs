//! Small files that must be whole, and on the disk, whatever happens meanwhile.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a small file, with mode 600 where there are modes, so that a reader sees the old one or the new one, never a half.
///
/// # Errors
/// What the system says; then the old file stays.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or_else(|| Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|refused| refused.error)
}

/// Sees to it that the names in a folder survive a loss of power.
///
/// # Errors
/// What the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // Other systems do not open folders as files, and write their entries through or keep a journal of them.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
