//! Other workers: who they are, and the blobs that are exchanged with them.
//!
//! ```text
//! memory ──► Table (core) ◄── lan        who was seen on this network
//!  on disk        ▲  ▲─────── Swarm      whom the coordinator named, who answered
//!                 │
//! register ─► the coordinator dials back and tells others where this worker is
//! door ─────► Swarm ◄──── cache           others dial in; blobs of the cache are shared when they ask
//! whereabouts                             the coordinator is lost: others are asked where it is, and told when they ask
//! chosen                                  and all tell each other which units they did of their own choice
//! ```
//!
//! What is believed of others, and whom this worker dials, decides `manyhands_core::peer`; what is sent to whom,
//! `manyhands_core::swarm`. Here is what moves, and what the volunteer chose: nothing, this network, or everybody.

mod chosen;
mod door;
mod lan;
mod memory;
mod register;
mod view;
mod whereabouts;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use manyhands_core::key::Key;
use manyhands_core::peer::{Coordinators, Reach, SignedCoordinators, Table};
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{Channel, Endpoint};
use manyhands_swarm::{Known, Pace, Settings, Swarm};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cache::Cache;
use crate::clock;
use crate::config::{Mode, Sharing};

pub use self::view::{BlobView, PeerView, PeersView, UploadView};
pub(crate) use self::whereabouts::Carried;

/// How often who has answered is written down.
const WRITTEN_EVERY: Duration = Duration::from_secs(60);

/// What this worker has to do with others; clones are the same. Without TLS to the coordinator there is no key to trust,
/// and so nobody.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    sharing: Sharing,
    /// Where others dial this worker.
    listen: SocketAddr,
    identity: Identity,
    table: Arc<Mutex<Table>>,
    /// Where the project's coordinators are, to tell others.
    coordinators: Mutex<Option<Coordinators>>,
    swarm: Swarm,
    /// What this worker chose itself, and others.
    chosen: Mutex<chosen::Board>,
    /// Where it is written down who has answered.
    memory: PathBuf,
    /// Where others can dial this worker, as far as is known.
    reached: watch::Sender<Option<SocketAddr>>,
}

impl Peers {
    /// Takes up what an earlier process wrote down in `memory`. Nobody is dialled or let in yet. `known` is the newest record of
    /// the project's coordinators, if one was kept; without it the coordinator's key is taken to be the
    /// project's. `pace` is the machine's way to other networks.
    pub(crate) fn open(
        (sharing, pace): (Sharing, Arc<Pace>),
        identity: &Identity,
        invite: &Invite,
        known: Option<SignedCoordinators>,
        memory: PathBuf,
    ) -> Self {
        let Some(invited) = invite.endpoint().key() else { return Self { shared: None } };
        if sharing.mode == Mode::Off {
            return Self { shared: None };
        }
        let own = key(&identity.public_key());
        let mut table = Table::new(own, key(&invited));
        table.set_coordinators(BTreeSet::from([key(&invited)]));
        if let Some(known) = &known {
            take_up(&mut table, known.clone());
        }
        table.remember(memory::read(&memory), clock::now());
        let table = Arc::new(Mutex::new(table));
        let swarm = Swarm::new(Settings {
            identity: identity.clone(),
            known: Known::Table(Arc::clone(&table)),
            is_near_only: sharing.mode == Mode::Lan,
            pace,
        });
        let listen = sharing.listen.unwrap_or_else(|| default_listen(invite.endpoint()));
        let reached = watch::Sender::new(None);
        let identity = identity.clone();
        let coordinators = Mutex::new(known.map(Coordinators::restored));
        let chosen = Mutex::default();
        let shared = Shared {
            sharing,
            listen,
            identity,
            table,
            coordinators,
            swarm,
            chosen,
            memory,
            reached,
        };
        Self { shared: Some(Arc::new(shared)) }
    }

    /// Takes up a newer record of the project's coordinators. Its signature is checked.
    pub(crate) fn hear(&self, record: &SignedCoordinators) {
        if let Some(shared) = &self.shared {
            take_up(&mut shared.table(), record.clone());
            *shared.coordinators() = Some(Coordinators::restored(record.clone()));
        }
    }

