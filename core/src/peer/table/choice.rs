//! Whom to dial next.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng;

use super::super::address::PeerAddress;
use super::{Entry, Name, Source, Table};
use crate::backoff::below;
use crate::key::Key;
use crate::time::{Span, Timestamp};

/// A dial that nobody reported back counts as over.
const DIAL_MAX: Span = Span::seconds(30);

/// Somebody to dial. Only this key may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Whom.
    pub name: Name,
    /// Where.
    pub address: PeerAddress,
}

impl Table {
    /// Whom to dial now, if anybody. Hosts in `busy` are linked to or being dialled.
    ///
    /// First one of two by chance: those who have answered before, or those who were only heard of.
    /// Of the latter, first a kind of source, then a source, then a peer. So it does not matter how
    /// much a source tells.
    pub fn next_dial(
        &mut self,
        busy: &BTreeSet<Key>,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Option<Dial> {
        self.next_dial_to(|name| !busy.contains(&name.key), now, rng)
    }

    /// Whom to dial now of those that are `wanted`, if anybody: within the same pace, and chosen in the same way.
    pub fn next_dial_to(
        &mut self,
        wanted: impl Fn(&Name) -> bool,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Option<Dial> {
        if !self.pace.is_open(now) {
            return None;
        }
        let mut tried = Vec::new();
        let mut new: BTreeMap<u8, BTreeMap<Source, Vec<Dial>>> = BTreeMap::new();
        for (name, entry) in &self.entries {
            if !wanted(name) || entry.rests_until > now {
                continue;
            }
            let dials = self.dialable(entry, now).map(|address| Dial { name: *name, address });
            let Some(dial) = pick(dials.collect(), rng) else { continue };
            if entry.is_tried {
                tried.push(dial);
            } else {
                let sources = new.entry(kind(entry.source)).or_default();
                sources.entry(entry.source).or_default().push(dial);
            }
        }
        let is_tried_next = new.is_empty() || below(2, rng) == 0;
        let dial = match pick(tried, rng).filter(|_| is_tried_next) {
            Some(dial) => dial,
            None => {
                let sources = pick(new.into_values().collect(), rng)?;
                pick(pick(sources.into_values().collect(), rng)?, rng)?
            }
        };
        self.pace.spend(&dial.address, now);
        if let Some(entry) = self.entries.get_mut(&dial.name) {
            entry.rests_until = now.plus(DIAL_MAX);
        }
        Some(dial)
    }

    /// Where a peer may be dialled now: where it is vouched for, or has answered, or was sighted.
    fn dialable(&self, entry: &Entry, now: Timestamp) -> impl Iterator<Item = PeerAddress> {
        let mut found: BTreeSet<PeerAddress> = entry.sighting.into_iter().collect();
        found.extend(entry.linked.map(|link| link.address));
        if let Some(record) = entry.record.as_ref().filter(|it| !it.record().has_expired(now)) {
            let addresses = record.record().addresses().iter().copied();
            found.extend(addresses.filter(|address| self.is_vouched(record, *address, now)));
        }
        found.into_iter().filter(move |address| self.pace.allows(address, now))
    }
}

fn kind(source: Source) -> u8 {
    match source {
        Source::Coordinator => 0,
        Source::Peer(_) => 1,
        Source::Lan => 2,
    }
}

/// One of them, each as likely as any other.
pub(super) fn pick<T>(mut from: Vec<T>, rng: &mut impl Rng) -> Option<T> {
    if from.is_empty() {
        return None;
    }
    let at = usize::try_from(below(from.len() as u64, rng)).unwrap_or(0);
    Some(from.swap_remove(at))
}
