//! What a coordinator knows of where its hosts take calls, and whom it tells.
//!
//! Hosts register their records. The coordinator dials back, but only to the IP address from which the
//! host itself calls: so nobody can aim it at somebody else. What it was answered by it counter-signs,
//! and only that it tells others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;

use rand_core::Rng;

use super::address::{PeerAddress, Reach, Subnet};
use super::answer::chosen;
use super::holders::{Holders, NoRoom};
use super::record::{RecordError, SignedRecord, Witness};
use super::table::{Asker, Name};
use crate::digest::Digest;
use crate::key::Key;
use crate::time::{Span, Timestamp};

/// A peer is dialled back at most once in so long, whatever it registers.
const VISIT_PAUSE: Span = Span::minutes(1);
/// A visit that is older than this is repeated when the peer registers again, long before it stops
/// counting.
const VISIT_AGAIN: Span = Span::hours(8);

/// Why a record is not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unregistered {
    /// It does not count here or now.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A host registers itself and nobody else.
    #[error("key: is not the caller's")]
    Other,
    /// See [`Table::hear`](super::Table::hear).
    #[error("addresses: are nearer than the call comes from")]
    TooNear,
    /// A newer one is registered, or another one of the same number.
    #[error("seq: is {seq} where {known} is registered")]
    Replayed {
        /// Of the newest record that is known.
        known: u64,
        /// Of this one.
        seq: u64,
    },
    /// There are as many as can be.
    #[error("as many peers are registered as can be; try again later")]
    Full,
}

#[derive(Clone, Debug)]
struct Registered {
    record: SignedRecord,
    visited_at: Option<Timestamp>,
}

impl Registered {
    /// Where it was answered lately, if its record still counts.
    fn seen_at(&self, now: Timestamp) -> Option<PeerAddress> {
        let seen = self.record.witnesses().iter().find(|it| it.is_fresh(now));
        seen.filter(|_| !self.record.record().has_expired(now)).map(|witness| witness.address)
    }
}

/// The registered peers of one project.
#[derive(Clone, Debug)]
pub struct Tracker {
    own: Key,
    project: Key,
    peers_max: usize,
    peers: BTreeMap<Name, Registered>,
    holders: Holders,
}

impl Tracker {
    /// Nobody is registered yet with the coordinator of the key `own`. It will know at most so many
    /// peers, and the holders of at most so many blobs.
    #[must_use]
    pub fn new(own: Key, project: Key, peers_max: usize, blobs_max: usize) -> Self {
        let (peers, holders) = (BTreeMap::new(), Holders::new(blobs_max));
        Self { own, project, peers_max, peers, holders }
    }

    /// The host that calls from `link` says where it takes calls. Its signature is checked. Returns the
    /// addresses to dial back to now: each that answers with the host's key is to be
    /// [witnessed](Self::witness).
    ///
    /// # Errors
    /// Why it is not registered. What was known stays.
    pub fn register(
        &mut self,
        caller: &Key,
        heard: SignedRecord,
        link: IpAddr,
        now: Timestamp,
    ) -> Result<Vec<PeerAddress>, Unregistered> {
        let record = heard.record();
        record.check(&self.project, now)?;
        if record.key() != caller {
            return Err(Unregistered::Other);
        }
        if record.reach() < Reach::of_link(link) {
            return Err(Unregistered::TooNear);
        }
        let name = Name { key: *caller, reach: record.reach() };
        let known = self.peers.get(&name);
        let said = known.map(|known| known.record.record());
        let is_same = said == Some(record);
        if let Some(said) = said.filter(|said| !is_same && record.seq() <= said.seq()) {
            return Err(Unregistered::Replayed { known: said.seq(), seq: record.seq() });
        }
        let is_new = known.is_none();
        if is_new && self.peers.len() >= self.peers_max {
            self.forget(now);
            if self.peers.len() >= self.peers_max {
                return Err(Unregistered::Full);
            }
        }
        let known = self.peers.get(&name);
        // Only what this coordinator saw itself is worth telling; what others say it need not keep.
        let seen = known.map(|known| known.record.witnesses().to_vec()).unwrap_or_default();
        let visited_at = known.and_then(|known| known.visited_at);
        let (mut record, _others) = heard.stripped();
        record.join(&seen, |witness| witness.is_fresh(now));
        let due = due(&record, link, visited_at, now);
        let visited_at = if due.is_empty() { visited_at } else { Some(now) };
        self.peers.insert(name, Registered { record, visited_at });
        Ok(due)
    }

