//! One host's part in one blob's swarm.

mod fetch;
mod hear;
mod membership;
mod serve;
mod tick;

use std::collections::BTreeMap;

use rand_core::Rng;

use super::deal::Deal;
use super::event::{Effect, Event, Fault, PeerId, Role};
use super::geometry::Geometry;
use super::message::Message;
use super::neighbour::Neighbour;
use super::pieces::Pieces;
use super::{UPLOADS_MAX, WANTS_MAX};
use crate::time::Timestamp;

/// What a host knows and does about one blob. See `SWARM.md`.
#[derive(Debug)]
pub struct Exchange {
    geometry: Geometry,
    held: Pieces,
    /// Missing pieces that are on their way from at least one neighbour.
    busy: Pieces,
    /// Missing pieces that are on their way from two.
    doubled: Pieces,
    neighbours: BTreeMap<PeerId, Neighbour>,
    /// How many ordinary neighbours say that they have each piece.
    holders: Vec<u16>,
    uploads_max: usize,
    /// Whether anything that is asked for is sent now.
    is_giving: bool,
    /// Only an origin deals.
    deal: Option<Deal>,
    /// Since when nothing has been on its way.
    idle_since: Option<Timestamp>,
    /// Nobody but an origin has anything that is missing here.
    is_stranded: bool,
    sought_at: Option<Timestamp>,
}

/// How much an exchange keeps in mind, for tests and metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Neighbours.
    pub neighbours: usize,
    /// Pieces on their way here.
    pub fetches: usize,
    /// Pieces that neighbours wait for.
    pub requests: usize,
    /// Of those, pieces that are being sent.
    pub uploads: usize,
}

/// When it is, the chance there is, and what is to be done.
struct Cx<'a, R: Rng> {
    now: Timestamp,
    rng: &'a mut R,
    effects: Vec<Effect>,
}

impl<R: Rng> Cx<'_, R> {
    fn tell(&mut self, peer: PeerId, message: Message) {
        self.effects.push(Effect::Tell { peer, message });
    }
}

/// What a neighbour did wrong, if anything.
type Judged = Result<(), Fault>;

impl Exchange {
    /// The part of a host that holds these pieces: none at first, some after a restart, or all.
    #[must_use]
    pub fn peer(geometry: Geometry, held: Pieces) -> Self {
        let pieces = geometry.pieces();
        debug_assert_eq!(held.count(), pieces, "a set of other pieces");
        Self {
            geometry,
            held,
            busy: Pieces::none(pieces),
            doubled: Pieces::none(pieces),
            neighbours: BTreeMap::new(),
            holders: vec![0; super::pieces::index(pieces)],
            uploads_max: UPLOADS_MAX,
            is_giving: true,
            deal: None,
            idle_since: None,
            is_stranded: false,
            sought_at: None,
        }
    }

    /// The part of the coordinator, which has the blob and wants to send it once.
    #[must_use]
    pub fn origin(geometry: Geometry) -> Self {
        let deal = Some(Deal::new(geometry));
        Self { deal, ..Self::peer(geometry, Pieces::all(geometry.pieces())) }
    }

    /// How many bytes an origin may send without being asked as the last resort. More than one copy
    /// buys time where the peers' own uplinks are slow.
    pub fn set_budget(&mut self, bytes: u64) {
        if let Some(deal) = &mut self.deal {
            deal.set_budget(bytes);
        }
    }

    /// Whether others get what they ask for from now on, or are refused at once. What is on its way goes on.
    pub fn set_giving(&mut self, is_giving: bool) {
        self.is_giving = is_giving;
    }

    /// How many pieces may be on their way to others at once.
    pub fn set_uploads_max(&mut self, uploads_max: usize) {
        self.uploads_max = uploads_max;
    }

    /// The blob's cut.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The pieces that are here.
    #[must_use]
    pub fn held(&self) -> &Pieces {
        &self.held
    }

    /// Whether a part of this piece from this neighbour is to be kept.
    #[must_use]
    pub fn expects(&self, from: PeerId, piece: u32) -> bool {
        let is_of = |neighbour: &Neighbour| neighbour.fetches.iter().any(|f| f.piece == piece);
        self.neighbours.get(&from).is_some_and(is_of)
    }

    /// Whether this is the part of the blob's origin.
    #[must_use]
    pub fn is_origin(&self) -> bool {
        self.deal.is_some()
    }

    /// Bytes that an origin has begun to send; 0 for others.
    #[must_use]
    pub fn origin_bytes(&self) -> u64 {
        self.deal.as_ref().map_or(0, Deal::sent_bytes)
    }

    /// How many pieces a neighbour says that it holds.
    #[must_use]
    pub fn held_by(&self, peer: PeerId) -> u32 {
        self.neighbours.get(&peer).map_or(0, |neighbour| neighbour.has.len())
    }

    /// How much is kept in mind.
    #[must_use]
    pub fn load(&self) -> Load {
        let mut load = Load { neighbours: self.neighbours.len(), ..Load::default() };
        for neighbour in self.neighbours.values() {
            load.fetches += neighbour.fetches.len();
            load.requests += neighbour.requests.len();
            load.uploads += neighbour.uploads();
        }
        load
    }

    /// Takes note of an event, and says what to do about it.
    ///
    /// Events about neighbours that were dropped are ignored: they were under way.
    pub fn handle(&mut self, event: Event, now: Timestamp, rng: &mut impl Rng) -> Vec<Effect> {
        let mut cx = Cx { now, rng, effects: Vec::new() };
        match event {
            Event::Joined { peer, role } => self.join(peer, role, &mut cx),
            Event::Left(peer) => self.forget(peer, &mut cx),
            Event::Heard { peer, message } => {
                let judged = self.hear(peer, message, &mut cx);
                self.judge(peer, judged, &mut cx);
            }
            Event::Part { from, piece, is_first } => {
                let judged = self.part(from, piece, is_first, &mut cx);
                self.judge(from, judged, &mut cx);
            }
            Event::Arrived { from, piece } => self.arrived(from, piece, &mut cx),
            Event::Corrupt { from, piece } => {
                self.judge(from, Err(Fault::Corrupt { piece }), &mut cx);
            }
            Event::Sent { to, piece } => self.sent(to, piece, now),
            Event::Accused { by, peer } => self.accuse(by, peer, &mut cx),
            Event::Tick => self.tick(&mut cx),
        }
        cx.effects
    }

    fn judge(&mut self, peer: PeerId, judged: Judged, cx: &mut Cx<'_, impl Rng>) {
        if let Err(fault) = judged
            && self.neighbours.contains_key(&peer)
        {
            cx.effects.push(Effect::Drop { peer, fault });
            self.forget(peer, cx);
        }
    }
}
