//! What this host had to do with others, in all blobs together: for its owner to see, and to know liars by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use manyhands_core::digest::Digest;
use manyhands_core::peer::Reach;
use manyhands_core::swarm::Role;
use manyhands_proto::identity::PublicKey;

/// Most peers that are remembered. Those who are neither neighbours nor liars make room.
const PEERS_MAX: usize = 1_024;

/// What this host had to do with one other since it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealing {
    /// What it is.
    pub role: Role,
    /// From how far away its last link came, or went to.
    pub reach: Reach,
    /// Bytes of pieces that were sent to it.
    pub sent_bytes: u64,
    /// Bytes of pieces that it sent.
    pub received_bytes: u64,
    /// Whether it did what only a liar does. It is not linked to again.
    pub is_blamed: bool,
    /// Blobs in which it is a neighbour: the pieces that it says it holds, and how many there are.
    pub holds: BTreeMap<Digest, (u32, u32)>,
}

/// Bytes of pieces that were exchanged with other workers: what origins sent is not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Sent to them.
    pub given_bytes: u64,
    /// Received from them.
    pub taken_bytes: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Dealings(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    peers: BTreeMap<PublicKey, Dealing>,
    /// Bytes that went over the network since somebody asked.
    moved: u64,
    /// Of these, what was exchanged with workers since somebody asked.
    flow: Flow,
}

impl Dealings {
    /// There is a link to somebody.
    pub(crate) fn met(&self, key: PublicKey, role: Role, reach: Reach) {
        let mut kept = self.kept();
        if !kept.peers.contains_key(&key) && kept.peers.len() >= PEERS_MAX {
            let dispensable = |peer: &Dealing| peer.holds.is_empty() && !peer.is_blamed;
            let leaving = kept.peers.iter().find(|(_, peer)| dispensable(peer));
            let Some(leaving) = leaving.map(|(key, _)| *key) else { return };
            kept.peers.remove(&leaving);
        }
        let fresh = || Dealing {
            role,
            reach,
            sent_bytes: 0,
            received_bytes: 0,
            is_blamed: false,
            holds: BTreeMap::new(),
        };
        let peer = kept.peers.entry(key).or_insert_with(fresh);
        (peer.role, peer.reach) = (role, reach);
    }

    pub(crate) fn sent(&self, key: &PublicKey, bytes: u64) {
        let mut kept = self.kept();
        kept.moved = kept.moved.saturating_add(bytes);
        if kept.is_worker(key) {
            kept.flow.given_bytes = kept.flow.given_bytes.saturating_add(bytes);
        }
        if let Some(peer) = kept.peers.get_mut(key) {
            peer.sent_bytes = peer.sent_bytes.saturating_add(bytes);
        }
    }

    pub(crate) fn received(&self, key: &PublicKey, bytes: u64) {
        let mut kept = self.kept();
        kept.moved = kept.moved.saturating_add(bytes);
        if kept.is_worker(key) {
            kept.flow.taken_bytes = kept.flow.taken_bytes.saturating_add(bytes);
        }
        if let Some(peer) = kept.peers.get_mut(key) {
            peer.received_bytes = peer.received_bytes.saturating_add(bytes);
        }
    }

    pub(crate) fn blame(&self, key: &PublicKey) {
        if let Some(peer) = self.kept().peers.get_mut(key) {
            peer.is_blamed = true;
        }
    }

    pub(crate) fn is_blamed(&self, key: &PublicKey) -> bool {
        self.kept().peers.get(key).is_some_and(|peer| peer.is_blamed)
    }

    /// Who the neighbours of a blob are, and how many of its pieces each has.
    pub(crate) fn neighbours(
        &self,
        blob: Digest,
        pieces: u32,
        held: impl IntoIterator<Item = (PublicKey, u32)>,
    ) {
        let held: BTreeMap<PublicKey, u32> = held.into_iter().collect();
        for (key, peer) in &mut self.kept().peers {
            match held.get(key) {
                Some(held) => drop(peer.holds.insert(blob, (*held, pieces))),
                None => drop(peer.holds.remove(&blob)),
            }
        }
    }

    /// Bytes of pieces that went over the network since this was asked last.
    pub(crate) fn take_moved(&self) -> u64 {
        std::mem::take(&mut self.kept().moved)
    }

