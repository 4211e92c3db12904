//! Which units a host computes that has nothing left to do and no coordinator to ask, and how it says to
//! its peers that it did, before it shows what came out. `selfchosen/SELFCHOSEN.md` says what for, and what
//! keeps liars from gaining by it.
//!
//! Hosts that know the same job and each other spread over its units without a word: each unit is first
//! of all for the host with the highest weight, where a weight is a hash of the unit and the host's key
//! (Thaler and Ravishankar, *Using name-based mappings to increase hit rates*, IEEE/ACM Transactions on
//! Networking 6, 1998: rendezvous hashing, or highest random weight). Who joins or leaves moves only
//! the units that are theirs.

mod choosing;

use std::collections::{BTreeMap, BTreeSet};

pub use self::choosing::{AWAY_AFTER, Choosing, is_unnumbered, unnumbered};

use crate::digest::Digest;
use crate::key::Key;
use crate::replica::Class;

/// Units that a host chooses itself and has not handed in, at most. More work would rest longer than it is
/// worth, and nobody may bring a large part of a job that they chose themselves.
pub const CHOSEN_MAX: usize = 64;

/// Units that are looked at in one choice. Of a larger job each host looks at a part of its own, in which it finds more
/// than it may choose.
const LOOKED_AT_MAX: u32 = 4_096;

/// Peers whose weights are compared. The table of peers has as many that answered.
pub const PEERS_MAX: usize = 64;

/// Units of a job that a peer is believed to have done, at most: a peer that says more says too much.
const DONE_OF_PEER_MAX: usize = CHOSEN_MAX;

/// What keeps a sealed answer from being guessed: random bytes.
pub type Salt = [u8; 32];

/// A job from which a host chooses units itself.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The digest of its signed manifest.
    pub manifest: &'a Digest,
    /// How many units it has.
    pub units_total: u32,
    /// This host.
    pub own: &'a Key,
    /// The others that choose, as far as it knows.
    pub peers: &'a BTreeSet<Key>,
}

impl Offer<'_> {
    /// At most `count` units to compute, in the order in which to do so: units for which this host has
    /// the highest weight of all that it knows, and if those are too few, units for which it has the
    /// second highest. Units of which `is_done` is true are left out.
    ///
    /// Two hosts that know of each other have a unit in common only where the first one is believed to be
    /// slow; two that do not may have some. That costs time and is never a danger: see the page.
    #[must_use]
    pub fn choose(&self, count: usize, is_done: impl Fn(u32) -> bool) -> Vec<u32> {
        let own = Weigher::new(self.manifest, self.own);
        let others = self.peers.iter().filter(|peer| *peer != self.own).take(PEERS_MAX);
        let others: Vec<_> = others.map(|peer| Weigher::new(self.manifest, peer)).collect();
        let from = own.first(self.units_total);
        let looked_at = (0..self.units_total.min(LOOKED_AT_MAX))
            .map(|step| (u64::from(from) + u64::from(step)) % u64::from(self.units_total))
            .filter_map(|index| u32::try_from(index).ok());
        let mut first_choice = Vec::new();
        let mut second_choice = Vec::new();
        for index in looked_at {
            let weight = own.weight(index);
            let heavier =
                others.iter().filter(|other| other.weight(index) > weight).take(2).count();
            let choice = match heavier {
                0 => &mut first_choice,
                1 if second_choice.len() < count => &mut second_choice,
                _ => continue,
            };
            // Asked last, as it costs most, and of few.
            if !is_done(index) {
                choice.push(index);
            }
            if first_choice.len() >= count {
                break;
            }
        }
        first_choice.into_iter().chain(second_choice).take(count).collect()
    }
}

/// What gives a host its weights in one job.
#[derive(Clone, Copy, Debug)]
struct Weigher(u64);

impl Weigher {
    fn new(manifest: &Digest, host: &Key) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"manyhands rendezvous v2\0");
        hasher.update(manifest.as_bytes()).update(host.as_bytes());
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hasher.finalize().into();
        Self(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    /// The host's weight for a unit. A choice compares it for thousands of units and dozens of hosts, so it is
    /// mixed and not hashed: nobody gains by heavy units.
    fn weight(self, index: u32) -> u64 {
        mix(self.0 ^ mix(index.into()))
    }

    /// Where the host begins to look, so that not all look at the same few units of a large job.
    fn first(self, units_total: u32) -> u32 {
        let place = self.weight(u32::MAX).checked_rem(units_total.into());
        place.and_then(|place| u32::try_from(place).ok()).unwrap_or(0)
    }
}

/// Each bit of `z` changes about half of those of the result, and no two have the same: the finisher of `SplitMix64`
/// (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014).
fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// That a host has an answer to a unit, without the answer: whoever sees it can neither take the answer over nor
/// be told another one later. The host signs [`Commitment::digest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Commitment {
    /// The job, by its manifest.
    pub manifest: Digest,
    /// The unit's index there.
    pub unit: u32,
    /// Who has the answer.
    pub host: Key,
    /// The answer and the salt, hashed.
    pub sealed: Digest,
}

impl Commitment {
    /// Commits `host` to an answer. The salt is the host's secret until it shows the answer; without it, whoever has
    /// few answers to choose from could try them all.
    #[must_use]
    pub fn new(manifest: Digest, unit: u32, host: Key, class: Class, salt: &Salt) -> Self {
        Self { manifest, unit, host, sealed: seal(&manifest, unit, &host, class, salt) }
    }

    /// Whether this is the answer that it was made for.
    #[must_use]
    pub fn opens_to(&self, class: Class, salt: &Salt) -> bool {
        seal(&self.manifest, self.unit, &self.host, class, salt) == self.sealed
    }

    /// What the host signs.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"manyhands commitment v1\0").update(self.manifest.as_bytes());
        hasher.update(&self.unit.to_le_bytes()).update(self.host.as_bytes());
        hasher.update(self.sealed.as_bytes());
        Digest(hasher.finalize().into())
    }
}

fn seal(manifest: &Digest, unit: u32, host: &Key, class: Class, salt: &Salt) -> Digest {
    let (kind, answer, work) = match class {
        Class::Outputs { answer, work } => (0_u8, answer, work),
        Class::Error { error, work } => (1, error, work),
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"manyhands sealed answer v1\0").update(manifest.as_bytes());
    hasher.update(&unit.to_le_bytes()).update(host.as_bytes()).update(&[kind]);
    hasher.update(answer.as_bytes()).update(&work.to_le_bytes()).update(salt);
    Digest(hasher.finalize().into())
}

/// What peers say that they have done of a job, each for itself. Nobody can make a host believe that all is
/// done: a peer is believed [`CHOSEN_MAX`] units, its first ones.
#[derive(Clone, Debug, Default)]
pub struct Done {
    of: BTreeMap<Key, BTreeSet<u32>>,
}

impl Done {
    /// A peer's commitment was heard, whose signature was checked. True if it is news.
    pub fn hear(&mut self, commitment: &Commitment) -> bool {
        if !self.of.contains_key(&commitment.host) && self.of.len() >= PEERS_MAX {
            return false;
        }
        let units = self.of.entry(commitment.host).or_default();
        units.len() < DONE_OF_PEER_MAX && units.insert(commitment.unit)
    }

    /// Whether a peer says that it has done the unit.
    #[must_use]
    pub fn has(&self, unit: u32) -> bool {
        self.of.values().any(|units| units.contains(&unit))
    }
}

#[cfg(test)]
mod tests;
