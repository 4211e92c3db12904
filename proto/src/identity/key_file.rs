//! The file that holds a secret key: read with suspicion, created once and for good.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::{Identity, base32};
use crate::disk;

/// First word of the line that matters; the number is the version of the format.
const MARK: &str = "manyhands-secret-key-1";

const COMMENT: &str = "# Whoever has this file is this identity: keep it, and keep it to yourself.";

/// Longest key file, in bytes: room for a few lines of comments.
const FILE_BYTES_MAX: u64 = 4096;

/// Why there is no identity to be had from a key file.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It exists, but reading it fails.
    #[error("cannot read the key file {path}")]
    Read {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It does not exist, and making it fails.
    #[error("cannot create the key file {path}: check that its folder exists and is writable")]
    Create {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its group or everyone may read or write it.
    #[error("others can open the key file {path} (mode {mode:o}): run `chmod 600 {path}`")]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Its text is not `manyhands-secret-key-1` and a key.
    #[error(
        "the key file {path} is damaged or from another version: restore it from a backup, \
         or remove it to start as a new identity"
    )]
    Malformed {
        /// The key file.
        path: PathBuf,
    },
    /// The system gives no random bytes for a new key.
    #[error("the system gives no random bytes for a new key")]
    Entropy(#[from] getrandom::Error),
}

/// See [`Identity::load_or_create`].
pub(super) fn load_or_create(path: &Path) -> Result<Identity, KeyFileError> {
    match load(path) {
        Err(KeyFileError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        loaded => return loaded,
    }
    let fresh = Identity::generate()?;
    match create(path, &fresh) {
        Ok(()) => Ok(fresh),
        // Someone was faster: theirs is the identity.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => load(path),
        Err(source) => Err(KeyFileError::Create { path: path.into(), source }),
    }
}

fn load(path: &Path) -> Result<Identity, KeyFileError> {
    let failed = |source| KeyFileError::Read { path: path.into(), source };
    let file = File::open(path).map_err(failed)?;
    // Asked of the open file, so that nothing can be swapped in between.
    refuse_exposed(path, &file.metadata().map_err(failed)?)?;

    let mut text = String::new();
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    parse(&text).ok_or_else(|| KeyFileError::Malformed { path: path.into() })
}

fn parse(text: &str) -> Option<Identity> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let seed = lines.next()?.strip_prefix(MARK)?.strip_prefix(' ')?;
    let seed = base32::decode(seed)?;
    lines.next().is_none().then(|| Identity::from_seed(&seed))
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &std::fs::Metadata) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt;

    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFileError::Exposed { path: path.into(), mode }) }
}

/// Elsewhere a user's profile folder is already closed to other users.
#[cfg(not(unix))]
fn refuse_exposed(_path: &Path, _metadata: &std::fs::Metadata) -> Result<(), KeyFileError> {
    Ok(())
}

/// Writes the whole file beside its place, then moves it there unless something is there already:
/// no reader ever sees half a key, and no key is ever overwritten.
fn create(path: &Path, identity: &Identity) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Temporary files are made with mode 600.
    let mut file = tempfile::Builder::new().prefix(".key-").tempfile_in(folder)?;
    writeln!(file, "{COMMENT}\n{MARK} {}", base32::encode(identity.seed()))?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|refused| refused.error)?;
    disk::sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Barrier;

    use super::*;
    use crate::identity::PublicKey;

    fn key(path: &Path) -> PublicKey {
        load_or_create(path).unwrap().public_key()
    }

    #[test]
    fn made_once_then_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(key(&path), key(&path));
        assert_ne!(key(&path), key(&folder.path().join("other")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left behind");
    }

    #[test]
    fn makers_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let barrier = Barrier::new(8);
        let keys: Vec<PublicKey> = std::thread::scope(|scope| {
            let make = || {
                barrier.wait();
                key(&path)
            };
            let makers: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|made| *made == key(&path)), "{keys:?}");
    }

    #[cfg(unix)]
    #[test]
    fn open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        key(&path);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = load_or_create(&path).unwrap_err();
            assert!(matches!(refused, KeyFileError::Exposed { mode: m, .. } if m == mode));
            assert!(refused.to_string().contains("chmod 600"), "{refused}");
        }
    }

    #[test]
    fn damage_is_refused_and_kept() {
        let good = base32::encode(&[9; 32]);
        let texts =
            ["", "# only a comment\n", "manyhands-secret-key-1\n", "manyhands-secret-key-2 aa\n"];
        let more = [format!("{MARK} {}\n", &good[1..]), format!("{MARK} {good}\n{MARK} {good}\n")];
        for text in texts.into_iter().map(str::to_owned).chain(more) {
            assert!(parse(&text).is_none(), "{text:?}");
        }
        assert!(parse(&format!("# mine\n{MARK} {good}\n")).is_some());

        let folder = tempfile::tempdir().unwrap();
        // Closed to others like a real key file, so that only its text is wrong.
        let (mut file, path) =
            tempfile::NamedTempFile::new_in(folder.path()).unwrap().keep().unwrap();
        file.write_all(b"not a key").unwrap();
        assert!(matches!(load_or_create(&path), Err(KeyFileError::Malformed { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"not a key");
    }
}
