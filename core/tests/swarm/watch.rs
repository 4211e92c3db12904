//! Sees everything that hosts say and begin, and holds it against what they promise.

use std::collections::{BTreeMap, BTreeSet};

use manyhands_core::swarm::{
    DEALS_MAX, Effect, Exchange, Message, NEIGHBOURS_MAX, PeerId, UPLOADS_MAX, WANTS_MAX,
};

/// What each host has asked of whom, as the wires tell.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    asked: BTreeMap<(usize, PeerId), BTreeSet<u32>>,
    /// How often a piece was asked of a second neighbour.
    pub(crate) asked_twice: usize,
}

impl Watch {
    /// Holds what a host does now against its promises.
    pub(crate) fn check(&mut self, host: usize, exchange: &Exchange, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Tell { peer, message: Message::Want { piece, .. } } => {
                    self.asks(host, *peer, *piece, exchange);
                }
                Effect::Tell { peer, message: Message::Cancel(piece) } => {
                    self.ended(host, *peer, *piece);
                }
                Effect::Drop { peer, .. } => self.left(host, *peer),
                Effect::Tell { .. }
                | Effect::Upload { .. }
                | Effect::Stop { .. }
                | Effect::Seek
                | Effect::Finished => {}
            }
        }
        let load = exchange.load();
        assert!(load.neighbours <= NEIGHBOURS_MAX, "host {host}: {load:?}");
        assert!(load.uploads <= UPLOADS_MAX, "host {host}: {load:?}");
        let each = WANTS_MAX + DEALS_MAX;
        assert!(load.fetches <= each * load.neighbours, "host {host}: {load:?}");
        assert!(load.requests <= each * load.neighbours, "host {host}: {load:?}");
    }

    fn asks(&mut self, host: usize, peer: PeerId, piece: u32, exchange: &Exchange) {
        let of = |(asker, _): &(usize, PeerId)| *asker == host;
        let mine = || self.asked.iter().filter(|(who, _)| of(who)).map(|(_, pieces)| pieces);
        let sources = mine().filter(|pieces| pieces.contains(&piece)).count();
        assert!(sources <= 1, "host {host} asks a third neighbour for piece {piece}");
        assert!(!exchange.held().contains(piece), "host {host} asks for {piece}, which it has");
        if sources == 1 {
            self.asked_twice += 1;
            let under_way: BTreeSet<u32> = mine().flatten().copied().collect();
            let missing = exchange.held().count() - exchange.held().len();
            // Pieces that an origin deals are under way too, and are not seen here.
            let unseen = DEALS_MAX;
            assert!(
                under_way.len() + unseen >= missing as usize,
                "host {host} asks twice for {piece}, and {missing} are missing"
            );
        }
        let asked = self.asked.entry((host, peer)).or_default();
        assert!(asked.insert(piece), "host {host} asks {peer:?} twice for {piece}");
        assert!(asked.len() <= WANTS_MAX, "host {host} asks {peer:?} for {asked:?}");
    }

    /// A piece has come, or will not.
    pub(crate) fn ended(&mut self, host: usize, peer: PeerId, piece: u32) {
        if let Some(asked) = self.asked.get_mut(&(host, peer)) {
            asked.remove(&piece);
        }
    }

    pub(crate) fn heard(&mut self, host: usize, from: PeerId, message: &Message) {
        if let Message::Refuse(piece) = message {
            self.ended(host, from, *piece);
        }
    }

    pub(crate) fn left(&mut self, host: usize, peer: PeerId) {
        self.asked.remove(&(host, peer));
    }
}
