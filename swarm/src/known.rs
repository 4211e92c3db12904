//! Whom this host knows, and where they are: the core decides what of that is believed, dialled and told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use manyhands_core::key::Key;
use manyhands_core::peer::{Asker, Dial, Name, Reach, SignedRecord, Source, Table, Tracker, Visit};
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::peer;
use rand_core::Rng;

use crate::clock::now;

/// A host's knowledge of others, shared with whoever else keeps it.
#[derive(Clone, Debug)]
pub enum Known {
    /// A coordinator knows who registered. It dials nobody for a blob.
    Tracker(Arc<Mutex<Tracker>>),
    /// A worker knows whom it believes.
    Table(Arc<Mutex<Table>>),
}

impl Known {
    /// Some of these that whoever asks may dial, by chance: at most eight.
    pub(crate) fn named(
        &self,
        among: &BTreeSet<Key>,
        asker: Asker,
        rng: &mut impl Rng,
    ) -> Vec<SignedRecord> {
        match self {
            Self::Tracker(tracker) => lock(tracker).name(asker, among, now(), rng),
            Self::Table(table) => lock(table).share(asker, among, now(), rng),
        }
    }

    /// Whether others can dial this host, as far as is known here.
    pub(crate) fn is_reachable(&self, key: &PublicKey) -> bool {
        match self {
            Self::Tracker(tracker) => lock(tracker).is_reachable(core_key(key), now()),
            // Only an origin asks.
            Self::Table(_) => false,
        }
    }

    /// Somebody named a host, over a link that comes from so far away. Whether the host is one of those whom this one knows
    /// now, or knew before.
    pub(crate) fn hear(&self, record: SignedRecord, source: Source, link: Reach) -> bool {
        let Self::Table(table) = self else { return false };
        let mut table = lock(table);
        let name = Name { key: *record.record().key(), reach: record.record().reach() };
        if let Err(reason) = table.hear(record, source, link, now()) {
            tracing::debug!(key = ?name.key, %reason, "a record does not count here");
        }
        table.record(&name).is_some()
    }

    /// Those on this machine or network whom this host could dial.
    pub(crate) fn near(&self) -> BTreeSet<Key> {
        let Self::Table(table) = self else { return BTreeSet::new() };
        let table = lock(table);
        let near = table.acquaintances().filter(|peer| peer.name.reach < Reach::World);
        near.map(|peer| peer.name.key).collect()
    }

    /// Whom to dial now, of those that are wanted.
    pub(crate) fn next_dial(
        &self,
        wanted: impl Fn(&Name) -> bool,
        rng: &mut impl Rng,
    ) -> Option<Dial> {
        let Self::Table(table) = self else { return None };
        lock(table).next_dial_to(wanted, now(), rng)
    }

    /// The peer answered there with its key; this host says so to others from now on.
    pub(crate) fn linked(&self, dial: &Dial, identity: &Identity) {
        let Self::Table(table) = self else { return };
        let (mut table, now) = (lock(table), now());
        table.linked(dial, now);
        let Some(project) = table.record(&dial.name).map(|it| *it.record().project()) else {
            return;
        };
        let (key, address) = (dial.name.key, dial.address);
        let visit = Visit { project, key, address, seen_at: now };
        table.witness(&dial.name, peer::witness(identity, &visit), now);
    }

    /// Nobody answered there, or somebody else.
    pub(crate) fn failed(&self, dial: &Dial, rng: &mut impl Rng) {
        let Self::Table(table) = self else { return };
        lock(table).failed(dial, now(), rng);
    }
}

/// A key as the core knows it.
pub(crate) fn core_key(key: &PublicKey) -> Key {
    Key(*key.as_bytes())
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is known of peers is a hint, whatever panicked.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
