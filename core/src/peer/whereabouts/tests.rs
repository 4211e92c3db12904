//! Stories of hosts whose coordinator is not where it was.

use super::*;
use crate::key::Signature;
use crate::peer::CoordinatorRecord;
use crate::time::Span;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const INVITER: Key = Key([1; 32]);
const HEIR: Key = Key([2; 32]);
const PROJECT: Key = Key([9; 32]);

fn place(key: Key, address: &str) -> Place {
    Place { key, address: address.to_owned() }
}

fn invited() -> Whereabouts {
    Whereabouts::new(place(INVITER, "old.example:1"))
}

fn record(project: Key, seq: u64, named: &[(Key, &[&str])]) -> SignedCoordinators {
    let at = |(key, addresses): &(Key, &[&str])| {
        let addresses = addresses.iter().map(|&address| address.to_owned()).collect();
        CoordinatorAt { key: *key, addresses }
    };
    let named = named.iter().map(at).collect();
    let end = NOW.plus(Span::hours(24));
    let record = CoordinatorRecord::new(project, named, seq, end).unwrap();
    SignedCoordinators { record, signature: Signature([0; 64]) }
}

#[test]
fn without_a_record_there_is_the_place_of_the_invite() {
    let host = invited();
    assert_eq!(host.places(), [place(INVITER, "old.example:1")]);
    assert_eq!(host.keys(), [INVITER].into());
}

/// Then there is only the local network to look on, until it has answered or a record says where it is.
#[test]
fn an_invite_may_say_only_whom_to_look_for() {
    let mut host = Whereabouts::of(INVITER);
    assert_eq!((host.places(), host.keys()), (Vec::new(), [INVITER].into()));
    host.answered(place(INVITER, "10.0.0.1:7"));
    assert_eq!(host.places(), [place(INVITER, "10.0.0.1:7")]);
    host.hear(record(PROJECT, 1, &[(INVITER, &["new.example:2"])]), &INVITER, NOW).unwrap();
    assert_eq!(host.places().len(), 2);
}

#[test]
fn a_coordinator_that_moved_is_looked_for_where_its_project_says() {
    let mut host = invited();
    let named = record(PROJECT, 1, &[(INVITER, &["old.example:1", "new.example:2"])]);
    assert_eq!(host.hear(named, &INVITER, NOW), Ok(true));
    let both = [place(INVITER, "old.example:1"), place(INVITER, "new.example:2")];
    assert_eq!(host.places(), both);
    // Where it was found is dialled first from then on.
    host.answered(both[1].clone());
    assert_eq!(host.places(), [both[1].clone(), both[0].clone()]);
    // So is a place that no record names, such as one on the local network.
    host.answered(place(INVITER, "10.0.0.1:7"));
    assert_eq!(host.places()[0], place(INVITER, "10.0.0.1:7"));
    assert_eq!(host.places().len(), 3);
}

#[test]
fn another_coordinator_takes_over_and_the_old_key_is_dialled_no_more() {
    let mut host = invited();
    host.hear(record(PROJECT, 1, &[(INVITER, &["old.example:1"])]), &INVITER, NOW).unwrap();
    host.answered(place(INVITER, "old.example:1"));
    let heir = record(PROJECT, 2, &[(HEIR, &["new.example:2"])]);
    // Whoever tells of it.
    assert_eq!(host.hear(heir, &Key([77; 32]), NOW), Ok(true));
    assert_eq!(host.places(), [place(HEIR, "new.example:2")]);
    assert_eq!(host.keys(), [HEIR].into());
    assert!(host.is_coordinator(&HEIR) && !host.is_coordinator(&INVITER));
    // Whoever stole the old key has nothing to say any more.
    let back = record(PROJECT, 1, &[(INVITER, &["old.example:1"])]);
    let replayed = CoordinatorsError::Replayed { known: 2, seq: 1 };
    assert_eq!(host.hear(back, &INVITER, NOW), Err(replayed));
    let own = record(INVITER, 99, &[(INVITER, &["old.example:1"])]);
    assert_eq!(host.hear(own, &INVITER, NOW), Err(CoordinatorsError::Project));
}

#[test]
fn only_whom_the_invite_names_says_which_project_it_is() {
    let mut host = invited();
    let foreign = record(PROJECT, 1, &[(HEIR, &["new.example:2"])]);
    assert_eq!(host.hear(foreign.clone(), &HEIR, NOW), Err(CoordinatorsError::Project));
    assert_eq!(host.places().len(), 1);
    assert_eq!(host.hear(foreign, &INVITER, NOW), Ok(true));
}

