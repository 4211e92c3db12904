//! What coordinator and worker hold: all blobs that they serve and fetch, and the service that others
//! dial.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use manyhands_core::digest::Digest;
use manyhands_core::swarm::{Exchange, Geometry, Load, Role};
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::{self, Address, Endpoint};
use manyhands_proto::v1::PeerMessage;
use manyhands_proto::v1::peers_server::{Peers, PeersServer};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Streaming};

use crate::blob::Blob;
use crate::dial::Target;
use crate::link::outgoing;
use crate::task::{NOTES_MAX, Newcomer, Note, Start, Task};
use crate::wire::{self, MESSAGE_BYTES_MAX, Open};

/// Longest wait for the first message of a stream.
const OPEN_MAX: Duration = Duration::from_secs(10);

/// Most blobs at once.
const BLOBS_MAX: usize = 64;

/// How a host takes part.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who it is.
    pub identity: Identity,
    /// On which port others may dial it, if they may.
    pub port: Option<u16>,
}

/// How far a blob is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Pieces that are here.
    pub held: u32,
    /// Pieces in all.
    pub pieces: u32,
    /// Bytes that were begun to be sent, if this is the blob's origin.
    pub origin_bytes: u64,
    /// What is under way.
    pub load: Load,
    /// Who sent bytes that do not match, or said what no honest peer says.
    pub blamed: Vec<PublicKey>,
}

impl Status {
    /// Whether all of it is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.pieces > 0 && self.held == self.pieces
    }
}

/// Why a blob is not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is being served or fetched already.
    #[error("{0} is in the swarm already")]
    Twice(Digest),
    /// Too many blobs at once.
    #[error("{BLOBS_MAX} blobs are in the swarm: leave one of them first")]
    TooMany,
    /// No chance could be had from the system.
    #[error("the system has no random numbers: {0}")]
    Chance(#[from] getrandom::Error),
    /// It was left, or everything ended.
    #[error("the swarm of {0} was left")]
    Left(Digest),
}

/// The handle; clones are the same swarm.
#[derive(Clone)]
pub struct Swarm {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    blobs: Mutex<BTreeMap<Digest, Entry>>,
    tasks: TaskTracker,
}

struct Entry {
    geometry: Geometry,
    notes: mpsc::Sender<Note>,
    status: watch::Receiver<Status>,
    stop: CancellationToken,
}

