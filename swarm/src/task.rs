//! The task of one blob: turns what happens into events of its exchange, and does what that says.

mod perform;
mod receive;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use manyhands_core::swarm::{Event, Exchange, PeerId, Role, TICK};
use manyhands_core::time::Timestamp;
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::Address;
use manyhands_proto::v1::PeerMessage;
use rand_chacha::ChaCha8Rng;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

use crate::blob::{Blob, BlobError};
use crate::dial::Target;
use crate::link::Outbox;
use crate::swarm::Status;
use crate::wire::{Heard, Open};

/// Most notes that wait for the task; then those who write them wait.
pub(crate) const NOTES_MAX: usize = 256;

/// Least time between two namings of peers to one neighbour.
const NAMED_EVERY: Duration = Duration::from_secs(5);

/// Whoever stalled is not let in again before this, or a link could be had again and again only to hold places on it.
const STALLED_REST: Duration = Duration::from_secs(60);

/// Most peers that are dialled at once.
const DIALS_MAX: usize = 8;

/// What the task is told.
#[derive(Debug)]
pub(crate) enum Note {
    /// A stream to somebody is open.
    Join(Box<Newcomer>),
    /// Somebody could not be reached.
    Undialled(PublicKey),
    Heard(PeerId, Heard),
    Nonsense(PeerId),
    Lost(PeerId),
    /// A part was taken by the transport.
    Sent {
        to: PeerId,
        piece: u32,
    },
    /// A piece could not be read here.
    Unreadable {
        to: PeerId,
        error: BlobError,
    },
    /// A piece was checked and stored, or not.
    Checked {
        from: PeerId,
        piece: u32,
        outcome: Result<(), BlobError>,
    },
}

/// Somebody whose stream has just been opened.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) key: PublicKey,
    pub(crate) role: Role,
    /// Where others may dial it, if they may.
    pub(crate) address: Option<Address>,
    pub(crate) outbox: Outbox,
    pub(crate) incoming: Streaming<PeerMessage>,
}

/// A neighbour's stream.
#[derive(Debug)]
pub(crate) struct Neighbour {
    pub(crate) key: PublicKey,
    pub(crate) address: Option<Address>,
    role: Role,
    outbox: Outbox,
    listener: AbortHandle,
    named_at: Option<Instant>,
}

/// What a task begins with.
pub(crate) struct Start {
    pub(crate) blob: Blob,
    pub(crate) exchange: Exchange,
    pub(crate) identity: Identity,
    pub(crate) open: Open,
    pub(crate) sources: Vec<Target>,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) status: watch::Sender<Status>,
}

/// One blob's task.
pub(crate) struct Task {
    blob: Arc<Blob>,
    exchange: Exchange,
    identity: Identity,
    open: Open,
    /// Dialled first, and again when there is nobody else.
    sources: Vec<Target>,
    rng: ChaCha8Rng,
    status: watch::Sender<Status>,
    started: Instant,
    next_peer: u64,
    neighbours: BTreeMap<PeerId, Neighbour>,
    /// Beginnings of pieces' encodings.
    buffers: BTreeMap<(PeerId, u32), Vec<u8>>,
    /// Pieces that are being checked.
    checking: BTreeSet<(PeerId, u32)>,
    uploads: BTreeMap<(PeerId, u32), AbortHandle>,
    dialling: BTreeSet<PublicKey>,
    /// Who did what only a liar does.
    blamed: BTreeSet<PublicKey>,
    /// Who stalled, and when, in the last while: a neighbour takes a while to stall, so they are few.
    stalled: BTreeMap<PublicKey, Instant>,
    /// Whatever runs beside the task ends with it.
    jobs: JoinSet<()>,
    notes: mpsc::Sender<Note>,
}

impl Task {
    pub(crate) fn new(start: Start, notes: mpsc::Sender<Note>) -> Self {
        let Start { blob, exchange, identity, open, sources, rng, status } = start;
        Self {
            blob: Arc::new(blob),
            exchange,
            identity,
            open,
            sources,
            rng,
            status,
            started: Instant::now(),
            next_peer: 0,
            neighbours: BTreeMap::new(),
            buffers: BTreeMap::new(),
            checking: BTreeSet::new(),
            uploads: BTreeMap::new(),
            dialling: BTreeSet::new(),
            blamed: BTreeSet::new(),
            stalled: BTreeMap::new(),
            jobs: JoinSet::new(),
            notes,
        }
    }

    /// Runs until it is stopped.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Note>, stop: CancellationToken) {
        let mut ticks = interval(Duration::from_millis(TICK.0));
        self.dial_sources();
        self.tell_status();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(note) = inbox.recv() => self.note(note),
                _ = ticks.tick() => self.handle(Event::Tick),
                // Only to let go of what has ended.
                Some(_ended) = self.jobs.join_next(), if !self.jobs.is_empty() => {}
            }
        }
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Join(newcomer) => self.join(*newcomer),
            Note::Undialled(key) => {
                self.dialling.remove(&key);
            }
            Note::Heard(peer, heard) => self.heard(peer, heard),
            Note::Nonsense(peer) => self.nonsense(peer),
            Note::Lost(peer) => self.lose(peer),
            Note::Sent { to, piece } => self.handle(Event::Sent { to, piece }),
            Note::Unreadable { to, error } => {
                tracing::error!(%error, "cannot read a piece that should be here");
                self.lose(to);
            }
            Note::Checked { from, piece, outcome } => self.checked(from, piece, outcome),
        }
    }

    fn now(&self) -> Timestamp {
        let elapsed = self.started.elapsed().as_millis();
        Timestamp(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    /// Lets the exchange take note of something, and does what it says.
    fn handle(&mut self, event: Event) {
        let now = self.now();
        let effects = self.exchange.handle(event, now, &mut self.rng);
        for effect in effects {
            self.perform(effect);
        }
        self.tell_status();
    }

    fn tell_status(&self) {
        let now = Status {
            held: self.exchange.held().len(),
            pieces: self.exchange.geometry().pieces(),
            origin_bytes: self.exchange.origin_bytes(),
            load: self.exchange.load(),
            blamed: self.blamed.iter().copied().collect(),
        };
        self.status.send_if_modified(|told| {
            let is_news = *told != now;
            *told = now;
            is_news
        });
    }
}