#[test]
fn a_coordinator_that_was_its_own_project_may_get_one_once() {
    let mut host = invited();
    let own = record(INVITER, 50, &[(INVITER, &["old.example:1"])]);
    assert_eq!(host.hear(own.clone(), &INVITER, NOW), Ok(true));
    let named = record(PROJECT, 1, &[(INVITER, &["old.example:1"]), (HEIR, &["new.example:2"])]);
    // Nobody but itself may say so.
    assert_eq!(host.hear(named.clone(), &HEIR, NOW), Err(CoordinatorsError::Project));
    assert_eq!(host.hear(named, &INVITER, NOW), Ok(true));
    assert_eq!(host.record().unwrap().record.project(), &PROJECT);
    assert_eq!(host.hear(own, &INVITER, NOW), Err(CoordinatorsError::Project));
}

#[test]
fn a_record_that_was_kept_is_tried_though_it_has_expired() {
    let mut host = invited();
    host.restore(record(PROJECT, 3, &[(INVITER, &["new.example:2"])]));
    assert_eq!(host.places().len(), 2);
    let later = NOW.plus(Span::hours(48));
    let older = record(PROJECT, 2, &[(INVITER, &["x.example:2"])]);
    assert!(host.hear(older, &INVITER, later).is_err());
    assert_eq!(host.places().len(), 2);
}

/// A peer has met the coordinator where it is now, and carries its record.
#[test]
fn any_peer_may_carry_a_newer_record_of_the_project() {
    let peer = Key([77; 32]);
    let mut host = invited();
    assert_eq!(host.wanted(), (INVITER, 0));
    host.hear(record(PROJECT, 4, &[(INVITER, &["old.example:1"])]), &INVITER, NOW).unwrap();
    assert_eq!(host.wanted(), (PROJECT, 4));
    let mut carried = Coordinators::new(PROJECT);
    carried.hear(record(PROJECT, 5, &[(INVITER, &["new.example:2"])]), NOW).unwrap();
    assert_eq!(carried.newer(&PROJECT, 5, NOW), None, "no news");
    assert_eq!(carried.newer(&INVITER, 4, NOW), None, "another project");
    let long_after = NOW.plus(Span::hours(25));
    assert_eq!(carried.newer(&PROJECT, 4, long_after), None, "expired");
    let told = carried.newer(&PROJECT, 4, NOW).unwrap().clone();
    assert_eq!(host.hear(told.clone(), &peer, NOW), Ok(true));
    assert_eq!(host.hear(told, &peer, NOW), Ok(false));
    assert_eq!(host.places().last(), Some(&place(INVITER, "new.example:2")));
}

#[test]
fn what_liars_carry_changes_nothing() {
    let liar = Key([77; 32]);
    let mut host = invited();
    // Of a host that knows no project yet, only what its coordinator signed itself counts.
    let foreign = record(PROJECT, 1, &[(HEIR, &["new.example:2"])]);
    assert_eq!(host.hear(foreign, &liar, NOW), Err(CoordinatorsError::Project));
    let own = record(INVITER, 7, &[(INVITER, &["new.example:2"])]);
    assert_eq!(host.hear(own, &liar, NOW), Ok(true));
    let before = host.places();
    let elsewhere: &[(Key, &[&str])] = &[(INVITER, &["elsewhere.example:2"])];
    let said = |project, seq| record(project, seq, elsewhere);
    let late = NOW.plus(Span::hours(25));
    for (heard, now) in [
        (said(INVITER, 6), NOW),
        (said(INVITER, 7), NOW),
        (said(PROJECT, 99), NOW),
        (said(INVITER, 99), late),
    ] {
        assert!(host.hear(heard, &liar, now).is_err());
        assert_eq!(host.places(), before);
    }
}

#[test]
fn a_record_that_its_owner_put_on_the_disk_counts_if_it_is_newer() {
    let mut host = invited();
    let at = |seq| record(PROJECT, seq, &[(INVITER, &["new.example:2"])]);
    assert_eq!(host.reread(at(3), NOW), Ok(true));
    assert_eq!(host.reread(at(3), NOW), Ok(false));
    assert!(host.reread(at(2), NOW).is_err());
    assert_eq!(host.reread(at(4), NOW), Ok(true));
    assert_eq!(host.wanted(), (PROJECT, 4));
}
