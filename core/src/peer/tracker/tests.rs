//! What a coordinator believes of its hosts, and whom it tells.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::*;
use crate::key::Signature;
use crate::peer::record::Record;
use crate::peer::{ANSWER_MAX, SKEW_MAX};

const PROJECT: Key = Key([9; 32]);
const OWN: Key = Key([200; 32]);
const NOW: Timestamp = Timestamp(1_700_000_000_000);
const BLOB: Digest = Digest([7; 32]);

fn tracker() -> Tracker {
    Tracker::new(OWN, PROJECT, 100, 10)
}

fn key(number: u8) -> Key {
    Key([number; 32])
}

fn ip(subnet: u8, last: u8) -> IpAddr {
    IpAddr::from([23, 0, subnet, last])
}

fn at(ip: IpAddr, port: u16) -> PeerAddress {
    PeerAddress::new(ip, port).unwrap()
}

fn record(number: u8, addresses: Vec<PeerAddress>, seq: u64) -> SignedRecord {
    let end = Timestamp(seq).plus(Span::hours(12));
    let record = Record::new(PROJECT, key(number), addresses, seq, end).unwrap();
    SignedRecord::new(record, Signature([0; 64]), Vec::new()).unwrap()
}

fn seen(by: Key, address: PeerAddress, seen_at: Timestamp) -> Witness {
    Witness { by, address, seen_at, signature: Signature([0; 64]) }
}

/// Registers the peer of this number in a subnet of its own, and sees it.
fn joins(tracker: &mut Tracker, number: u8) {
    let place = ip(number, 1);
    let due =
        tracker.register(&key(number), record(number, vec![at(place, 7_777)], NOW.0), place, NOW);
    let name = Name { key: key(number), reach: Reach::World };
    for address in due.unwrap() {
        tracker.witness(&name, seen(OWN, address, NOW), NOW);
    }
    tracker.claim(BLOB, key(number), place, NOW).unwrap();
}

fn told(tracker: &Tracker, reach: Reach) -> BTreeSet<Key> {
    let asker = Asker { key: key(1), reach };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut all = BTreeSet::new();
    for _ in 0..100 {
        let answer = tracker.share(asker, &BLOB, NOW, &mut rng);
        assert!(answer.len() <= ANSWER_MAX);
        all.extend(answer.iter().map(|record| *record.record().key()));
    }
    all
}

#[test]
fn a_peer_is_dialled_back_where_it_calls_from_and_nowhere_else() {
    let mut tracker = tracker();
    let addresses = vec![at(ip(1, 1), 7_777), at(ip(1, 1), 7_778), at(ip(66, 1), 7_777)];
    let register = |tracker: &mut Tracker, seq, now| {
        tracker.register(&key(1), record(1, addresses.clone(), seq), ip(1, 1), now)
    };
    let due = register(&mut tracker, NOW.0, NOW);
    assert_eq!(due, Ok(vec![at(ip(1, 1), 7_777), at(ip(1, 1), 7_778)]));
    // Not again at once, with whatever record.
    assert_eq!(register(&mut tracker, NOW.0, NOW), Ok(vec![]));
    assert_eq!(register(&mut tracker, NOW.0 + 1, NOW), Ok(vec![]));
    // What was seen is seen again after some hours, what was not after a minute.
    let name = Name { key: key(1), reach: Reach::World };
    tracker.witness(&name, seen(OWN, at(ip(1, 1), 7_777), NOW), NOW);
    let later = NOW.plus(VISIT_PAUSE);
    assert_eq!(register(&mut tracker, NOW.0 + 1, later), Ok(vec![at(ip(1, 1), 7_778)]));
    let much_later = NOW.plus(VISIT_AGAIN);
    let due = register(&mut tracker, NOW.0 + 2, much_later);
    assert_eq!(due, Ok(vec![at(ip(1, 1), 7_777), at(ip(1, 1), 7_778)]));
    // What a listener of both families calls the same address.
    let mapped = "::ffff:23.0.2.1".parse().unwrap();
    let due = tracker.register(&key(2), record(2, vec![at(ip(2, 1), 7_777)], NOW.0), mapped, NOW);
    assert_eq!(due, Ok(vec![at(ip(2, 1), 7_777)]));
}

#[test]
fn a_host_registers_itself_in_its_time_and_place() {
    let mut tracker = tracker();
    let mut check = |heard: SignedRecord, link, error| {
        assert_eq!(tracker.register(&key(1), heard, link, NOW), Err(error));
        assert!(tracker.is_empty());
    };
    let public = vec![at(ip(1, 1), 7_777)];
    check(record(2, public.clone(), NOW.0), ip(1, 1), Unregistered::Other);
    let inside = IpAddr::from([10, 0, 0, 1]);
    check(record(1, vec![at(inside, 7_777)], NOW.0), ip(1, 1), Unregistered::TooNear);
    let old = NOW.minus(Span::hours(13)).minus(SKEW_MAX);
    let expired = RecordError::Expired(Span(Span::hours(1).0 + SKEW_MAX.0));
    check(record(1, public.clone(), old.0), ip(1, 1), expired.into());
    let foreign = Record::new(key(8), key(1), public, 1, NOW).unwrap();
    let foreign = SignedRecord::new(foreign, Signature([0; 64]), Vec::new()).unwrap();
    check(foreign, ip(1, 1), RecordError::Project.into());
}

