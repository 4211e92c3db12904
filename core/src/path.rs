//! Names that come from strangers and become paths of files.

use crate::limits::PATH_BYTES_MAX;

/// A path that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It is empty or too long.
    #[error("a path of {bytes} bytes; it must have between 1 and {PATH_BYTES_MAX}")]
    Length {
        /// How long it is.
        bytes: usize,
    },
    /// It would leave its folder, or means different things on different systems.
    #[error("{path:?} is not a plain relative path; use parts such as a/b.txt, without `..`")]
    Unsafe {
        /// The path as it was written.
        path: String,
    },
}

/// Checks that `path` stays inside its folder on every system: parts separated by `/`, none empty
/// or only dots, no control characters and none that some system reads as a separator or a drive.
///
/// # Errors
/// What is wrong with it.
pub fn check(path: &str) -> Result<(), PathError> {
    if path.is_empty() || path.len() > PATH_BYTES_MAX {
        return Err(PathError::Length { bytes: path.len() });
    }
    let forbidden = |c: char| c.is_control() || matches!(c, '\\' | ':');
    let plain = |part: &str| !part.bytes().all(|b| b == b'.') && !part.contains(forbidden);
    if path.split('/').all(plain) {
        return Ok(());
    }
    Err(PathError::Unsafe { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_taken() {
        for path in ["a", "hits.csv", "a/b/c.txt", ".hidden", "with space", "ünï"] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn paths_that_leave_their_folder_are_refused() {
        for path in ["/etc", "..", "a/../b", "a//b", "a/", "./a", "...", "a\\b", "C:x", "a\0", ""] {
            assert!(check(path).is_err(), "{path:?}");
        }
        assert!(check(&"x".repeat(PATH_BYTES_MAX + 1)).is_err());
    }
}
