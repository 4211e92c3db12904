//! What a host passes on to others.

use std::collections::BTreeSet;

use rand_core::Rng;

use super::super::VISIT_LIFE_MAX;
use super::super::address::Reach;
use super::super::answer::chosen;
use super::super::record::SignedRecord;
use super::Table;
use crate::key::Key;
use crate::time::Timestamp;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Its key.
    pub key: Key,
    /// How far away its link comes from.
    pub reach: Reach,
}

impl Table {
    /// At most [`ANSWER_MAX`](crate::peer::ANSWER_MAX) records, by chance, of those among `holders` that this host has itself been
    /// linked to lately. A host passes on nothing that it has only heard, so what is told cannot spread
    /// faster than it is true. What is private goes only to who asks from as near.
    #[must_use]
    pub fn share(
        &self,
        asker: Asker,
        holders: &BTreeSet<Key>,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Vec<SignedRecord> {
        let may_know = |name: &super::Name| {
            name.key != asker.key && name.reach >= asker.reach && holders.contains(&name.key)
        };
        let known = self.entries.iter().filter(|(name, _)| may_know(name));
        let seen = known.filter_map(|(_, entry)| {
            let link = entry.linked.filter(|link| now.since(link.at) <= VISIT_LIFE_MAX)?;
            let record = entry.record.as_ref().filter(|it| !it.record().has_expired(now))?;
            Some((link.address, record))
        });
        chosen(seen.collect(), rng)
    }
}
