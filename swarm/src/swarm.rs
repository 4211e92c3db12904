//! What coordinator and worker hold: all blobs that they serve and fetch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use manyhands_core::digest::Digest;
use manyhands_core::peer::{Reach, Source, Subnet};
use manyhands_core::swarm::{Exchange, Geometry, Load, Role};
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::{Address, Endpoint};
use manyhands_proto::v1::PeerMessage;
use manyhands_proto::v1::peers_server::{Peers, PeersServer};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use tokio::sync::{mpsc, watch};
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Streaming};

use crate::blob::Blob;
use crate::dealings::{Dealing, Dealings, Flow};
use crate::dial::Target;
use crate::known::Known;
use crate::link::outgoing;
use crate::opening::Opening;
use crate::pace::Pace;
use crate::task::{NOTES_MAX, Newcomer, Note, Start, Task};
use crate::wire::Open;

pub use crate::wire::MESSAGE_BYTES_MAX;

/// Most blobs at once.
const BLOBS_MAX: usize = 64;

/// What [`Swarm::admit`] answers with.
pub type ExchangeStream = Pin<Box<dyn Stream<Item = Result<PeerMessage, tonic::Status>> + Send>>;

/// How a host takes part.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who it is.
    pub identity: Identity,
    /// Whom it knows.
    pub known: Known,
    /// Whether only hosts of this machine and of private networks are dialled and served. Origins are dialled wherever
    /// they are.
    pub is_near_only: bool,
    /// The way to other networks. Swarms that have the same one keep its limit together.
    pub pace: Arc<Pace>,
}

/// How far a blob is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Pieces that are here.
    pub held: u32,
    /// Pieces in all; 0 until it has begun.
    pub pieces: u32,
    /// Bytes that were begun to be sent, if this is the blob's origin.
    pub origin_bytes: u64,
    /// What is under way.
    pub load: Load,
    /// Whether there is nobody, and nobody is being dialled.
    pub is_alone: bool,
    /// Who sent bytes that do not match, or said what no honest peer says.
    pub blamed: Vec<PublicKey>,
}

impl Status {
    /// Whether all of it is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.pieces > 0 && self.held == self.pieces
    }

    /// Whether nothing is on its way, and nothing is to come.
    fn is_quiet(&self) -> bool {
        self.is_whole() && self.load.fetches == 0 && self.load.requests == 0
    }
}

/// What may be sent to other networks, in bytes a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UplinkStatus {
    /// Now: less than the most while others use the line.
    pub bytes_per_s: u64,
    /// At most; unknown while the line is being measured for the first time.
    pub most_bytes_per_s: Option<u64>,
    /// What the line was seen to carry.
    pub measured_bytes_per_s: Option<u64>,
}

/// Why a blob is not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is being served or fetched already.
    #[error("{0} is in the swarm already")]
    Twice(Digest),
    /// Too many blobs at once.
    #[error("{BLOBS_MAX} blobs are on their way: one more has to wait")]
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
    dealings: Arc<Dealings>,
    pace: Arc<Pace>,
    /// Whether anything is sent now.
    is_giving: watch::Sender<bool>,
    /// Counts what was asked of any blob, to find the one that was left alone longest.
    uses: AtomicU64,
    tasks: TaskTracker,
    closed: CancellationToken,
}

struct Entry {
    geometry: Geometry,
    notes: mpsc::Sender<Note>,
    status: watch::Receiver<Status>,
    stop: CancellationToken,
    used: u64,
}