    /// The peer answered at this address of its record.
    pub fn witness(&mut self, name: &Name, witness: Witness, now: Timestamp) {
        let own = self.own;
        if let Some(peer) = self.peers.get_mut(name) {
            peer.record.join(&[witness], |it| it.by == own && it.is_fresh(now));
        }
    }

    /// What is registered of a peer.
    #[must_use]
    pub fn record(&self, name: &Name) -> Option<&SignedRecord> {
        self.peers.get(name).map(|peer| &peer.record)
    }

    /// A host holds a blob of a unit that it was leased: the caller has checked that.
    ///
    /// # Errors
    /// When there are enough others.
    pub fn claim(
        &mut self,
        blob: Digest,
        key: Key,
        link: IpAddr,
        now: Timestamp,
    ) -> Result<(), NoRoom> {
        let is_public = Reach::of_link(link) == Reach::World;
        self.holders.claim(blob, key, is_public.then(|| Subnet::of(link)), now)
    }

    /// A few peers that hold a blob of a unit that the asker was leased: the caller has checked that.
    #[must_use]
    pub fn share(
        &self,
        asker: Asker,
        blob: &Digest,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Vec<SignedRecord> {
        self.name(asker, &self.holders.of(blob, now), now, rng)
    }

    /// A few of these hosts, where this coordinator was answered by them.
    #[must_use]
    pub fn name(
        &self,
        asker: Asker,
        hosts: &BTreeSet<Key>,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Vec<SignedRecord> {
        let near = |key: Key| {
            let (from, to) = (Name { key, reach: asker.reach }, Name { key, reach: Reach::World });
            self.peers.range(from..=to).map(|(_, peer)| peer)
        };
        let others = hosts.iter().copied().filter(|key| *key != asker.key);
        let seen = others.flat_map(near);
        chosen(seen.filter_map(|peer| Some((peer.seen_at(now)?, &peer.record))).collect(), rng)
    }

    /// Whether a host has answered this coordinator lately, so that others may dial it.
    #[must_use]
    pub fn is_reachable(&self, key: Key, now: Timestamp) -> bool {
        self.peers.range(names(key)).any(|(_, peer)| peer.seen_at(now).is_some())
    }

    /// Where a host said that it takes calls.
    #[must_use]
    pub fn addresses(&self, key: Key) -> BTreeSet<PeerAddress> {
        let records = self.peers.range(names(key)).map(|(_, peer)| peer.record.record());
        records.flat_map(|record| record.addresses().iter().copied()).collect()
    }

    /// Forgets a host at once, and what it holds.
    pub fn leave(&mut self, key: Key) {
        self.peers.retain(|name, _| name.key != key);
        self.holders.leave(&key);
    }

    /// Forgets records that have expired, and holders that were not heard again.
    pub fn forget(&mut self, now: Timestamp) {
        self.peers.retain(|_, peer| !peer.record.record().has_expired(now));
        self.holders.forget(now);
    }

    /// How many records are registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether nobody is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }
}

/// All names of a host.
fn names(key: Key) -> RangeInclusive<Name> {
    Name { key, reach: Reach::Machine }..=Name { key, reach: Reach::World }
}

/// Where to dial back to now: addresses of the caller itself, that were not seen lately.
fn due(
    record: &SignedRecord,
    link: IpAddr,
    visited_at: Option<Timestamp>,
    now: Timestamp,
) -> Vec<PeerAddress> {
    if visited_at.is_some_and(|at| now.since(at) < VISIT_PAUSE) {
        return Vec::new();
    }
    let is_due = |address: &&PeerAddress| {
        let seen = record.witnesses().iter().filter(|witness| witness.address == **address);
        address.ip() == link.to_canonical()
            && seen.into_iter().all(|witness| now.since(witness.seen_at) >= VISIT_AGAIN)
    };
    record.record().addresses().iter().filter(is_due).copied().collect()
}

#[cfg(test)]
mod tests;
