//! Who a scientist is and which coordinator they joined: one folder of the user's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use manyhands_core::peer::SignedCoordinators;
use manyhands_proto::disk;
use manyhands_proto::document::coordinators::{read_file, write_file};
use manyhands_proto::identity::{Identity, KeyFileError};
use manyhands_proto::invite::{Invite, InviteError};
use manyhands_proto::link::Endpoint;
use thiserror::Error;

/// The file with the secret key.
const KEY_FILE: &str = "identity.key";
/// The file with the invite, without its token.
const COORDINATOR_FILE: &str = "coordinator";
/// The file with the newest record of where the project's coordinators are.
const RECORD_FILE: &str = "coordinators";

/// A folder with a key and a coordinator's address.
#[derive(Clone, Debug)]
pub struct Profile {
    dir: PathBuf,
}

/// Why a profile is of no use.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// Neither the flag nor the environment says where the folder is.
    #[error("there is no folder for your key: set HOME, or name one with --profile DIR")]
    NoHome,
    /// No coordinator was joined.
    #[error("you have not joined a coordinator: run `manyhands join` with the invite you got")]
    NotJoined,
    /// The folder or a file in it cannot be used.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The saved address is wrong.
    #[error("{}: {error}: run `manyhands join` again", path.display())]
    Invite {
        /// The file.
        path: PathBuf,
        /// Why.
        error: InviteError,
    },
}

impl Profile {
    /// The profile in `dir`, or else in the user's config folder. Nothing is created.
    ///
    /// # Errors
    /// [`ProfileError::NoHome`] when no folder was named and the user has none.
    pub fn locate(dir: Option<PathBuf>) -> Result<Self, ProfileError> {
        let dir = dir.or_else(config_dir).ok_or(ProfileError::NoHome)?;
        Ok(Self { dir })
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The scientist's key, created at first use.
    ///
    /// # Errors
    /// When the folder cannot be created, or the key file cannot be read or made.
    pub fn identity(&self) -> Result<Identity, ProfileError> {
        self.create_dir()?;
        Ok(Identity::load_or_create(&self.dir.join(KEY_FILE))?)
    }

    /// The coordinator that was joined.
    ///
    /// # Errors
    /// [`ProfileError::NotJoined`] when none was, or the file cannot be read.
    pub fn coordinator(&self) -> Result<Invite, ProfileError> {
        let path = self.dir.join(COORDINATOR_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().map_err(|error| ProfileError::Invite { path, error }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ProfileError::NotJoined),
            Err(error) => Err(ProfileError::Io { path, error }),
        }
    }

    /// Remembers where the coordinator is and which key it has; the invite's token is not kept.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_coordinator(&self, invite: &Invite) -> Result<(), ProfileError> {
        self.create_dir()?;
        let path = self.dir.join(COORDINATOR_FILE);
        let text = format!("{}\n", without_token(invite));
        disk::replace(&path, text.as_bytes()).map_err(|error| ProfileError::Io { path, error })
    }

    /// The newest record of where the project's coordinators are, if one is kept and can be read: it is told again.
    #[must_use]
    pub fn record(&self) -> Option<SignedCoordinators> {
        read_file(&self.dir.join(RECORD_FILE)).ok()
    }

    /// Keeps a record, whose signature was checked.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_record(&self, record: &SignedCoordinators) -> Result<(), ProfileError> {
        self.create_dir()?;
        let path = self.dir.join(RECORD_FILE);
        write_file(&path, record).map_err(|error| ProfileError::Io { path, error })
    }

    /// Keeps no record any more.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn forget_record(&self) -> Result<(), ProfileError> {
        let path = self.dir.join(RECORD_FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ProfileError::Io { path, error })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn create_dir(&self) -> Result<(), ProfileError> {
        let io = |error| ProfileError::Io { path: self.dir.clone(), error };
        fs::create_dir_all(&self.dir).map_err(io)
    }
}

fn without_token(invite: &Invite) -> Invite {
    match invite.endpoint() {
        Endpoint::Pinned { address, key } => Invite::new(address.clone(), *key, None),
        Endpoint::Nearby(key) => Invite::nearby(*key, None),
        Endpoint::Plain(address) => Invite::plain(*address),
    }
}

/// Where this system keeps a user's settings.
fn config_dir() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|dir| !dir.is_empty());
    let base = if cfg!(windows) {
        folder("APPDATA").map(PathBuf::from)
    } else {
        let home = || folder("HOME").map(|home| PathBuf::from(home).join(".config"));
        folder("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home)
    };
    base.map(|base| base.join("manyhands"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_folder_has_joined_nothing_and_keeps_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::locate(Some(dir.path().join("me"))).unwrap();
        assert!(matches!(profile.coordinator(), Err(ProfileError::NotJoined)));
        let key = profile.identity().unwrap().public_key();
        assert_eq!(profile.identity().unwrap().public_key(), key);
    }

    #[test]
    fn the_coordinator_is_remembered_without_the_token() {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::locate(Some(dir.path().to_owned())).unwrap();
        let key = Identity::generate().unwrap().public_key();
        let invite: Invite = format!("manyhands://grid.example:7/#{key}.secret").parse().unwrap();
        profile.save_coordinator(&invite).unwrap();
        let kept = profile.coordinator().unwrap();
        assert_eq!(kept.endpoint(), invite.endpoint());
        assert!(kept.token().is_none());
    }

    #[test]
    fn a_spoilt_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::locate(Some(dir.path().to_owned())).unwrap();
        fs::write(dir.path().join(COORDINATOR_FILE), "https://example.org").unwrap();
        let error = profile.coordinator().unwrap_err().to_string();
        assert!(error.contains("coordinator") && error.contains("join"), "{error}");
    }
}