impl Swarm {
    /// A swarm without blobs.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let pace = Arc::clone(&settings.pace);
        let shared = Shared {
            settings,
            blobs: Mutex::new(BTreeMap::new()),
            dealings: Arc::default(),
            pace,
            is_giving: watch::Sender::new(true),
            uses: AtomicU64::new(0),
            tasks: TaskTracker::new(),
            closed: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// What others dial, for a host that shares only what it has entered here before they ask.
    #[must_use]
    pub fn service(&self) -> PeersServer<Self> {
        PeersServer::new(self.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Deals out a whole blob, as its origin, until nobody has wanted it for a while. Beyond so many bytes it sends only to
    /// those for whom nobody else has anything.
    ///
    /// # Errors
    /// [`FetchError`], but not [`FetchError::Left`].
    pub fn deal(&self, blob: Blob, budget_bytes: u64) -> Result<(), FetchError> {
        let mut exchange = Exchange::origin(blob.geometry());
        exchange.set_budget(budget_bytes);
        self.enter(blob, exchange, Vec::new())
    }

    /// Takes part in a blob's swarm: fetches what is missing, and gives what is here. The `origins` are
    /// dialled; they name others. If others are known on this network, these are asked first.
    ///
    /// # Errors
    /// [`FetchError`], but not [`FetchError::Left`].
    pub fn share(&self, blob: Blob, origins: &[(Address, PublicKey)]) -> Result<(), FetchError> {
        let exchange = Exchange::peer(blob.geometry(), blob.held().clone());
        let target = |(address, key): &(Address, PublicKey)| {
            let endpoint = Endpoint::Pinned { address: address.clone(), key: *key };
            Target { key: *key, endpoint, role: Role::Origin, dial: None }
        };
        self.enter(blob, exchange, origins.iter().map(target).collect())
    }

    /// Lets somebody take part who opened a stream to this host.
    ///
    /// # Errors
    /// The answer to somebody who may not, or to whom a blob matters that is not shared here.
    pub async fn admit(&self, opening: Opening) -> Result<Response<ExchangeStream>, tonic::Status> {
        let Opening { key, ip, open, incoming } = opening;
        let reach = Reach::of_link(ip);
        if self.shared.settings.is_near_only && reach == Reach::World {
            let refusal = "this host shares with its own network only";
            return Err(tonic::Status::permission_denied(refusal));
        }
        if self.shared.dealings.is_blamed(&key) {
            let refusal = "bytes came from this key that were not what they should have been";
            return Err(tonic::Status::permission_denied(refusal));
        }
        let notes = self.shared.joined(&open).ok_or_else(|| {
            tonic::Status::not_found(format!("{} of that size is not shared here", open.digest))
        })?;
        let (outbox, outgoing) = outgoing();
        let (role, source) = (Role::Peer, Source::Peer(Subnet::of(ip)));
        let is_ours = false;
        let newcomer = Newcomer { key, role, reach, source, dial: None, is_ours, outbox, incoming };
        let is_taken = notes.send(Note::Join(Box::new(newcomer))).await;
        is_taken.map_err(|_gone| tonic::Status::unavailable("the blob is no longer shared"))?;
        Ok(Response::new(Box::pin(outgoing.map(Ok))))
    }

    /// Waits until all of a blob is here.
    ///
    /// # Errors
    /// [`FetchError::Left`] if it is not in the swarm, or no longer.
    pub async fn whole(&self, digest: Digest) -> Result<(), FetchError> {
        let left = || FetchError::Left(digest);
        let mut status = self.watch(digest).ok_or_else(left)?;
        status.wait_for(Status::is_whole).await.map_err(|_gone| left())?;
        Ok(())
    }

    /// How far a blob is; nothing if it is not in the swarm.
    #[must_use]
    pub fn status(&self, digest: Digest) -> Option<Status> {
        self.watch(digest).map(|status| status.borrow().clone())
    }

    /// How far a blob is from now on, until it is left.
    #[must_use]
    pub fn watch(&self, digest: Digest) -> Option<watch::Receiver<Status>> {
        self.shared.blobs().get(&digest).map(|entry| entry.status.clone())
    }

    /// The blobs that are served or fetched.
    #[must_use]
    pub fn blobs(&self) -> Vec<Digest> {
        self.shared.blobs().keys().copied().collect()
    }

    /// What this host had to do with others since it started.
    #[must_use]
    pub fn dealings(&self) -> BTreeMap<PublicKey, Dealing> {
        self.shared.dealings.all()
    }

    /// Those who sent what does not match, or said what no honest peer says.
    #[must_use]
    pub fn blamed(&self) -> BTreeSet<PublicKey> {
        self.shared.dealings.blamed()
    }

    /// Bytes of pieces that went over the network since this was asked last.
    #[must_use]
    pub fn take_moved(&self) -> u64 {
        self.shared.dealings.take_moved()
    }

    /// Bytes of pieces that were exchanged with other workers since this was asked last.
    #[must_use]
    pub fn take_flow(&self) -> Flow {
        self.shared.dealings.take_flow()
    }

    /// How many other workers there is a stream to.
    #[must_use]
    pub fn linked(&self) -> usize {
        self.shared.dealings.linked()
    }

    /// What may be sent to other networks; nothing if there is no limit.
    #[must_use]
    pub fn uplink(&self) -> Option<UplinkStatus> {
        let uplink = self.shared.pace.uplink()?;
        Some(UplinkStatus {
            bytes_per_s: uplink.bytes_per_s(),
            most_bytes_per_s: uplink.most(),
            measured_bytes_per_s: uplink.measured(),
        })
    }

    /// Whether anything is sent to others from now on. What is fetched is fetched anyway.
    pub fn set_giving(&self, is_giving: bool) {
        self.shared
            .is_giving
            .send_if_modified(|was| std::mem::replace(was, is_giving) != is_giving);
    }

    /// Serves and fetches a blob no longer.
    pub fn leave(&self, digest: Digest) {
        if let Some(entry) = self.shared.blobs().remove(&digest) {
            entry.stop.cancel();
        }
    }

    /// Begins to leave all swarms, for good.
    pub fn close(&self) {
        self.shared.closed.cancel();
        self.shared.tasks.close();
    }

    /// Leaves all swarms, and waits until nothing runs any more.
    pub async fn shut_down(&self) {
        self.close();
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
        let shared = &self.shared;
        let mut blobs = shared.blobs();
        if blobs.contains_key(&digest) {
            return Err(FetchError::Twice(digest));
        }
        if blobs.len() >= BLOBS_MAX {
            make_room(&mut blobs)?;
        }
        let (notes, inbox) = mpsc::channel(NOTES_MAX);
        let (told, status) = watch::channel(Status::default());
        let stop = shared.closed.child_token();
        let Settings { identity, known, is_near_only, .. } = shared.settings.clone();
        let start = Start {
            blob,
            exchange,
            identity,
            known,
            is_near_only,
            open: Open { digest, geometry },
            sources,
            rng: ChaCha8Rng::from_seed(seed),
            dealings: Arc::clone(&shared.dealings),
            pace: Arc::clone(&shared.pace),
            is_giving: shared.is_giving.subscribe(),
            status: told,
        };
        let task = Task::new(start, notes.clone());
        shared.tasks.spawn(task.run(inbox, stop.clone()));
        blobs.insert(digest, Entry { geometry, notes, status, stop, used: shared.use_now() });
        Ok(())
    }
}

/// The blob that was left alone longest, and of which nothing moves, makes room.
fn make_room(blobs: &mut BTreeMap<Digest, Entry>) -> Result<(), FetchError> {
    let quiet = blobs.iter().filter(|(_, entry)| entry.status.borrow().is_quiet());
    let longest = quiet.min_by_key(|(_, entry)| entry.used).map(|(digest, _)| *digest);
    let entry = longest.and_then(|digest| blobs.remove(&digest)).ok_or(FetchError::TooMany)?;
    entry.stop.cancel();
    Ok(())
}

impl Shared {
    /// Those whose task runs: one that has ended by itself is forgotten here.
    fn blobs(&self) -> MutexGuard<'_, BTreeMap<Digest, Entry>> {
        // No code between lock and unlock panics half way through a change.
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        blobs.retain(|_, entry| !entry.notes.is_closed());
        blobs
    }

    /// Where to tell of somebody who joins.
    fn joined(&self, open: &Open) -> Option<mpsc::Sender<Note>> {
        let mut blobs = self.blobs();
        let entry = blobs.get_mut(&open.digest).filter(|entry| entry.geometry == open.geometry)?;
        entry.used = self.use_now();
        Some(entry.notes.clone())
    }

    fn use_now(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed)
    }
}

impl fmt::Debug for Swarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Swarm").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

#[tonic::async_trait]
impl Peers for Swarm {
    type ExchangeStream = ExchangeStream;

    async fn exchange(
        &self,
        request: Request<Streaming<PeerMessage>>,
    ) -> Result<Response<ExchangeStream>, tonic::Status> {
        self.admit(Opening::read(request).await?).await
    }
}
