//! The origin's half: it deals each piece once, to whoever has passed on most of what it got.

use std::collections::BTreeMap;

use rand_core::Rng;

use super::event::{PeerId, Role};
use super::neighbour::Neighbour;
use super::pieces::{Pieces, index};
use super::{DEALS_MAX, Geometry, SPARE_SHARE};
use crate::backoff::below;

/// What an origin still has to deal, and may still give.
#[derive(Debug)]
pub(super) struct Deal {
    /// Pieces that no neighbour was dealt, or that were lost with whom they were dealt to.
    fresh: Pieces,
    /// Pieces that were dealt at least once.
    dealt: Pieces,
    /// Pieces that exactly one neighbour has: those that it has not passed on.
    sole: Pieces,
    /// Whether all pieces were dealt once, and neighbours were told that they may ask here.
    pub(super) is_shown: bool,
    sent_bytes: u64,
    budget_bytes: u64,
}

impl Deal {
    /// Before anything is dealt. The budget is one copy and a little.
    pub(super) fn new(geometry: Geometry) -> Self {
        let size_bytes = geometry.size_bytes();
        Self {
            fresh: Pieces::all(geometry.pieces()),
            dealt: Pieces::none(geometry.pieces()),
            sole: Pieces::none(geometry.pieces()),
            is_shown: false,
            sent_bytes: 0,
            budget_bytes: size_bytes + size_bytes / SPARE_SHARE,
        }
    }

    pub(super) fn set_budget(&mut self, bytes: u64) {
        self.budget_bytes = bytes;
    }

    /// Notes that so many neighbours have a piece.
    pub(super) fn counted(&mut self, piece: u32, holders: u16) {
        if holders == 1 {
            self.sole.insert(piece);
        } else {
            self.sole.remove(piece);
        }
    }

    /// Nobody has this piece, and it is on its way to nobody: if it was dealt, it is dealt again.
    pub(super) fn lost(&mut self, piece: u32) {
        if self.dealt.contains(piece) {
            self.fresh.insert(piece);
        }
    }

    /// Whether everything is dealt.
    pub(super) fn is_done(&self) -> bool {
        self.fresh.is_empty()
    }

    /// Notes that a piece begins to be sent, and so is dealt.
    pub(super) fn gave(&mut self, piece: u32, bytes: u64) {
        self.fresh.remove(piece);
        self.dealt.insert(piece);
        self.sent_bytes = self.sent_bytes.saturating_add(bytes);
    }

    /// Whether so many bytes more are within the budget.
    pub(super) fn affords(&self, bytes: u64) -> bool {
        self.sent_bytes.saturating_add(bytes) <= self.budget_bytes
    }

    /// Bytes that this origin has begun to send.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// Whom to deal a piece, and which.
    ///
    /// Whoever is accused comes last. The neighbour with the fewest pieces that it alone has comes first: it passes on what it gets,
    /// and little is lost if it leaves. Then whoever got least. Of the pieces, those that the fewest
    /// say they have; chance decides the rest. What neighbours say only changes the order, so no lie
    /// keeps a piece from being dealt.
    pub(super) fn next(
        &self,
        neighbours: &BTreeMap<PeerId, Neighbour>,
        holders: &[u16],
        rng: &mut impl Rng,
    ) -> Option<(PeerId, u32)> {
        if self.fresh.is_empty() {
            return None;
        }
        let can_take = |(_, n): &(&PeerId, &Neighbour)| {
            n.role == Role::Peer
                && n.requested(true) < DEALS_MAX
                && n.has_place()
                && self.fresh.without([&n.has, &n.has]).next().is_some()
        };
        let (peer, neighbour) =
            neighbours.iter().filter(can_take).min_by_key(|(_, neighbour)| {
                let under_way = neighbour.requested(true);
                let kept = neighbour.has.in_common(&self.sole);
                (neighbour.accusers, under_way, kept, neighbour.dealt, below(1 << 16, rng))
            })?;
        let wished = self.fresh.without([&neighbour.has, &neighbour.has]);
        Some((*peer, rarest(wished, holders, rng)?))
    }
}

/// One of the pieces that the fewest hold, each as likely as the others.
pub(super) fn rarest(
    pieces: impl Iterator<Item = u32>,
    holders: &[u16],
    rng: &mut impl Rng,
) -> Option<u32> {
    let mut least = u16::MAX;
    let mut ties = Vec::new();
    for piece in pieces {
        let held_by = holders.get(index(piece)).copied().unwrap_or(u16::MAX);
        if held_by < least {
            least = held_by;
            ties.clear();
        }
        if held_by == least {
            ties.push(piece);
        }
    }
    let drawn = below(ties.len() as u64, rng);
    ties.get(usize::try_from(drawn).unwrap_or(0)).copied()
}
