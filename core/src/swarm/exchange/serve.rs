//! Pieces on their way to others: who is served next.

use rand_core::Rng;

use super::{Cx, Effect, Exchange, Message, Neighbour, PeerId};
use crate::backoff::below;
use crate::swarm::neighbour::{Kind, Request};
use crate::time::Timestamp;

impl Exchange {
    /// Begins uploads until all slots are taken or nobody waits.
    pub(super) fn serve(&mut self, cx: &mut Cx<'_, impl Rng>) {
        if !self.is_giving {
            return self.refuse_all(cx);
        }
        let under_way: usize = self.neighbours.values().map(Neighbour::uploads).sum();
        for _slot in under_way..self.uploads_max {
            if !self.deal_next(cx) && !self.serve_next(cx) {
                break;
            }
        }
        self.show_when_dealt(cx);
    }

    /// An origin that has something to deal deals it.
    fn deal_next(&mut self, cx: &mut Cx<'_, impl Rng>) -> bool {
        let Some(deal) = &mut self.deal else { return false };
        let Some((to, piece)) = deal.next(&self.neighbours, &self.holders, cx.rng) else {
            return false;
        };
        deal.gave(piece, self.geometry.bytes_of(piece));
        let Some(neighbour) = self.neighbours.get_mut(&to) else { return false };
        neighbour.dealt += 1;
        // If it had asked for it, this is the answer.
        neighbour.take_request(piece);
        let sending_since = Some(cx.now);
        neighbour.requests.push(Request { piece, kind: Kind::Dealt, sending_since });
        cx.effects.push(Effect::Upload { to, piece });
        true
    }

    /// Serves one of those who wait: first who is being sent least, then who has least, so that the
    /// last one catches up.
    fn serve_next(&mut self, cx: &mut Cx<'_, impl Rng>) -> bool {
        while let Some((to, piece, kind)) = self.first_waiting(Neighbour::has_place, cx.rng) {
            let bytes = self.geometry.bytes_of(piece);
            if let Some(deal) = &mut self.deal {
                if kind == Kind::Wanted && !deal.affords(bytes) {
                    self.refuse(to, piece, cx);
                    continue;
                }
                deal.gave(piece, bytes);
            }
            let Some(neighbour) = self.neighbours.get_mut(&to) else { return false };
            let request = neighbour.requests.iter_mut().find(|request| request.piece == piece);
            if let Some(request) = request {
                request.sending_since = Some(cx.now);
            }
            cx.effects.push(Effect::Upload { to, piece });
            return true;
        }
        false
    }

    /// Whoever gives nothing now says so at once, and nobody waits for it.
    fn refuse_all(&mut self, cx: &mut Cx<'_, impl Rng>) {
        while let Some((to, piece, _)) = self.first_waiting(|_| true, cx.rng) {
            self.refuse(to, piece, cx);
        }
    }

    fn first_waiting(
        &self,
        may: impl Fn(&Neighbour) -> bool,
        rng: &mut impl Rng,
    ) -> Option<(PeerId, u32, Kind)> {
        let neighbours = self.neighbours.iter().filter(|(_, neighbour)| may(neighbour));
        let waiting = neighbours.filter_map(|(peer, neighbour)| {
            let request = neighbour.requests.iter().find(|r| r.sending_since.is_none())?;
            Some((peer, neighbour, request))
        });
        let (peer, _, request) = waiting.min_by_key(|(_, neighbour, _)| {
            (neighbour.uploads(), neighbour.has.len(), below(1 << 16, rng))
        })?;
        Some((*peer, request.piece, request.kind))
    }

    pub(super) fn refuse(&mut self, to: PeerId, piece: u32, cx: &mut Cx<'_, impl Rng>) {
        if let Some(neighbour) = self.neighbours.get_mut(&to) {
            neighbour.take_request(piece);
        }
        cx.tell(to, Message::Refuse(piece));
    }

    /// Once an origin has dealt everything it may be asked like others.
    fn show_when_dealt(&mut self, cx: &mut Cx<'_, impl Rng>) {
        let Some(deal) = &mut self.deal else { return };
        if deal.is_shown || !deal.is_done() {
            return;
        }
        deal.is_shown = true;
        for peer in self.neighbours.keys() {
            let message = Message::Holds(self.held.clone());
            cx.effects.push(Effect::Tell { peer: *peer, message });
        }
    }

    /// The transport took a part of a piece.
    pub(super) fn sent(&mut self, to: PeerId, piece: u32, now: Timestamp) {
        let Some(neighbour) = self.neighbours.get_mut(&to) else { return };
        let mut requests = neighbour.requests.iter_mut();
        let of_piece = requests.find(|request| request.piece == piece);
        if let Some(since) = of_piece.and_then(|request| request.sending_since.as_mut()) {
            *since = now;
        }
    }
}
