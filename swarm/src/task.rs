//! The task of one blob: turns what happens into events of its exchange, and does what that says.

mod meet;
mod perform;
mod receive;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use manyhands_core::peer::{Candidates, Dial, Naming, Reach, Source};
use manyhands_core::swarm::{Event, Exchange, PeerId, Role, TICK};
use manyhands_core::time::Timestamp;
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::v1::PeerMessage;
use rand_chacha::ChaCha8Rng;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

use crate::blob::{Blob, BlobError};
use crate::dealings::Dealings;
use crate::dial::Target;
use crate::known::Known;
use crate::link::Outbox;
use crate::pace::{Pace, Way};
use crate::swarm::Status;
use crate::wire::{Heard, Open};

/// Most notes that wait for the task; then those who write them wait.
pub(crate) const NOTES_MAX: usize = 256;

/// Whoever stalled is not let in again before this, or a link could be had again and again only to hold places on it.
const STALLED_REST: Duration = Duration::from_secs(60);

/// Most peers that are dialled at once.
const DIALS_MAX: usize = 8;

/// How long others on this network are asked first while nothing comes from them, before the origin is.
const NEAR_PATIENCE: Duration = Duration::from_secs(1);

/// An origin lets go of a blob that nobody has wanted for so long. What it dealt is forgotten with it.
const UNWANTED_MAX: Duration = Duration::from_secs(60);

/// What the task is told.
#[derive(Debug)]
pub(crate) enum Note {
    /// A stream to somebody is open.
    Join(Box<Newcomer>),
    /// Somebody could not be reached, or does not take part.
    Undialled(Undialled),
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

/// Somebody who was dialled in vain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undialled {
    pub(crate) key: PublicKey,
    pub(crate) dial: Option<Dial>,
    /// Whether it was there, and proved its key.
    pub(crate) has_answered: bool,
}

/// Somebody whose stream has just been opened.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) key: PublicKey,
    pub(crate) role: Role,
    /// From how far away the link comes, or goes to.
    pub(crate) reach: Reach,
    /// Whose word it is when it names others.
    pub(crate) source: Source,
    /// As the table chose it, if this host dialled.
    pub(crate) dial: Option<Dial>,
    /// Whether this host dialled.
    pub(crate) is_ours: bool,
    pub(crate) outbox: Outbox,
    pub(crate) incoming: Streaming<PeerMessage>,
}

/// A neighbour's stream.
#[derive(Debug)]
pub(crate) struct Neighbour {
    key: PublicKey,
    role: Role,
    reach: Reach,
    is_ours: bool,
    outbox: Outbox,
    listener: AbortHandle,
    /// Whose word it is when it names others.
    source: Source,
    naming: Naming,
    /// The way out to another network.
    way: Option<Arc<Way>>,
    /// When a question was last answered how late it was read.
    answered_at: Option<Timestamp>,
}

/// What a task begins with.
pub(crate) struct Start {
    pub(crate) blob: Blob,
    pub(crate) exchange: Exchange,
    pub(crate) identity: Identity,
    pub(crate) known: Known,
    pub(crate) is_near_only: bool,
    pub(crate) open: Open,
    pub(crate) sources: Vec<Target>,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) dealings: Arc<Dealings>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) is_giving: watch::Receiver<bool>,
    pub(crate) status: watch::Sender<Status>,
}

/// One blob's task.
pub(crate) struct Task {
    blob: Arc<Blob>,
    exchange: Exchange,
    identity: Identity,
    known: Known,
    is_near_only: bool,
    open: Open,
    /// Dialled when there is nobody near, and again when there is nobody else.
    sources: Vec<Target>,
    /// Until when others on this network are asked before the sources.
    near_until: Option<Instant>,
    /// Others who may take part.
    candidates: Candidates,
    rng: ChaCha8Rng,
    dealings: Arc<Dealings>,
    pace: Arc<Pace>,
    is_giving: watch::Receiver<bool>,
    /// When an origin last had a neighbour.
    wanted_at: Instant,
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
        let Start { blob, exchange, identity, known, is_near_only, open, sources, .. } = start;
        let Start { rng, dealings, pace, is_giving, status, .. } = start;
        Self {
            blob: Arc::new(blob),
            exchange,
            identity,
            known,
            is_near_only,
            open,
            sources,
            near_until: None,
            candidates: Candidates::default(),
            rng,
            dealings,
            pace,
            is_giving,
            wanted_at: Instant::now(),
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

    /// Runs until it is stopped, or an origin that nobody wants anything of.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Note>, stop: CancellationToken) {
        let mut ticks = interval(Duration::from_millis(TICK.0));
        self.obey_giving();
        self.begin();
        self.tell_status();
        while !self.is_unwanted() {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(note) = inbox.recv() => self.note(note),
                _ = ticks.tick() => self.tick(),
                Ok(()) = self.is_giving.changed() => self.obey_giving(),
                // Only to let go of what has ended.
                Some(_ended) = self.jobs.join_next(), if !self.jobs.is_empty() => {}
            }
        }
        let digest = self.blob.digest();
        self.dealings.neighbours(digest, 0, []);
        if self.exchange.is_origin() {
            let (sent_bytes, size_bytes) =
                (self.exchange.origin_bytes(), self.open.geometry.size_bytes());
            tracing::info!(%digest, sent_bytes, size_bytes, "a blob is no longer dealt out");
        }
    }

    fn tick(&mut self) {
        self.handle(Event::Tick);
        self.turn_to_sources();
        self.dial_others();
        let pieces = self.exchange.geometry().pieces();
        let held = self.neighbours.iter().map(|(peer, it)| (it.key, self.exchange.held_by(*peer)));
        self.dealings.neighbours(self.blob.digest(), pieces, held);
        self.tell_status();
    }

    fn obey_giving(&mut self) {
        let is_giving = *self.is_giving.borrow_and_update();
        self.exchange.set_giving(is_giving);
    }

    /// Whether this is an origin without anybody to deal to.
    fn is_unwanted(&mut self) -> bool {
        if !self.exchange.is_origin() || !self.neighbours.is_empty() {
            self.wanted_at = Instant::now();
        }
        self.wanted_at.elapsed() >= UNWANTED_MAX
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Join(newcomer) => self.join(*newcomer),
            Note::Undialled(undialled) => self.undialled(&undialled),
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
            is_alone: self.is_alone() && self.near_until.is_none(),
            blamed: self.blamed.iter().copied().collect(),
        };
        self.status.send_if_modified(|told| {
            let is_news = *told != now;
            *told = now;
            is_news
        });
    }
}
