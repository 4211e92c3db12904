//! Which peers the coordinator names to each other.

use std::collections::BTreeMap;

use manyhands_core::backoff::below;
use manyhands_core::swarm::PeerId;
use rand_core::Rng;

use crate::task::Neighbour;
use crate::wire::{RECORDS_MAX, Record};

/// Some others that `peer` may dial, by chance: at most [`RECORDS_MAX`].
pub(crate) fn named_to(
    peer: PeerId,
    neighbours: &BTreeMap<PeerId, Neighbour>,
    rng: &mut impl Rng,
) -> Vec<Record> {
    let others = neighbours.iter().filter(|(other, _)| **other != peer);
    let mut records: Vec<Record> = others.filter_map(|(_, other)| record(other)).collect();
    while records.len() > RECORDS_MAX {
        let drawn = below(records.len() as u64, rng);
        records.swap_remove(usize::try_from(drawn).unwrap_or(0));
    }
    records
}

/// Where others may dial it, if they may.
pub(crate) fn record(neighbour: &Neighbour) -> Option<Record> {
    Some(Record { key: neighbour.key, address: neighbour.address.clone()? })
}