impl Swarm {
    /// A swarm without blobs.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let blobs = Mutex::new(BTreeMap::new());
        Self { shared: Arc::new(Shared { settings, blobs, tasks: TaskTracker::new() }) }
    }

    /// What others dial; to be served on [`link::Incoming`].
    #[must_use]
    pub fn service(&self) -> PeersServer<Self> {
        PeersServer::new(self.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Deals out a whole blob, as its origin.
    ///
    /// # Errors
    /// [`FetchError`], but not [`FetchError::Left`].
    pub fn deal(&self, blob: Blob) -> Result<(), FetchError> {
        let exchange = Exchange::origin(blob.geometry());
        self.enter(blob, exchange, Vec::new())
    }

    /// Takes part in a blob's swarm: fetches what is missing, and gives what is here. The `origins` are
    /// dialled; they name others.
    ///
    /// # Errors
    /// [`FetchError`], but not [`FetchError::Left`].
    pub fn share(&self, blob: Blob, origins: &[(Address, PublicKey)]) -> Result<(), FetchError> {
        let exchange = Exchange::peer(blob.geometry(), blob.held().clone());
        let target = |(address, key): &(Address, PublicKey)| {
            let endpoint = Endpoint::Pinned { address: address.clone(), key: *key };
            Target { key: *key, endpoint, role: Role::Origin }
        };
        self.enter(blob, exchange, origins.iter().map(target).collect())
    }

    /// Waits until all of a blob is here.
    ///
    /// # Errors
    /// [`FetchError::Left`] if it is not in the swarm, or no longer.
    pub async fn whole(&self, digest: Digest) -> Result<(), FetchError> {
        let left = || FetchError::Left(digest);
        let status = self.shared.blobs().get(&digest).map(|entry| entry.status.clone());
        let mut status = status.ok_or_else(left)?;
        status.wait_for(Status::is_whole).await.map_err(|_gone| left())?;
        Ok(())
    }

    /// How far a blob is; nothing if it is not in the swarm.
    #[must_use]
    pub fn status(&self, digest: Digest) -> Option<Status> {
        self.shared.blobs().get(&digest).map(|entry| entry.status.borrow().clone())
    }

    /// Serves and fetches a blob no longer.
    pub fn leave(&self, digest: Digest) {
        if let Some(entry) = self.shared.blobs().remove(&digest) {
            entry.stop.cancel();
        }
    }

    /// Leaves all swarms, and waits until nothing runs any more.
    pub async fn shut_down(&self) {
        for entry in self.shared.blobs().values() {
            entry.stop.cancel();
        }
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    fn enter(
        &self,
        blob: Blob,
        exchange: Exchange,
        sources: Vec<Target>,
    ) -> Result<(), FetchError> {
        let digest = blob.digest();
        let geometry = blob.geometry();
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let mut blobs = self.shared.blobs();
        if blobs.contains_key(&digest) {
            return Err(FetchError::Twice(digest));
        }
        if blobs.len() >= BLOBS_MAX {
            return Err(FetchError::TooMany);
        }
        let (notes, inbox) = mpsc::channel(NOTES_MAX);
        let (told, status) = watch::channel(Status::default());
        let stop = CancellationToken::new();
        let Settings { identity, port } = self.shared.settings.clone();
        let start = Start {
            blob,
            exchange,
            identity,
            open: Open { digest, geometry, port },
            sources,
            rng: ChaCha8Rng::from_seed(seed),
            status: told,
        };
        let task = Task::new(start, notes.clone());
        self.shared.tasks.spawn(task.run(inbox, stop.clone()));
        blobs.insert(digest, Entry { geometry, notes, status, stop });
        Ok(())
    }
}

impl Shared {
    fn blobs(&self) -> MutexGuard<'_, BTreeMap<Digest, Entry>> {
        // No code between lock and unlock panics half way through a change.
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Swarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Swarm").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

#[tonic::async_trait]
impl Peers for Swarm {
    type ExchangeStream = Pin<Box<dyn Stream<Item = Result<PeerMessage, tonic::Status>> + Send>>;

    async fn exchange(
        &self,
        request: Request<Streaming<PeerMessage>>,
    ) -> Result<Response<Self::ExchangeStream>, tonic::Status> {
        let caller = link::peer(&request)?;
        let key = caller.require_key()?;
        let mut incoming = request.into_inner();
        let first = timeout(OPEN_MAX, incoming.message()).await;
        let first = first.map_err(|_late| {
            tonic::Status::deadline_exceeded("say `open` within ten seconds of opening a stream")
        })??;
        let first = first.ok_or_else(|| tonic::Status::invalid_argument("say `open` first"))?;
        let invalid = |error: wire::WireError| tonic::Status::invalid_argument(error.to_string());
        let open = wire::opened(first).map_err(invalid)?;
        let known = self.shared.blobs().get(&open.digest).map(|e| (e.geometry, e.notes.clone()));
        let Some((_, notes)) = known.filter(|(geometry, _)| *geometry == open.geometry) else {
            let missing = format!("{} of that size is not shared here", open.digest);
            return Err(tonic::Status::not_found(missing));
        };
        let (outbox, outgoing) = outgoing();
        let at = |port| Address::from(std::net::SocketAddr::new(caller.addr.ip(), port));
        let address = open.port.map(at);
        let newcomer = Newcomer { key, role: Role::Peer, address, outbox, incoming };
        let is_taken = notes.send(Note::Join(Box::new(newcomer))).await;
        is_taken.map_err(|_gone| tonic::Status::unavailable("the blob is no longer shared"))?;
        Ok(Response::new(Box::pin(outgoing.map(Ok))))
    }
}
