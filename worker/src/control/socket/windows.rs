//! A named pipe, whose name follows from the data folder's. Compiled, and tried by nobody yet on a machine of its own.
//!
//! By the system's usual rules only the user who made it and administrators can write to it, so only they can ask. Other
//! machines are refused.

use std::io;
use std::mem;
use std::path::Path;
use std::time::Duration;

use tokio::net::windows::named_pipe::{
    ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions,
};

/// The system's word for a pipe whose ends are all taken; see `ERROR_PIPE_BUSY`.
const BUSY: i32 = 231;
/// So often a taken pipe is asked again.
const TRIES: u32 = 50;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The worker's end of a conversation.
pub(super) type Incoming = NamedPipeServer;
/// The other end.
pub(super) type Outgoing = NamedPipeClient;

/// Where conversations begin.
#[derive(Debug)]
pub(super) struct Listener {
    name: String,
    /// The end that nobody speaks to yet.
    next: NamedPipeServer,
}

impl Listener {
    /// Fails if another process has a pipe of this name.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let name = name(folder)?;
        let next = options().first_pipe_instance(true).create(&name)?;
        Ok(Self { name, next })
    }

    pub(super) async fn accept(&mut self) -> io::Result<Incoming> {
        self.next.connect().await?;
        let next = options().create(&self.name)?;
        Ok(mem::replace(&mut self.next, next))
    }
}

fn options() -> ServerOptions {
    let mut options = ServerOptions::new();
    options.reject_remote_clients(true);
    options
}

pub(super) async fn connect(folder: &Path) -> io::Result<Outgoing> {
    let name = name(folder)?;
    for _ in 1..TRIES {
        match ClientOptions::new().open(&name) {
            Err(error) if error.raw_os_error() == Some(BUSY) => tokio::time::sleep(PAUSE).await,
            opened => return opened,
        }
    }
    ClientOptions::new().open(&name)
}

/// The folder is there: one that is not has no worker.
fn name(folder: &Path) -> io::Result<String> {
    let folder = folder.canonicalize()?;
    let digest = blake3::hash(folder.as_os_str().as_encoded_bytes());
    Ok(format!(r"\\.\pipe\manyhands-{}", digest.to_hex()))
}