    /// Other workers that were there, of which some are likely to choose the same units.
    pub(crate) fn met(&self) -> BTreeSet<Key> {
        self.shared.as_ref().map_or_else(BTreeSet::new, |shared| shared.table().tried_keys())
    }

    /// Where blobs are exchanged, if they are.
    pub(crate) fn swarm(&self) -> Option<&Swarm> {
        self.shared.as_ref().map(|shared| &shared.swarm)
    }

    /// Whether anything is sent to others now.
    pub(crate) fn set_giving(&self, is_giving: bool) {
        if let Some(swarm) = self.swarm() {
            swarm.set_giving(is_giving);
        }
    }

    /// Lets others in, and tells them where this worker is, until it is dropped.
    pub(crate) async fn run(self, cache: Cache, coordinator: watch::Receiver<Option<Channel>>) {
        let Some(shared) = self.shared else { return };
        let mut jobs = JoinSet::new();
        jobs.spawn(chosen::run(Arc::clone(&shared)));
        match listen(shared.listen).await {
            Ok(listener) => start(&shared, listener, cache, coordinator, &mut jobs),
            // It still fetches from others, whom it dials.
            Err(error) => tracing::warn!(%error, "other workers cannot dial this one"),
        }
        loop {
            tokio::time::sleep(WRITTEN_EVERY).await;
            shared.table().forget(clock::now());
            shared.write_down().await;
        }
    }

    /// Leaves all swarms, and writes down who has answered.
    pub(crate) async fn shut_down(&self) {
        let Some(shared) = &self.shared else { return };
        shared.swarm.shut_down().await;
        shared.write_down().await;
    }
}

/// From now on the table is one of the project whose key has signed the record, and believes the coordinators that it names.
fn take_up(table: &mut Table, record: SignedCoordinators) {
    table.set_project(*record.record.project());
    table.set_coordinators(Coordinators::restored(record).believed(clock::now()));
}

/// Begins whatever needs a port.
fn start(
    shared: &Arc<Shared>,
    listener: TcpListener,
    cache: Cache,
    coordinator: watch::Receiver<Option<Channel>>,
    jobs: &mut JoinSet<()>,
) {
    let Ok(address) = listener.local_addr() else { return };
    tracing::info!(%address, mode = ?shared.sharing.mode, "other workers can dial this one");
    jobs.spawn(door::serve(Arc::clone(shared), listener, cache));
    jobs.spawn(register::run(Arc::clone(shared), address, coordinator));
    if !address.ip().is_loopback() {
        jobs.spawn(lan::run(Arc::clone(shared), address.port()));
    }
}

/// All addresses of both families; if the coordinator is on this machine, so are all others.
fn default_listen(coordinator: &Endpoint) -> SocketAddr {
    let ip = match coordinator {
        Endpoint::Pinned { address, .. } => address.host().parse::<IpAddr>().ok(),
        Endpoint::Nearby(_) | Endpoint::Plain(_) => None,
    };
    match ip.filter(IpAddr::is_loopback) {
        Some(ip) => (ip, 0).into(),
        None => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

async fn listen(at: SocketAddr) -> std::io::Result<TcpListener> {
    match TcpListener::bind(at).await {
        // A system without IPv6.
        Err(_) if at.ip() == Ipv6Addr::UNSPECIFIED => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, at.port())).await
        }
        bound => bound,
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        // What is known of peers is a hint, whatever panicked.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn coordinators(&self) -> MutexGuard<'_, Option<Coordinators>> {
        // It is replaced as a whole.
        self.coordinators.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far others may be with whom this worker has to do.
    fn farthest(&self) -> Reach {
        if self.sharing.mode == Mode::Full { Reach::World } else { Reach::Site }
    }

    /// Whether others that are so far away may know of this worker.
    fn is_told(&self, reach: Reach) -> bool {
        reach <= self.farthest()
    }

    async fn write_down(&self) {
        let remembered: Vec<_> = self.table().remembered().collect();
        let path = self.memory.clone();
        let written = tokio::task::spawn_blocking(move || memory::write(&path, &remembered)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "cannot write down who has answered");
        }
    }
}

/// A key as the core knows it.
fn key(of: &PublicKey) -> Key {
    Key(*of.as_bytes())
}
