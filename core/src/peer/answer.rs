//! Which records an answer has.

use std::collections::BTreeMap;

use rand_core::Rng;

use super::ANSWER_MAX;
use super::address::{PeerAddress, Reach};
use super::record::SignedRecord;
use crate::backoff::below;

/// Most records of one public subnet in an answer.
const ANSWER_SUBNET_MAX: usize = 2;

/// At most [`ANSWER_MAX`] of them by chance, and few of each place. Each comes with the address at which it
/// was last seen.
pub(super) fn chosen(
    mut from: Vec<(PeerAddress, &SignedRecord)>,
    rng: &mut impl Rng,
) -> Vec<SignedRecord> {
    let mut subnets = BTreeMap::new();
    let mut answer = Vec::new();
    while !from.is_empty() && answer.len() < ANSWER_MAX {
        let at = usize::try_from(below(from.len() as u64, rng)).unwrap_or(0);
        let (address, record) = from.swap_remove(at);
        let count: &mut usize = subnets.entry(address.subnet()).or_default();
        *count += 1;
        if *count <= ANSWER_SUBNET_MAX || address.reach() != Reach::World {
            answer.push(record.clone());
        }
    }
    answer
}
