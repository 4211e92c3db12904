//! What is a record, and what of it is signed.

use proptest::prelude::*;

use super::*;
use crate::peer::address::PORT_MIN;
use crate::time::Span;

const PROJECT: Key = Key([9; 32]);
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn at(last: u8, port: u16) -> PeerAddress {
    PeerAddress::new([198, 51, 100, last].into(), port).unwrap()
}

fn record(addresses: Vec<PeerAddress>) -> Result<Record, RecordError> {
    Record::new(PROJECT, Key([1; 32]), addresses, 7, NOW.plus(Span::hours(1)))
}

fn witness(by: u8, address: PeerAddress) -> Witness {
    Witness { by: Key([by; 32]), address, seen_at: NOW, signature: Signature([0; 64]) }
}

fn signed(witnesses: Vec<Witness>) -> Result<SignedRecord, RecordError> {
    SignedRecord::new(record(vec![at(1, 2_000)]).unwrap(), Signature([0; 64]), witnesses)
}

#[test]
fn a_list_of_addresses_is_written_in_one_way() {
    let check = |addresses: Vec<PeerAddress>, error| assert_eq!(record(addresses), Err(error));
    check(vec![], RecordError::Addresses(0));
    let many = (0..5).map(|last| at(last, 2_000)).collect();
    check(many, RecordError::Addresses(5));
    check(vec![at(2, 2_000), at(1, 2_000)], RecordError::Order);
    check(vec![at(1, 2_000), at(1, 2_000)], RecordError::Order);
    let inside = PeerAddress::new([10, 0, 0, 1].into(), 2_000).unwrap();
    check(vec![inside, at(1, 2_000)], RecordError::Mixed);
    assert_eq!(record(vec![inside]).unwrap().reach(), Reach::Site);
}

#[test]
fn only_others_witness_only_what_is_there() {
    let (here, elsewhere) = (at(1, 2_000), at(2, 2_000));
    assert!(signed(vec![witness(2, here), witness(3, here)]).is_ok());
    for bad in [
        vec![witness(1, here)],
        vec![witness(2, elsewhere)],
        vec![witness(2, here), witness(2, here)],
        vec![witness(3, here), witness(2, here)],
    ] {
        assert_eq!(signed(bad), Err(RecordError::Witness));
    }
    let crowd = (2..11).map(|by| witness(by, here)).collect();
    assert_eq!(signed(crowd), Err(RecordError::Witnesses(9)));
}

#[test]
fn a_record_counts_for_its_project_in_its_time_give_or_take_a_clock() {
    let record = record(vec![at(1, 2_000)]).unwrap();
    let check = |after_ms: u64| record.check(&PROJECT, Timestamp(NOW.0 + after_ms));
    let hour = Span::hours(1).0;
    assert_eq!((check(0), check(hour), check(hour + SKEW_MAX.0)), (Ok(()), Ok(()), Ok(())));
    let late = SKEW_MAX.0 + 1;
    assert_eq!(check(hour + late), Err(RecordError::Expired(Span(late))));
    assert_eq!(record.check(&Key([8; 32]), NOW), Err(RecordError::Project));
    let before = NOW.minus(Span::hours(30));
    assert_eq!(record.check(&PROJECT, before), Err(RecordError::LivesTooLong(Span::hours(31))));
    let absurd = Record { expires_at: Timestamp(u64::MAX), ..record };
    assert!(matches!(absurd.check(&PROJECT, NOW), Err(RecordError::LivesTooLong(_))));
}

#[test]
fn a_visit_counts_for_a_day_and_not_if_it_is_yet_to_come() {
    let seen = witness(2, at(1, 2_000));
    let check = |now: Timestamp| seen.is_fresh(now);
    assert!(check(NOW) && check(NOW.plus(VISIT_LIFE_MAX)) && check(NOW.minus(SKEW_MAX)));
    assert!(!check(NOW.minus(SKEW_MAX).minus(Span(1))));
    assert!(!check(NOW.plus(VISIT_LIFE_MAX).plus(SKEW_MAX).plus(Span(1))));
}

/// Witnesses that count are never displaced; those that do not are never taken.
#[test]
fn copies_of_a_record_are_joined() {
    let here = at(1, 2_000);
    let mut kept = signed(vec![witness(2, here), witness(3, here)]).unwrap();
    let later = Witness { seen_at: NOW.plus(Span(5)), ..witness(3, here) };
    let others = [later, witness(4, here), witness(5, here), witness(4, at(2, 2_000))];
    kept.join(&others, |witness| witness.by != Key([5; 32]));
    assert_eq!(kept.witnesses(), [witness(2, here), later, witness(4, here)]);
    let crowd: Vec<Witness> = (10..40).map(|by| witness(by, here)).collect();
    kept.join(&crowd, |_| true);
    assert_eq!(kept.witnesses().len(), WITNESSES_MAX);
    assert_eq!(kept.witnesses()[..3], [witness(2, here), later, witness(4, here)]);
    kept.join(&[], |witness| witness.by == Key([4; 32]));
    assert_eq!(kept.witnesses(), [witness(4, here)]);
}

fn addresses() -> impl Strategy<Value = Vec<PeerAddress>> {
    let v4 = any::<[u8; 4]>().prop_map(std::net::IpAddr::from);
    let v6 = any::<[u8; 16]>().prop_map(std::net::IpAddr::from);
    let one = (prop_oneof![v4, v6], PORT_MIN..)
        .prop_filter_map("no address", |(ip, port)| PeerAddress::new(ip, port).ok());
    prop::collection::btree_set(one, 1..=ADDRESSES_MAX)
        .prop_map(|set| set.into_iter().collect::<Vec<_>>())
}

fn records() -> impl Strategy<Value = Record> {
    let of =
        |(project, key, addresses, seq, expires_at): ([u8; 32], [u8; 32], Vec<_>, u64, u64)| {
            Record::new(Key(project), Key(key), addresses, seq, Timestamp(expires_at)).ok()
        };
    let parts = (any::<[u8; 32]>(), any::<[u8; 32]>(), addresses(), any::<u64>(), any::<u64>());
    parts.prop_filter_map("mixed", of)
}

proptest! {
    #[test]
    fn different_records_have_different_digests(a in records(), b in records(), field in 0..5) {
        prop_assert_eq!(a.digest() == b.digest(), a == b);
        let mut changed = a.clone();
        match field {
            0 => changed.project = b.project,
            1 => changed.key = b.key,
            2 => changed.addresses.clone_from(&b.addresses),
            3 => changed.seq = b.seq,
            _ => changed.expires_at = b.expires_at,
        }
        prop_assert_eq!(a.digest() == changed.digest(), a == changed);
    }

    #[test]
    fn neither_a_visit_nor_a_record_passes_for_the_other(record in records(), seen_at: u64) {
        let address = record.addresses()[0];
        let visit = Visit {
            project: record.project, key: record.key, address, seen_at: Timestamp(seen_at),
        };
        prop_assert_ne!(visit.digest(), record.digest());
        let moved = Visit { seen_at: Timestamp(seen_at ^ 1), ..visit };
        prop_assert_ne!(visit.digest(), moved.digest());
    }
}
