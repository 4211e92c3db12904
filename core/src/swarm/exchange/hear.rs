//! What neighbours say, and what is made of it. Nothing that they say is believed further than it
//! can hurt.

use rand_core::Rng;

use super::{Cx, Effect, Exchange, Fault, Judged, Message, Neighbour, PeerId, Role, WANTS_MAX};
use crate::swarm::neighbour::{Fetch, Kind, Request};
use crate::swarm::{ACCUSERS_MAX, HAVE_MAX, Pieces};

impl Exchange {
    pub(super) fn hear(
        &mut self,
        peer: PeerId,
        message: Message,
        cx: &mut Cx<'_, impl Rng>,
    ) -> Judged {
        if !self.neighbours.contains_key(&peer) {
            return Ok(());
        }
        match message {
            Message::Holds(pieces) => self.hear_holds(peer, &pieces, cx),
            Message::Have(pieces) => self.hear_have(peer, &pieces, cx),
            Message::Want { piece, is_stranded } => {
                let kind = if is_stranded { Kind::Stranded } else { Kind::Wanted };
                self.hear_want(peer, piece, kind, cx)
            }
            Message::Cancel(piece) => self.hear_cancel(peer, piece, cx),
            Message::Refuse(piece) => self.hear_refuse(peer, piece, cx),
        }
    }

    fn hear_holds(&mut self, peer: PeerId, pieces: &Pieces, cx: &mut Cx<'_, impl Rng>) -> Judged {
        if pieces.count() != self.geometry.pieces() {
            return Err(Fault::Nonsense);
        }
        self.useless(peer, cx)?;
        for piece in pieces.iter() {
            self.has_now(peer, piece, cx);
        }
        self.ask(peer, cx);
        self.serve(cx);
        Ok(())
    }

    fn hear_have(&mut self, peer: PeerId, pieces: &[u32], cx: &mut Cx<'_, impl Rng>) -> Judged {
        let is_possible = |piece: &u32| *piece < self.geometry.pieces();
        if pieces.len() > HAVE_MAX || !pieces.iter().all(is_possible) {
            return Err(Fault::Nonsense);
        }
        let mut is_news = false;
        for piece in pieces {
            is_news |= self.has_now(peer, *piece, cx);
        }
        if !is_news {
            self.useless(peer, cx)?;
        }
        self.ask(peer, cx);
        self.serve(cx);
        Ok(())
    }

    /// A neighbour has a piece: it needs it no longer, and may be asked for it. False if that is no
    /// news.
    fn has_now(&mut self, peer: PeerId, piece: u32, cx: &mut Cx<'_, impl Rng>) -> bool {
        let is_news = self.note_has(peer, piece);
        let request =
            self.neighbours.get_mut(&peer).and_then(|neighbour| neighbour.take_request(piece));
        if request.is_some_and(|request| request.sending_since.is_some()) {
            // It may have the piece from somebody else.
            cx.effects.push(Effect::Stop { to: peer, piece });
        }
        if is_news && self.busy.contains(piece) {
            self.spare_the_origin(peer, piece, cx);
        }
        is_news
    }

    /// What an ordinary neighbour has need not be begged of the origin.
    fn spare_the_origin(&mut self, peer: PeerId, piece: u32, cx: &mut Cx<'_, impl Rng>) {
        let is_origin = |n: &Neighbour| n.role == Role::Origin;
        if self.neighbours.get(&peer).is_none_or(is_origin) {
            return;
        }
        let waits = |n: &Neighbour| {
            let is_waiting = |f: &Fetch| f.piece == piece && !f.has_begun;
            is_origin(n) && n.fetches.iter().any(is_waiting)
        };
        let origin = self.neighbours.iter().find(|(_, neighbour)| waits(neighbour));
        if let Some(origin) = origin.map(|(origin, _)| *origin) {
            self.cancel(origin, piece, cx);
        }
    }

    fn hear_want(
        &mut self,
        peer: PeerId,
        piece: u32,
        kind: Kind,
        cx: &mut Cx<'_, impl Rng>,
    ) -> Judged {
        if !self.held.contains(piece) {
            return Err(Fault::Nonsense);
        }
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return Ok(()) };
        let is_under_way = neighbour.requests.iter().any(|request| request.piece == piece);
        if is_under_way || neighbour.has.contains(piece) {
            return self.useless(peer, cx);
        }
        if neighbour.requested(false) >= WANTS_MAX {
            return Err(Fault::Flood);
        }
        // Everybody else has left it, so it would live on the origin alone.
        let is_left = neighbour.accusers > ACCUSERS_MAX;
        let kind = if is_left { Kind::Wanted } else { kind };
        neighbour.requests.push(Request { piece, kind, sending_since: None });
        let is_shown = self.deal.as_ref().is_none_or(|deal| deal.is_shown);
        if !is_shown && kind == Kind::Wanted {
            self.useless(peer, cx)?;
            self.refuse(peer, piece, cx);
        }
        self.serve(cx);
        Ok(())
    }

    fn hear_cancel(&mut self, peer: PeerId, piece: u32, cx: &mut Cx<'_, impl Rng>) -> Judged {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return Ok(()) };
        let request = neighbour.take_request(piece);
        self.useless(peer, cx)?;
        if let Some(request) = request {
            if request.sending_since.is_some() {
                cx.effects.push(Effect::Stop { to: peer, piece });
                // Without this word, whoever took the beginning for a deal would wait for the rest.
                cx.tell(peer, Message::Refuse(piece));
                self.notice_loss(piece);
            }
            self.serve(cx);
        }
        Ok(())
    }

    fn hear_refuse(&mut self, peer: PeerId, piece: u32, cx: &mut Cx<'_, impl Rng>) -> Judged {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return Ok(()) };
        let Some(fetch) = neighbour.take_fetch(piece) else { return Self::late(neighbour, cx) };
        let judged = Self::tolerate(neighbour, cx);
        match fetch.kind {
            Kind::Dealt => {}
            // It has nothing to spare; it is still the last resort.
            Kind::Wanted if neighbour.role == Role::Origin => {
                neighbour.has = Pieces::none(self.geometry.pieces());
            }
            Kind::Wanted | Kind::Stranded => neighbour.rest(cx.now),
        }
        self.release(piece);
        self.ask_all(cx);
        judged
    }

    /// Counts something that helps nobody.
    fn useless(&mut self, peer: PeerId, cx: &Cx<'_, impl Rng>) -> Judged {
        self.neighbours.get_mut(&peer).map_or(Ok(()), |n| Self::tolerate(n, cx))
    }
}