#[test]
fn numbers_do_not_go_back() {
    let mut tracker = tracker();
    joins(&mut tracker, 1);
    let moved = |seq| record(1, vec![at(ip(1, 2), 7_777)], seq);
    let replayed = |seq| Err(Unregistered::Replayed { known: NOW.0, seq });
    let mut register = |heard| tracker.register(&key(1), heard, ip(1, 2), NOW);
    assert_eq!(register(moved(NOW.0 - 1)), replayed(NOW.0 - 1));
    assert_eq!(register(moved(NOW.0)), replayed(NOW.0));
    assert!(register(moved(NOW.0 + 1)).is_ok());
    // What was seen of the old address says nothing of the new one.
    let name = Name { key: key(1), reach: Reach::World };
    assert_eq!(tracker.record(&name).unwrap().witnesses(), []);
}

#[test]
fn only_whom_the_coordinator_saw_it_names() {
    let mut tracker = tracker();
    (1..=20).for_each(|number| joins(&mut tracker, number));
    // Registered, but not reached; and reached, but holding something else.
    let place = ip(30, 1);
    tracker.register(&key(30), record(30, vec![at(place, 7_777)], NOW.0), place, NOW).unwrap();
    tracker.claim(BLOB, key(30), place, NOW).unwrap();
    joins(&mut tracker, 31);
    tracker.holders.withdraw(&BLOB, &key(31));
    // A witness of its own choice does not help.
    let name = Name { key: key(30), reach: Reach::World };
    tracker.witness(&name, seen(key(2), at(place, 7_777), NOW), NOW);
    assert_eq!(told(&tracker, Reach::World), (2..=20).map(key).collect());
}

/// A laboratory behind one address: private records stay inside.
#[test]
fn what_is_private_stays_inside() {
    let mut tracker = tracker();
    let inside = IpAddr::from([10, 0, 0, 2]);
    let due = tracker.register(&key(2), record(2, vec![at(inside, 7_777)], NOW.0), inside, NOW);
    let name = Name { key: key(2), reach: Reach::Site };
    tracker.witness(&name, seen(OWN, due.unwrap()[0], NOW), NOW);
    tracker.claim(BLOB, key(2), inside, NOW).unwrap();
    assert_eq!(told(&tracker, Reach::World), BTreeSet::new());
    assert_eq!(told(&tracker, Reach::Site), BTreeSet::from([key(2)]));
}

#[test]
fn a_full_tracker_takes_nobody_until_somebody_expires() {
    let mut tracker = Tracker::new(OWN, PROJECT, 2, 10);
    joins(&mut tracker, 1);
    joins(&mut tracker, 2);
    let place = ip(3, 1);
    let addresses = || vec![at(place, 7_777)];
    let full = tracker.register(&key(3), record(3, addresses(), NOW.0), place, NOW);
    assert_eq!(full, Err(Unregistered::Full));
    let later = NOW.plus(Span::hours(13));
    assert!(tracker.register(&key(3), record(3, addresses(), later.0), place, later).is_ok());
    assert_eq!(tracker.len(), 1);
}

#[test]
fn of_hosts_that_are_asked_for_by_name_only_the_reachable_are_told() {
    let mut tracker = tracker();
    joins(&mut tracker, 1);
    joins(&mut tracker, 2);
    let place = ip(30, 1);
    tracker.register(&key(30), record(30, vec![at(place, 7_777)], NOW.0), place, NOW).unwrap();
    let asker = Asker { key: key(1), reach: Reach::World };
    let hosts = BTreeSet::from([key(1), key(2), key(30), key(31)]);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let named = tracker.name(asker, &hosts, NOW, &mut rng);
    assert_eq!(named.iter().map(|it| *it.record().key()).collect::<Vec<_>>(), [key(2)]);
    assert!(tracker.is_reachable(key(1), NOW) && !tracker.is_reachable(key(30), NOW));
    // What was seen counts as long as the record, and no longer.
    assert!(!tracker.is_reachable(key(1), NOW.plus(Span::hours(25))));
}

/// Where it is, and what it holds, is known of nobody who left; others stay.
#[test]
fn nobody_who_left_is_named() {
    let mut tracker = tracker();
    (2..5).for_each(|number| joins(&mut tracker, number));
    assert_eq!(tracker.addresses(key(3)), [at(ip(3, 1), 7_777)].into());
    tracker.leave(key(3));
    assert_eq!(tracker.addresses(key(3)), BTreeSet::new());
    assert!(!tracker.is_reachable(key(3), NOW));
    assert_eq!(told(&tracker, Reach::World), [key(2), key(4)].into());
    assert_eq!(tracker.len(), 2);
    // Nor when it comes back before anybody else does, with nothing in its hands.
    let place = ip(3, 1);
    let again = record(3, vec![at(place, 7_777)], NOW.0 + 1);
    assert_eq!(tracker.register(&key(3), again, place, NOW), Ok(vec![at(place, 7_777)]));
    let name = Name { key: key(3), reach: Reach::World };
    tracker.witness(&name, seen(OWN, at(place, 7_777), NOW), NOW);
    assert_eq!(told(&tracker, Reach::World), [key(2), key(4)].into());
}
