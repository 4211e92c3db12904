//! Which coordinators a host believes in.

use super::*;

const PROJECT: Key = Key([9; 32]);
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn at(key: u8, addresses: &[&str]) -> CoordinatorAt {
    let addresses = addresses.iter().map(|&address| address.to_owned()).collect();
    CoordinatorAt { key: Key([key; 32]), addresses }
}

fn signed(seq: u64, place: &str, life: Span) -> SignedCoordinators {
    let places = vec![at(1, &[place]), at(2, &["other.example:7777"])];
    let record = CoordinatorRecord::new(PROJECT, places, seq, NOW.plus(life)).unwrap();
    SignedCoordinators { record, signature: Signature([0; 64]) }
}

fn place(known: &Coordinators) -> Option<&str> {
    known.known().first().map(|it| it.addresses[0].as_str())
}

#[test]
fn a_coordinator_that_moved_is_found_through_any_peer() {
    let mut known = Coordinators::new(PROJECT);
    assert_eq!(place(&known), None);
    assert_eq!(known.hear(signed(1, "old.example:7777", Span::hours(24)), NOW), Ok(true));
    // Whoever tells of the new place, it is the project's word.
    assert_eq!(known.hear(signed(2, "new.example:7777", Span::hours(24)), NOW), Ok(true));
    assert_eq!(place(&known), Some("new.example:7777"));
    assert_eq!(known.believed(NOW), BTreeSet::from([Key([1; 32]), Key([2; 32])]));
    // Said again it is no news; the old place does not come back.
    assert_eq!(known.hear(signed(2, "new.example:7777", Span::hours(24)), NOW), Ok(false));
    let replayed = known.hear(signed(1, "old.example:7777", Span::hours(24)), NOW);
    assert_eq!(replayed, Err(CoordinatorsError::Replayed { known: 2, seq: 1 }));
    let twice = known.hear(signed(2, "third.example:7777", Span::hours(24)), NOW);
    assert_eq!(twice, Err(CoordinatorsError::Replayed { known: 2, seq: 2 }));
    assert_eq!(place(&known), Some("new.example:7777"));
}

/// A thief of old records gains nothing by waiting.
#[test]
fn an_expired_record_is_tried_but_vouches_for_nobody_and_its_number_stays() {
    let mut known = Coordinators::new(PROJECT);
    known.hear(signed(5, "old.example:7777", Span::hours(1)), NOW).unwrap();
    let later = NOW.plus(Span::hours(2));
    assert_eq!(place(&known), Some("old.example:7777"));
    assert_eq!((known.newest(later), known.believed(later)), (None, BTreeSet::new()));
    let older = known.hear(signed(4, "older.example:7777", Span::hours(24)), later);
    assert_eq!(older, Err(CoordinatorsError::Replayed { known: 5, seq: 4 }));
    assert_eq!(known.hear(signed(6, "new.example:7777", Span::hours(24)), later), Ok(true));
}

#[test]
fn what_does_not_count_changes_nothing() {
    let mut known = Coordinators::new(PROJECT);
    let foreign = {
        let record = signed(9, "x:1", Span::hours(1)).record;
        let record = CoordinatorRecord { project: Key([8; 32]), ..record };
        SignedCoordinators { record, signature: Signature([0; 64]) }
    };
    assert_eq!(known.hear(foreign, NOW), Err(CoordinatorsError::Project));
    let late = NOW.plus(Span::hours(2));
    let expired = known.hear(signed(9, "x:1", Span::hours(1)), late);
    assert_eq!(expired, Err(CoordinatorsError::Expired(Span::hours(1))));
    let endless = known.hear(signed(9, "x:1", Span::hours(500 * 24)), NOW);
    assert_eq!(endless, Err(CoordinatorsError::LivesTooLong(Span::hours(500 * 24))));
    assert_eq!(place(&known), None);
}

#[test]
fn a_list_of_coordinators_is_short_and_written_in_one_way() {
    let check = |places: Vec<CoordinatorAt>, error| {
        let record = CoordinatorRecord::new(PROJECT, places, 1, NOW);
        assert_eq!(record, Err(error));
    };
    check(vec![], CoordinatorsError::Coordinators(0));
    check((0..9).map(|key| at(key, &["x:1"])).collect(), CoordinatorsError::Coordinators(9));
    check(vec![at(2, &["x:1"]), at(1, &["x:1"])], CoordinatorsError::Order);
    check(vec![at(1, &["x:1"]), at(1, &["y:1"])], CoordinatorsError::Order);
    check(vec![at(1, &[])], CoordinatorsError::Addresses(0));
    check(vec![at(1, &["x:1"; 5])], CoordinatorsError::Addresses(5));
    check(vec![at(1, &[""])], CoordinatorsError::AddressBytes(0));
    check(vec![at(1, &[&"x".repeat(260)])], CoordinatorsError::AddressBytes(260));
}

#[test]
fn every_part_of_a_record_is_in_its_digest() {
    let of = |places: Vec<CoordinatorAt>, seq, expires_at| {
        CoordinatorRecord::new(PROJECT, places, seq, Timestamp(expires_at)).unwrap().digest()
    };
    let one = of(vec![at(1, &["ab:1", "c:1"]), at(2, &["d:1"])], 1, 2);
    let others = [
        of(vec![at(1, &["a:1", "bc:1"]), at(2, &["d:1"])], 1, 2),
        of(vec![at(1, &["c:1", "ab:1"]), at(2, &["d:1"])], 1, 2),
        of(vec![at(1, &["ab:1"]), at(2, &["c:1", "d:1"])], 1, 2),
        of(vec![at(1, &["ab:1", "c:1"]), at(3, &["d:1"])], 1, 2),
        of(vec![at(1, &["ab:1", "c:1"]), at(2, &["d:1"])], 3, 2),
        of(vec![at(1, &["ab:1", "c:1"]), at(2, &["d:1"])], 1, 3),
    ];
    assert!(others.iter().all(|other| *other != one));
}
