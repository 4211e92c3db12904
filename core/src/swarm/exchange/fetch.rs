//! Pieces on their way here: what is asked of whom, and what comes.

use rand_core::Rng;

use super::{Cx, Effect, Exchange, Fault, Judged, Message, Neighbour, PeerId, Role, WANTS_MAX};
use crate::swarm::deal::rarest;
use crate::swarm::neighbour::{Fetch, Kind};
use crate::swarm::{DEALS_MAX, PART_BYTES_MAX, Pieces};

impl Exchange {
    /// Asks every neighbour for what it may be asked for.
    pub(super) fn ask_all(&mut self, cx: &mut Cx<'_, impl Rng>) {
        let peers: Vec<PeerId> = self.neighbours.keys().copied().collect();
        peers.into_iter().for_each(|peer| self.ask(peer, cx));
    }

    /// Asks one neighbour for as much as it may be asked for.
    pub(super) fn ask(&mut self, peer: PeerId, cx: &mut Cx<'_, impl Rng>) {
        while let Some(neighbour) = self.neighbours.get(&peer)
            && neighbour.wants() < WANTS_MAX
            && !neighbour.is_resting(cx.now)
            && let Some((piece, kind)) = self.choose(neighbour, cx.rng)
        {
            cx.tell(peer, Message::Want { piece, is_stranded: kind == Kind::Stranded });
            self.begin(peer, piece, kind, cx);
        }
    }

    /// What to ask this neighbour for, and whether as the last resort.
    fn choose(&self, neighbour: &Neighbour, rng: &mut impl Rng) -> Option<(u32, Kind)> {
        if neighbour.role == Role::Origin && self.is_stranded {
            let all = Pieces::all(self.geometry.pieces());
            let missing = all.without([&self.held, &self.busy]);
            return Some((rarest(missing, &self.holders, rng)?, Kind::Stranded));
        }
        let wished = neighbour.has.without([&self.held, &self.busy]);
        if let Some(piece) = rarest(wished, &self.holders, rng) {
            return Some((piece, Kind::Wanted));
        }
        if self.is_end_game() {
            let elsewhere = self.busy.without([&self.doubled, &self.doubled]).filter(|piece| {
                let is_its_own = neighbour.fetches.iter().any(|fetch| fetch.piece == *piece);
                neighbour.has.contains(*piece) && !is_its_own
            });
            return Some((rarest(elsewhere, &self.holders, rng)?, Kind::Wanted));
        }
        None
    }

    /// Whether all that is missing is on its way.
    fn is_end_game(&self) -> bool {
        self.held.len() + self.busy.len() == self.geometry.pieces()
    }

    fn begin(&mut self, peer: PeerId, piece: u32, kind: Kind, cx: &mut Cx<'_, impl Rng>) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        let has_begun = kind == Kind::Dealt;
        neighbour.fetches.push(Fetch { piece, since: cx.now, has_begun, kind });
        if neighbour.role == Role::Peer {
            self.is_stranded = false;
        }
        self.idle_since = None;
        if !self.busy.insert(piece) {
            self.doubled.insert(piece);
        }
    }

    /// A piece no longer comes from one of those from whom it came.
    pub(super) fn release(&mut self, piece: u32) {
        if !self.doubled.remove(piece) {
            self.busy.remove(piece);
        }
    }

    /// A part of a piece has come.
    pub(super) fn part(
        &mut self,
        from: PeerId,
        piece: u32,
        is_first: bool,
        cx: &mut Cx<'_, impl Rng>,
    ) -> Judged {
        if piece >= self.geometry.pieces() {
            return Err(Fault::Nonsense);
        }
        let Some(neighbour) = self.neighbours.get_mut(&from) else { return Ok(()) };
        if let Some(fetch) = neighbour.fetch(piece) {
            fetch.has_begun = true;
            fetch.since = cx.now;
            return Ok(());
        }
        let dealt = neighbour.fetches.iter().filter(|fetch| fetch.kind == Kind::Dealt).count();
        let is_deal = neighbour.role == Role::Origin && is_first && dealt < DEALS_MAX;
        if !is_deal || self.doubled.contains(piece) {
            return Self::late(neighbour, cx);
        }
        if self.held.contains(piece) {
            self.expect_late_parts(from, piece);
            cx.tell(from, Message::Cancel(piece));
        } else {
            self.begin(from, piece, Kind::Dealt, cx);
        }
        Ok(())
    }

    /// Something that was on its way when it was cancelled, unless that happens too often.
    pub(super) fn late(neighbour: &mut Neighbour, cx: &Cx<'_, impl Rng>) -> Judged {
        match neighbour.late_parts.checked_sub(1) {
            Some(left) => {
                neighbour.late_parts = left;
                Ok(())
            }
            None => Self::tolerate(neighbour, cx),
        }
    }

    /// Something that helps nobody, but happens among honest peers too, now and then.
    pub(super) fn tolerate(neighbour: &mut Neighbour, cx: &Cx<'_, impl Rng>) -> Judged {
        if neighbour.allowance.spend(cx.now) { Ok(()) } else { Err(Fault::Flood) }
    }

    /// A piece is here: everybody is told, and whoever else was sending it may stop.
    pub(super) fn arrived(&mut self, from: PeerId, piece: u32, cx: &mut Cx<'_, impl Rng>) {
        if let Some(neighbour) = self.neighbours.get_mut(&from) {
            neighbour.take_fetch(piece);
            neighbour.delivered();
        }
        self.busy.remove(piece);
        if !self.held.insert(piece) {
            return;
        }
        let mut spared = None;
        if self.doubled.remove(piece) {
            spared = self
                .neighbours
                .iter_mut()
                .find_map(|(peer, neighbour)| neighbour.take_fetch(piece).map(|_| *peer));
        }
        if let Some(loser) = spared {
            self.expect_late_parts(loser, piece);
            cx.tell(loser, Message::Cancel(piece));
        }
        for peer in self.neighbours.keys() {
            cx.effects.push(Effect::Tell { peer: *peer, message: Message::Have(vec![piece]) });
        }
        if self.held.is_full() {
            cx.effects.push(Effect::Finished);
            return;
        }
        self.ask(from, cx);
        if let Some(loser) = spared {
            self.ask(loser, cx);
        }
    }

    /// Takes back what was asked of a neighbour.
    pub(super) fn cancel(&mut self, peer: PeerId, piece: u32, cx: &mut Cx<'_, impl Rng>) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if neighbour.take_fetch(piece).is_some() {
            self.release(piece);
            self.expect_late_parts(peer, piece);
            cx.tell(peer, Message::Cancel(piece));
        }
    }

    /// What was cancelled may still be under way.
    fn expect_late_parts(&mut self, peer: PeerId, piece: u32) {
        let parts = self.parts_of(piece);
        if let Some(neighbour) = self.neighbours.get_mut(&peer) {
            neighbour.late_parts = neighbour.late_parts.saturating_add(parts);
        }
    }

    /// Most messages that may come of a piece after it was cancelled: its encoding, which is a little
    /// longer than the piece, and the word that no more of it comes.
    fn parts_of(&self, piece: u32) -> u64 {
        self.geometry.bytes_of(piece).div_ceil(PART_BYTES_MAX) + 2
    }
}
