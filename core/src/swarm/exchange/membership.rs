//! Who is a neighbour, and what all neighbours together have.

use rand_core::Rng;

use super::{Cx, Effect, Exchange, Fault, Message, Neighbour, PeerId, Role};
use crate::swarm::pieces::index;
use crate::swarm::{ACCUSATIONS_MAX, NEIGHBOURS_MAX};

impl Exchange {
    pub(super) fn join(&mut self, peer: PeerId, role: Role, cx: &mut Cx<'_, impl Rng>) {
        if self.neighbours.contains_key(&peer) {
            return;
        }
        if self.neighbours.len() >= NEIGHBOURS_MAX {
            let leaving = self.dispensable().unwrap_or(peer);
            cx.effects.push(Effect::Drop { peer: leaving, fault: Fault::Full });
            self.forget(leaving, cx);
            if leaving == peer {
                return;
            }
        }
        self.neighbours.insert(peer, Neighbour::new(role, self.geometry.pieces(), cx.now));
        let is_shown = self.deal.as_ref().is_none_or(|deal| deal.is_shown);
        if is_shown && !self.held.is_empty() {
            cx.tell(peer, Message::Holds(self.held.clone()));
        }
        self.serve(cx);
    }

    /// A neighbour that has nothing to gain or give here.
    fn dispensable(&self) -> Option<PeerId> {
        let is_useless = |n: &Neighbour| n.role == Role::Peer && n.has.is_full();
        let useless = self.neighbours.iter().find(|(_, neighbour)| is_useless(neighbour));
        useless.filter(|_| self.held.is_full()).map(|(peer, _)| *peer)
    }

    /// Lets go of a neighbour, and makes up for what was under way with it.
    pub(super) fn forget(&mut self, peer: PeerId, cx: &mut Cx<'_, impl Rng>) {
        let Some(neighbour) = self.neighbours.remove(&peer) else { return };
        for fetch in &neighbour.fetches {
            self.release(fetch.piece);
        }
        if neighbour.role == Role::Peer && neighbour.accusers == 0 {
            neighbour.has.iter().for_each(|piece| self.count(piece, false));
        }
        for request in neighbour.requests.iter().filter(|r| r.sending_since.is_some()) {
            self.notice_loss(request.piece);
        }
        self.ask_all(cx);
        self.serve(cx);
    }

    /// What one neighbour says of another may be a lie, so nobody is dropped for it, and nobody is heard
    /// about many. But what only the accused has is dealt again, and it is dealt to after all others.
    pub(super) fn accuse(&mut self, by: PeerId, peer: PeerId, cx: &mut Cx<'_, impl Rng>) {
        if self.deal.is_none() || by == peer || !self.neighbours.contains_key(&peer) {
            return;
        }
        let Some(accuser) = self.neighbours.get_mut(&by) else { return };
        if accuser.accused.contains(&peer) || accuser.accused.len() >= ACCUSATIONS_MAX {
            return;
        }
        accuser.accused.push(peer);
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        neighbour.accusers += 1;
        if neighbour.accusers == 1 {
            // What it says that it has no longer counts.
            let claimed = neighbour.has.clone();
            claimed.iter().for_each(|piece| self.count(piece, false));
        }
        self.serve(cx);
    }

    /// Notes that a neighbour says it has a piece; false if that is not news.
    pub(super) fn note_has(&mut self, peer: PeerId, piece: u32) -> bool {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return false };
        let is_news = neighbour.has.insert(piece);
        if is_news && neighbour.role == Role::Peer && neighbour.accusers == 0 {
            self.count(piece, true);
        }
        is_news
    }

    /// One more, or one less, has a piece.
    fn count(&mut self, piece: u32, is_more: bool) {
        let Some(holders) = self.holders.get_mut(index(piece)) else { return };
        *holders = if is_more { holders.saturating_add(1) } else { holders.saturating_sub(1) };
        if let Some(deal) = &mut self.deal {
            deal.counted(piece, *holders);
        }
        self.notice_loss(piece);
    }

    /// An origin whose neighbours all lack a piece deals it again, unless it is on its way.
    pub(super) fn notice_loss(&mut self, piece: u32) {
        let is_held = self.holders.get(index(piece)).is_some_and(|holders| *holders > 0);
        let Some(deal) = self.deal.as_mut().filter(|_| !is_held) else { return };
        let mut requests = self.neighbours.values().flat_map(|neighbour| &neighbour.requests);
        if !requests.any(|request| request.piece == piece && request.sending_since.is_some()) {
            deal.lost(piece);
        }
    }
}
