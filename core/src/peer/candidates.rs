//! Whom to dial for one blob: those who were named as taking part in its swarm.
//!
//! The coordinator names some, the host knows some itself, and peers name others when they are asked. What peers
//! name fills at most half of the room, and what one peer names at most a sixteenth, so that nobody who
//! names hosts without end keeps out those whom others name. Whether anybody is dialled at all, and where,
//! decides [`Table`](super::Table).

use std::collections::BTreeMap;

use crate::key::Key;
use crate::time::{Span, Timestamp};

/// Most hosts that are remembered as taking part in a blob's swarm,
pub const CANDIDATES_MAX: usize = 256;
/// of them by the word of peers,
pub const HEARSAY_MAX: usize = CANDIDATES_MAX / 2;
/// and by the word of one peer.
pub const TELLER_MAX: usize = CANDIDATES_MAX / 16;
/// Whoever was dialled is not dialled again before this.
pub const DIAL_AGAIN: Span = Span::seconds(30);

#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// The peer that named it; none if this host knows it by itself, or from a coordinator.
    teller: Option<Key>,
    dialled_at: Option<Timestamp>,
}

/// Those who may take part in one blob's swarm.
#[derive(Clone, Debug, Default)]
pub struct Candidates(BTreeMap<Key, Candidate>);

impl Candidates {
    /// This host knows somebody itself, or a coordinator names it. It may be dialled at once, also if it was before.
    pub fn known(&mut self, key: Key) {
        if self.0.len() >= CANDIDATES_MAX && !self.0.contains_key(&key) {
            let hearsay = self.0.iter().find(|(_, candidate)| candidate.teller.is_some());
            let Some(leaving) = hearsay.map(|(key, _)| *key) else { return };
            self.0.remove(&leaving);
        }
        self.0.insert(key, Candidate { teller: None, dialled_at: None });
    }

    /// A peer names somebody. Whoever is here already stays as it is.
    pub fn told(&mut self, key: Key, teller: Key) {
        let hearsay = || self.0.values().filter_map(|candidate| candidate.teller);
        let is_full = self.0.len() >= CANDIDATES_MAX
            || hearsay().count() >= HEARSAY_MAX
            || hearsay().filter(|by| *by == teller).count() >= TELLER_MAX;
        if !is_full {
            let new = Candidate { teller: Some(teller), dialled_at: None };
            self.0.entry(key).or_insert(new);
        }
    }

    /// A dial to somebody begins.
    pub fn dialled(&mut self, key: &Key, now: Timestamp) {
        if let Some(candidate) = self.0.get_mut(key) {
            candidate.dialled_at = Some(now);
        }
    }

    /// Whom to dial now. Whoever needs nothing any more, as it `is_whole`, tries each only once.
    pub fn due(&self, is_whole: bool, now: Timestamp) -> impl Iterator<Item = &Key> {
        let is_due = move |candidate: &Candidate| match candidate.dialled_at {
            None => true,
            Some(at) => !is_whole && now.since(at) >= DIAL_AGAIN,
        };
        self.0.iter().filter(move |(_, candidate)| is_due(candidate)).map(|(key, _)| key)
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn key(number: usize) -> Key {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        Key(bytes)
    }

    fn due(candidates: &Candidates) -> Vec<Key> {
        candidates.due(false, NOW).copied().collect()
    }

    #[test]
    fn who_names_hosts_without_end_fills_a_sixteenth_and_all_peers_a_half() {
        let mut candidates = Candidates::default();
        (1_000..2_000).for_each(|host| candidates.told(key(host), key(1)));
        assert_eq!(due(&candidates).len(), TELLER_MAX);
        candidates.told(key(5_000), key(2));
        assert_eq!(due(&candidates).len(), TELLER_MAX + 1);
        for teller in 3..100 {
            (0..50).for_each(|host| candidates.told(key(10_000 + 50 * teller + host), key(teller)));
        }
        assert_eq!(due(&candidates).len(), HEARSAY_MAX);
        // The coordinator's word finds room, at the cost of hearsay if need be.
        (100_000..100_000 + CANDIDATES_MAX).for_each(|host| candidates.known(key(host)));
        assert_eq!(due(&candidates).len(), CANDIDATES_MAX);
        assert!(due(&candidates).iter().all(|it| *it >= key(100_000)));
        candidates.known(key(1));
        candidates.told(key(2), key(1));
        assert_eq!(due(&candidates).len(), CANDIDATES_MAX);
    }

    #[test]
    fn nobody_is_dialled_again_and_again_because_peers_name_it() {
        let mut candidates = Candidates::default();
        candidates.told(key(9), key(1));
        candidates.dialled(&key(9), NOW);
        candidates.told(key(9), key(2));
        assert_eq!(due(&candidates), []);
        let later = NOW.plus(DIAL_AGAIN);
        assert_eq!(candidates.due(false, later).count(), 1);
        // Who has all of the blob needs nobody.
        assert_eq!(candidates.due(true, later).count(), 0);
        // A coordinator says that it is there now.
        candidates.known(key(9));
        assert_eq!(due(&candidates), [key(9)]);
    }
}
