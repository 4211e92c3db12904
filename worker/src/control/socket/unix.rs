//! A socket in the data folder, which only the folder's owner can reach.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tokio::net::{UnixListener, UnixStream};

/// Name of the socket in the data folder.
const NAME: &str = "control";

/// The worker's end of a conversation.
pub(super) type Incoming = UnixStream;
/// The other end.
pub(super) type Outgoing = UnixStream;

/// Where conversations begin.
#[derive(Debug)]
pub(super) struct Listener(UnixListener);

impl Listener {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(NAME);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self(listener))
    }

    pub(super) async fn accept(&mut self) -> io::Result<Incoming> {
        self.0.accept().await.map(|(stream, _)| stream)
    }
}

pub(super) async fn connect(folder: &Path) -> io::Result<Outgoing> {
    UnixStream::connect(folder.join(NAME)).await
}
