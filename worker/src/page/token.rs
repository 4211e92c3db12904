//! The secret part of the page's address, in a file that only the owner can read. It stays the same from one start to
//! the next, so that a bookmark does.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::PageError;
use crate::os;

/// Name of the file in the data folder.
const NAME: &str = "page-token";

/// Random bytes.
const BYTES: usize = 32;

/// The token of a data folder, made if there is none. One that others could read, or that was cut off, is replaced.
///
/// # Errors
/// [`PageError::Token`].
pub(super) fn load_or_create(folder: &Path) -> Result<String, PageError> {
    let path = folder.join(NAME);
    let failed = |source| PageError::Token { path: path.clone(), source };
    match fs::symlink_metadata(&path) {
        Ok(found) if found.is_file() && os::openness(&found).is_none() => {
            let token = fs::read_to_string(&path).map_err(failed)?.trim().to_owned();
            if is_token(&token) {
                return Ok(token);
            }
            fs::remove_file(&path).map_err(failed)?;
        }
        Ok(_) => fs::remove_file(&path).map_err(failed)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut secret = [0; BYTES];
    getrandom::fill(&mut secret).map_err(|error| failed(io::Error::other(error.to_string())))?;
    let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = os::private(OpenOptions::new().write(true).create_new(true)).open(&path);
    file.and_then(|mut file| file.write_all(token.as_bytes())).map_err(failed)?;
    Ok(token)
}

fn is_token(text: &str) -> bool {
    text.len() == 2 * BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_stays_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let token = load_or_create(folder.path()).unwrap();
        assert!(is_token(&token));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load_or_create(folder.path()).unwrap(), token);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let next = load_or_create(folder.path()).unwrap();
        assert_ne!(next, token, "whoever read it knows nothing now");
        fs::write(&path, "short").unwrap();
        assert!(is_token(&load_or_create(folder.path()).unwrap()));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = load_or_create(&folder.path().join("gone")).unwrap_err().to_string();
        assert!(error.contains("gone/page-token"), "{error}");
    }
}
