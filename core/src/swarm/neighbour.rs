//! What is known of one neighbour. All of it is bounded, whatever the neighbour does.

use super::allowance::Allowance;
use super::event::{PeerId, Role};
use super::pieces::Pieces;
use super::{REST, REST_MAX, UPLOADS_EACH_MAX};
use crate::time::Timestamp;

/// A piece on its way from a neighbour to here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fetch {
    pub(super) piece: u32,
    /// When it was asked for, or last moved.
    pub(super) since: Timestamp,
    /// Whether any part of it has come.
    pub(super) has_begun: bool,
    pub(super) kind: Kind,
}

/// A piece that goes, or is to go, from here to a neighbour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) piece: u32,
    pub(super) kind: Kind,
    /// When its upload began, or last moved; nothing while it waits.
    pub(super) sending_since: Option<Timestamp>,
}

/// Why a piece is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It was asked for.
    Wanted,
    /// It was asked for by somebody for whom nobody else has anything.
    Stranded,
    /// The origin deals it.
    Dealt,
}

/// One neighbour.
#[derive(Debug)]
pub(super) struct Neighbour {
    pub(super) role: Role,
    /// What it says that it holds.
    pub(super) has: Pieces,
    /// At most `WANTS_MAX`, and as many dealt ones as an origin may have under way.
    pub(super) fetches: Vec<Fetch>,
    /// At most `WANTS_MAX`, and `DEALS_MAX` dealt ones.
    pub(super) requests: Vec<Request>,
    /// How many pieces were dealt to it.
    pub(super) dealt: u32,
    /// So many others say that it sends bytes that do not match.
    pub(super) accusers: usize,
    /// Of whom it said so, as far as it is heard.
    pub(super) accused: Vec<PeerId>,
    /// Parts that may still come of pieces that are no longer wanted.
    pub(super) late_parts: u64,
    /// What it may still say that helps nobody.
    pub(super) allowance: Allowance,
    /// It is not asked for anything before this.
    rests_until: Timestamp,
    /// Rests since it last delivered.
    rests: u32,
}

impl Neighbour {
    pub(super) fn new(role: Role, pieces: u32, now: Timestamp) -> Self {
        Self {
            role,
            has: Pieces::none(pieces),
            fetches: Vec::new(),
            requests: Vec::new(),
            dealt: 0,
            accusers: 0,
            accused: Vec::new(),
            late_parts: 0,
            allowance: Allowance::new(now),
            rests_until: now,
            rests: 0,
        }
    }

    pub(super) fn fetch(&mut self, piece: u32) -> Option<&mut Fetch> {
        self.fetches.iter_mut().find(|fetch| fetch.piece == piece)
    }

    pub(super) fn take_fetch(&mut self, piece: u32) -> Option<Fetch> {
        let at = self.fetches.iter().position(|fetch| fetch.piece == piece)?;
        Some(self.fetches.swap_remove(at))
    }

    /// Pieces asked of it and not yet here.
    pub(super) fn wants(&self) -> usize {
        self.fetches.iter().filter(|fetch| fetch.kind != Kind::Dealt).count()
    }

    pub(super) fn take_request(&mut self, piece: u32) -> Option<Request> {
        let at = self.requests.iter().position(|request| request.piece == piece)?;
        // In order, so that what waits longer stays in front.
        Some(self.requests.remove(at))
    }

    /// Pieces on their way to it.
    pub(super) fn uploads(&self) -> usize {
        self.requests.iter().filter(|request| request.sending_since.is_some()).count()
    }

    /// Whether one piece more may be sent to it now.
    pub(super) fn has_place(&self) -> bool {
        self.uploads() < UPLOADS_EACH_MAX
    }

    /// Of its requests, those of its own making, or those that were dealt.
    pub(super) fn requested(&self, is_dealt: bool) -> usize {
        self.requests.iter().filter(|r| (r.kind == Kind::Dealt) == is_dealt).count()
    }

    /// It is left alone for a while, twice as long each time until it delivers.
    pub(super) fn rest(&mut self, now: Timestamp) {
        self.rests_until = now.plus(REST.doubled(self.rests, REST_MAX));
        self.rests = self.rests.saturating_add(1);
    }

    pub(super) fn delivered(&mut self) {
        self.rests = 0;
    }

    pub(super) fn is_resting(&self, now: Timestamp) -> bool {
        now < self.rests_until
    }
}