    /// Bytes of pieces that were exchanged with workers since this was asked last.
    pub(crate) fn take_flow(&self) -> Flow {
        std::mem::take(&mut self.kept().flow)
    }

    /// How many workers are neighbours in any blob.
    pub(crate) fn linked(&self) -> usize {
        let is_linked = |peer: &&Dealing| peer.role == Role::Peer && !peer.holds.is_empty();
        self.kept().peers.values().filter(is_linked).count()
    }

    pub(crate) fn all(&self) -> BTreeMap<PublicKey, Dealing> {
        self.kept().peers.clone()
    }

    /// Those who lied.
    pub(crate) fn blamed(&self) -> BTreeSet<PublicKey> {
        let kept = self.kept();
        kept.peers.iter().filter(|(_, peer)| peer.is_blamed).map(|(key, _)| *key).collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // These are counts: half of a change does no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Whoever is not remembered is one: origins are few, and neighbours.
    fn is_worker(&self, key: &PublicKey) -> bool {
        self.peers.get(key).is_none_or(|peer| peer.role == Role::Peer)
    }
}

#[cfg(test)]
mod tests {
    use manyhands_proto::identity::Identity;

    use super::*;

    fn key(number: u16) -> PublicKey {
        let [high, low] = number.to_be_bytes();
        let mut seed = [0; 32];
        (seed[0], seed[1]) = (high, low);
        Identity::from_seed(&seed).public_key()
    }

    #[test]
    fn strangers_displace_neither_neighbours_nor_liars() {
        let dealings = Dealings::default();
        let (liar, neighbour, blob) = (key(0), key(1), Digest([1; 32]));
        for number in 0..=1_024 {
            dealings.met(key(number), Role::Peer, Reach::Site);
            if number == 1 {
                dealings.blame(&liar);
                dealings.neighbours(blob, 4, [(neighbour, 3)]);
            }
        }
        let all = dealings.all();
        assert_eq!(all.len(), PEERS_MAX);
        assert!(dealings.is_blamed(&liar) && all.contains_key(&key(1_024)));
        assert_eq!(all[&neighbour].holds, BTreeMap::from([(blob, (3, 4))]));
        dealings.neighbours(blob, 4, []);
        assert!(dealings.all()[&neighbour].holds.is_empty());
    }

    #[test]
    fn bytes_are_counted_for_each_and_for_all() {
        let dealings = Dealings::default();
        dealings.met(key(1), Role::Origin, Reach::World);
        dealings.received(&key(1), 5);
        dealings.sent(&key(1), 2);
        // Of somebody who is not remembered they still went over the network.
        dealings.sent(&key(2), 3);
        let of = &dealings.all()[&key(1)];
        assert_eq!((of.received_bytes, of.sent_bytes), (5, 2));
        assert_eq!([dealings.take_moved(), dealings.take_moved()], [10, 0]);
    }

    #[test]
    fn what_workers_got_and_gave_is_counted_without_what_origins_sent() {
        let dealings = Dealings::default();
        dealings.met(key(1), Role::Origin, Reach::World);
        dealings.met(key(2), Role::Peer, Reach::Site);
        dealings.received(&key(1), 100);
        dealings.received(&key(2), 5);
        dealings.sent(&key(2), 2);
        // Somebody who is not remembered is a worker.
        dealings.sent(&key(3), 3);
        assert_eq!(dealings.take_flow(), Flow { given_bytes: 5, taken_bytes: 5 });
        assert_eq!(dealings.take_flow(), Flow::default());
    }

    #[test]
    fn a_worker_is_linked_once_in_however_many_blobs_and_an_origin_is_not() {
        let dealings = Dealings::default();
        dealings.met(key(1), Role::Origin, Reach::World);
        dealings.met(key(2), Role::Peer, Reach::Site);
        dealings.met(key(3), Role::Peer, Reach::Site);
        assert_eq!(dealings.linked(), 0);
        let [one, other] = [1, 2].map(|byte| Digest([byte; 32]));
        dealings.neighbours(one, 4, [(key(1), 4), (key(2), 0)]);
        dealings.neighbours(other, 4, [(key(2), 1)]);
        assert_eq!(dealings.linked(), 1);
        dealings.neighbours(one, 4, []);
        dealings.neighbours(other, 4, []);
        assert_eq!(dealings.linked(), 0);
    }
}
