//! A host's peers, under liars of every kind.

mod attacks;
mod model;
mod stories;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::*;
use crate::key::Signature;
use crate::peer::record::Record;

const PROJECT: Key = Key([9; 32]);
const COORDINATOR: Key = Key([200; 32]);
const NOW: Timestamp = Timestamp(1_700_000_000_000);
const LIFE: Span = Span::hours(12);

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// A host of a project with one coordinator.
fn table() -> Table {
    let mut table = Table::new(Key([255; 32]), PROJECT);
    table.set_coordinators(BTreeSet::from([COORDINATOR]));
    table
}

/// The `number`-th of many keys.
fn key(number: u32) -> Key {
    let mut bytes = [1; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Key(bytes)
}

/// An address in the public subnet `subnet`.
fn at(subnet: u16, last: u8) -> PeerAddress {
    let [high, low] = subnet.to_be_bytes();
    PeerAddress::new([23, high, low, last].into(), 7_777).unwrap()
}

fn inside(last: u8) -> PeerAddress {
    PeerAddress::new([10, 0, 0, last].into(), 7_777).unwrap()
}

fn source(subnet: u16) -> Source {
    Source::Peer(at(subnet, 1).subnet())
}

fn seen(by: Key, address: PeerAddress, seen_at: Timestamp) -> Witness {
    Witness { by, address, seen_at, signature: Signature([0; 64]) }
}

/// A record of one address, signed when its number was the time.
fn record(key: Key, address: PeerAddress, seq: Timestamp, by: &[Key]) -> SignedRecord {
    let record = Record::new(PROJECT, key, vec![address], seq.0, seq.plus(LIFE)).unwrap();
    let mut witnesses: Vec<Witness> = by.iter().map(|by| seen(*by, address, seq)).collect();
    witnesses.sort_by_key(|witness| witness.by);
    SignedRecord::new(record, Signature([0; 64]), witnesses).unwrap()
}

/// What a coordinator says of the peer with this number, which has a subnet for itself.
fn vouched(number: u16, seq: Timestamp) -> SignedRecord {
    record(key(number.into()), at(number, 1), seq, &[COORDINATOR])
}

/// Makes the peer of this number one that has answered.
fn befriend(table: &mut Table, number: u16, now: Timestamp) {
    table.hear(vouched(number, now), Source::Coordinator, Reach::World, now).unwrap();
    let name = Name { key: key(number.into()), reach: Reach::World };
    table.linked(&Dial { name, address: at(number, 1) }, now);
}

/// Dials as long as anybody may be dialled, a second apart, and says who it was.
fn dials(table: &mut Table, from: Timestamp, seconds: u32) -> Vec<Dial> {
    let mut rng = rng();
    let at = |second| from.plus(Span::seconds(second));
    (0..seconds)
        .filter_map(|second| table.next_dial(&BTreeSet::new(), at(second), &mut rng))
        .collect()
}
