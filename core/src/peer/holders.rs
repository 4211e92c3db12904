//! Who has which blob, by their own word: what a tracker is asked, and what a peer knows of its swarms.

use std::collections::{BTreeMap, BTreeSet};

use super::address::Subnet;
use crate::digest::Digest;
use crate::key::Key;
use crate::time::{Span, Timestamp};

/// Most holders of one blob that are known,
pub const HOLDERS_MAX: usize = 64;
/// and of these in one public subnet.
pub const HOLDERS_SUBNET_MAX: usize = 8;
/// A holder that does not say so again is forgotten after so long.
pub const HOLDER_LIFE: Span = Span::minutes(15);

/// Why a claim is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// Nobody may make a tracker remember blobs without end.
    #[error("as many blobs are tracked as can be")]
    Blobs,
    /// There are enough.
    #[error("{HOLDERS_MAX} holders of this blob are known")]
    Holders,
    /// There are enough of one place.
    #[error("{HOLDERS_SUBNET_MAX} holders of this blob in one subnet are known")]
    Subnet,
}

#[derive(Clone, Copy, Debug)]
struct Claim {
    subnet: Option<Subnet>,
    at: Timestamp,
}

/// Blobs and their holders.
#[derive(Clone, Debug)]
pub struct Holders {
    blobs_max: usize,
    blobs: BTreeMap<Digest, BTreeMap<Key, Claim>>,
}

impl Holders {
    /// Nobody holds anything yet. At most `blobs_max` blobs will be remembered.
    #[must_use]
    pub fn new(blobs_max: usize) -> Self {
        Self { blobs_max, blobs: BTreeMap::new() }
    }

    /// A host says that it takes part in the swarm of a blob. That it may, as one who was leased a unit
    /// that needs or makes the blob, the caller has checked. Hosts of private networks have no
    /// `subnet`.
    ///
    /// # Errors
    /// When there are enough others.
    pub fn claim(
        &mut self,
        blob: Digest,
        key: Key,
        subnet: Option<Subnet>,
        now: Timestamp,
    ) -> Result<(), NoRoom> {
        if !self.blobs.contains_key(&blob) && self.blobs.len() >= self.blobs_max {
            self.forget(now);
            if self.blobs.len() >= self.blobs_max {
                return Err(NoRoom::Blobs);
            }
        }
        let claims = self.blobs.entry(blob).or_default();
        claims.retain(|_, claim| is_fresh(*claim, now));
        if !claims.contains_key(&key) {
            let near = claims.values().filter(|it| subnet.is_some() && it.subnet == subnet).count();
            if claims.len() >= HOLDERS_MAX {
                return Err(NoRoom::Holders);
            }
            if near >= HOLDERS_SUBNET_MAX {
                return Err(NoRoom::Subnet);
            }
        }
        claims.insert(key, Claim { subnet, at: now });
        Ok(())
    }

    /// A host has gone, or no longer has it.
    pub fn withdraw(&mut self, blob: &Digest, key: &Key) {
        let Some(claims) = self.blobs.get_mut(blob) else { return };
        claims.remove(key);
        if claims.is_empty() {
            self.blobs.remove(blob);
        }
    }

    /// A host has gone, with all that it holds.
    pub fn leave(&mut self, key: &Key) {
        self.blobs.retain(|_, claims| {
            claims.remove(key);
            !claims.is_empty()
        });
    }

    /// Who holds a blob.
    #[must_use]
    pub fn of(&self, blob: &Digest, now: Timestamp) -> BTreeSet<Key> {
        let claims = self.blobs.get(blob).into_iter().flatten();
        claims.filter(|(_, claim)| is_fresh(**claim, now)).map(|(key, _)| *key).collect()
    }

    /// The blobs that a host holds.
    pub fn held_by(&self, key: &Key) -> impl Iterator<Item = &Digest> {
        self.blobs.iter().filter(|(_, claims)| claims.contains_key(key)).map(|(blob, _)| blob)
    }

    /// How many blobs are remembered.
    #[must_use]
    pub fn blobs(&self) -> usize {
        self.blobs.len()
    }

    /// Forgets whoever has not said so again.
    pub fn forget(&mut self, now: Timestamp) {
        self.blobs.retain(|_, claims| {
            claims.retain(|_, claim| is_fresh(*claim, now));
            !claims.is_empty()
        });
    }
}

fn is_fresh(claim: Claim, now: Timestamp) -> bool {
    now.since(claim.at) <= HOLDER_LIFE
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    fn blob(name: u8) -> Digest {
        Digest([name; 32])
    }

    fn key(number: u16) -> Key {
        let [high, low] = number.to_be_bytes();
        let mut bytes = [0; 32];
        (bytes[0], bytes[1]) = (high, low);
        Key(bytes)
    }

    fn subnet(number: u8) -> Option<Subnet> {
        Some(Subnet::V4([198, 51, number]))
    }

    #[test]
    fn a_holder_is_known_until_it_stops_saying_so() {
        let mut holders = Holders::new(8);
        holders.claim(blob(1), key(1), subnet(1), NOW).unwrap();
        holders.claim(blob(1), key(2), subnet(2), NOW.plus(Span::minutes(10))).unwrap();
        assert_eq!(holders.of(&blob(1), NOW), BTreeSet::from([key(1), key(2)]));
        assert_eq!(holders.of(&blob(2), NOW), BTreeSet::new());
        assert_eq!(holders.of(&blob(1), NOW.plus(Span::minutes(16))), BTreeSet::from([key(2)]));
        assert_eq!(holders.held_by(&key(2)).collect::<Vec<_>>(), [&blob(1)]);
        holders.withdraw(&blob(1), &key(2));
        holders.forget(NOW.plus(Span::minutes(16)));
        assert_eq!(holders.blobs(), 0);
    }

    /// An attacker with one subnet takes an eighth of the places, and what it says it holds is verified
    /// piece by piece anyway.
    #[test]
    fn a_crowd_of_one_subnet_leaves_room_for_others() {
        let mut holders = Holders::new(8);
        let crowd = (0..1_000).filter(|n| holders.claim(blob(1), key(*n), subnet(1), NOW).is_ok());
        assert_eq!(crowd.count(), HOLDERS_SUBNET_MAX);
        assert_eq!(holders.claim(blob(1), key(2_000), subnet(1), NOW), Err(NoRoom::Subnet));
        assert_eq!(holders.claim(blob(1), key(2_000), subnet(2), NOW), Ok(()));
        // The same host may say so as often as it likes, and machines of a lab are counted singly.
        assert_eq!(holders.claim(blob(1), key(0), subnet(1), NOW), Ok(()));
        let lab = (3_000..4_000).filter(|n| holders.claim(blob(1), key(*n), None, NOW).is_ok());
        assert_eq!(lab.count(), HOLDERS_MAX - HOLDERS_SUBNET_MAX - 1);
        assert_eq!(holders.claim(blob(1), key(5_000), None, NOW), Err(NoRoom::Holders));
    }

    #[test]
    fn blobs_that_nobody_holds_any_longer_make_room() {
        let mut holders = Holders::new(2);
        holders.claim(blob(1), key(1), None, NOW).unwrap();
        holders.claim(blob(2), key(1), None, NOW).unwrap();
        assert_eq!(holders.claim(blob(3), key(1), None, NOW), Err(NoRoom::Blobs));
        let later = NOW.plus(HOLDER_LIFE).plus(Span(1));
        assert_eq!(holders.claim(blob(3), key(1), None, later), Ok(()));
        assert_eq!(holders.blobs(), 1);
    }
}
