//! What becomes of records that are honest, and of those that are not.

use super::*;

fn hear(table: &mut Table, heard: SignedRecord) -> Result<Heard, Unheard> {
    table.hear(heard, Source::Coordinator, Reach::World, NOW)
}

#[test]
fn a_peer_that_the_coordinator_was_answered_by_is_dialled() {
    let mut table = table();
    assert_eq!(hear(&mut table, vouched(1, NOW)), Ok(Heard::New));
    let dial = table.next_dial(&BTreeSet::new(), NOW, &mut rng()).unwrap();
    assert_eq!((dial.name.key, dial.address), (key(1), at(1, 1)));
    // It is not dialled twice at a time, nor while it is linked to.
    assert_eq!(table.next_dial(&BTreeSet::new(), NOW, &mut rng()), None);
    let later = NOW.plus(Span::minutes(2));
    assert_eq!(table.next_dial(&BTreeSet::from([key(1)]), later, &mut rng()), None);
    assert!(table.next_dial(&BTreeSet::new(), later, &mut rng()).is_some());
}

#[test]
fn only_those_who_are_wanted_are_dialled_and_the_pace_is_the_same() {
    let mut table = table();
    (1..=6).for_each(|number| _ = hear(&mut table, vouched(number, NOW)).unwrap());
    assert_eq!(table.next_dial_to(|name| name.key == key(7), NOW, &mut rng()), None);
    let dial = table.next_dial_to(|name| name.key == key(3), NOW, &mut rng()).unwrap();
    assert_eq!(dial.name.key, key(3));
    let dials = std::iter::from_fn(|| table.next_dial_to(|_| true, NOW, &mut rng()));
    assert_eq!(dials.count(), 3, "four at once, one of them was made");
}

#[test]
fn an_owner_sees_whom_the_host_knows_and_why() {
    let mut table = table();
    hear(&mut table, vouched(1, NOW)).unwrap();
    let near = PeerAddress::new([10, 0, 0, 2].into(), 7_777).unwrap();
    table.sight(key(2), near, NOW).unwrap();
    let linked_at = NOW.minus(Span::hours(1));
    let (address, record) = (at(3, 1), None);
    table.remember([Remembered { key: key(3), address, linked_at, record }], NOW);
    let seen: Vec<_> = table
        .acquaintances()
        .map(|peer| (peer.name.key, peer.why, peer.address, peer.linked_at))
        .collect();
    assert_eq!(
        seen,
        [
            (key(1), Why::Told(Source::Coordinator), Some(at(1, 1)), None),
            (key(2), Why::Told(Source::Lan), Some(near), None),
            (key(3), Why::Remembered, Some(at(3, 1)), Some(linked_at)),
        ]
    );
}

#[test]
fn an_expired_record_is_refused() {
    let long_ago = NOW.minus(Span::hours(13));
    let expired = RecordError::Expired(Span::hours(1));
    assert_eq!(hear(&mut table(), vouched(1, long_ago)), Err(expired.into()));
}

#[test]
fn a_record_that_would_outlive_its_peer_is_refused() {
    let ahead = RecordError::LivesTooLong(Span::hours(42));
    let heard = vouched(1, NOW.plus(Span::hours(30)));
    assert_eq!(hear(&mut table(), heard), Err(ahead.into()));
}

#[test]
fn another_projects_record_is_refused() {
    let foreign = Record::new(Key([8; 32]), key(1), vec![at(1, 1)], 1, NOW.plus(LIFE)).unwrap();
    let foreign = SignedRecord::new(foreign, Signature([0; 64]), vec![]).unwrap();
    assert_eq!(hear(&mut table(), foreign), Err(RecordError::Project.into()));
}

#[test]
fn a_hosts_own_record_is_not_news_to_it() {
    let own = record(Key([255; 32]), at(1, 1), NOW, &[COORDINATOR]);
    assert_eq!(hear(&mut table(), own), Err(Unheard::Own));
}

#[test]
fn a_record_is_replaced_by_a_newer_one_only() {
    let mut table = table();
    hear(&mut table, vouched(1, NOW)).unwrap();
    let (earlier, later) = (NOW.minus(Span(1)), NOW.plus(Span(1)));
    let replayed = Unheard::Replayed { known: NOW.0, seq: earlier.0 };
    assert_eq!(hear(&mut table, vouched(1, earlier)), Err(replayed));
    // Another one of the same number is no better.
    let twin = record(key(1), at(2, 1), NOW, &[COORDINATOR]);
    assert!(matches!(hear(&mut table, twin), Err(Unheard::Replayed { .. })));
    assert_eq!(hear(&mut table, vouched(1, NOW)), Ok(Heard::Same));
    let moved = record(key(1), at(2, 1), later, &[COORDINATOR]);
    assert_eq!(hear(&mut table, moved), Ok(Heard::Newer));
    let dial = table.next_dial(&BTreeSet::new(), NOW, &mut rng()).unwrap();
    assert_eq!(dial.address, at(2, 1));
}

/// A newer record, signed by nobody but its peer, must not move a dial to somebody's address.
#[test]
fn an_address_without_a_witness_replaces_nothing() {
    let mut table = table();
    hear(&mut table, vouched(1, NOW)).unwrap();
    let aimed = record(key(1), at(66, 1), NOW.plus(Span(1)), &[key(1_000), key(1_001)]);
    assert_eq!(hear(&mut table, aimed), Err(Unheard::Unvouched));
    let dial = table.next_dial(&BTreeSet::new(), NOW, &mut rng()).unwrap();
    assert_eq!(dial.address, at(1, 1));
}

#[test]
fn only_the_addresses_with_a_witness_are_dialled() {
    let mut table = table();
    let addresses = vec![at(1, 1), at(66, 1), at(67, 1)];
    let record = Record::new(PROJECT, key(1), addresses, 1, NOW.plus(LIFE)).unwrap();
    let witnesses = vec![seen(COORDINATOR, at(1, 1), NOW)];
    let heard = SignedRecord::new(record, Signature([0; 64]), witnesses).unwrap();
    hear(&mut table, heard).unwrap();
    let dialled = dials(&mut table, NOW, 600);
    assert!(dialled.len() > 5 && dialled.iter().all(|dial| dial.address == at(1, 1)));
}

/// Far away it takes two peers of different places whom the host knows itself.
#[test]
fn while_the_coordinator_is_away_two_known_peers_vouch() {
    let mut table = table();
    for number in [1, 2] {
        befriend(&mut table, number, NOW);
    }
    let from = source(1);
    let hear = |table: &mut Table, number, by: &[Key]| {
        let heard = record(key(number), at(50, 1), NOW, by);
        table.hear(heard, from, Reach::World, NOW)
    };
    assert_eq!(hear(&mut table, 50, &[key(1)]), Err(Unheard::Unvouched));
    assert_eq!(hear(&mut table, 50, &[key(1), key(3)]), Err(Unheard::Unvouched));
    assert_eq!(hear(&mut table, 50, &[key(1), key(2)]), Ok(Heard::New));
    // Their word is worth a day.
    let visits = [seen(key(1), at(51, 1), NOW), seen(key(2), at(51, 1), NOW)];
    let later = NOW.plus(Span::hours(25));
    let record = Record::new(PROJECT, key(51), vec![at(51, 1)], 1, later.plus(LIFE)).unwrap();
    let stale = SignedRecord::new(record, Signature([0; 64]), visits.to_vec()).unwrap();
    assert_eq!(table.hear(stale, from, Reach::World, later), Err(Unheard::Unvouched));
}

#[test]
fn a_stranger_knows_nothing_of_this_network() {
    let mut table = table();
    let printer = record(key(1), inside(9), NOW, &[COORDINATOR]);
    let told =
        |table: &mut Table, link| table.hear(printer.clone(), Source::Coordinator, link, NOW);
    assert_eq!(told(&mut table, Reach::World), Err(Unheard::TooNear));
    assert_eq!(told(&mut table, Reach::Site), Ok(Heard::New));
    let own = PeerAddress::new([127, 0, 0, 1].into(), 5_432).unwrap();
    let own = record(key(2), own, NOW, &[COORDINATOR]);
    let told = table.hear(own, Source::Coordinator, Reach::Site, NOW);
    assert_eq!(told, Err(Unheard::TooNear));
}

#[test]
fn what_is_announced_on_the_lan_is_dialled_there_only() {
    let mut table = table();
    assert_eq!(table.sight(key(1), at(66, 1), NOW), Err(Unheard::Unvouched));
    assert_eq!(table.sight(Key([255; 32]), inside(1), NOW), Err(Unheard::Own));
    table.sight(key(1), inside(1), NOW).unwrap();
    let dial = table.next_dial(&BTreeSet::new(), NOW, &mut rng()).unwrap();
    assert_eq!(dial.address, inside(1));
    // Nothing was there: the announcement is forgotten.
    table.failed(&dial, NOW, &mut rng());
    assert!(table.is_empty());
}

/// Anybody on the LAN may announce anything of a peer that is known.
#[test]
fn a_false_announcement_costs_a_known_peer_nothing() {
    let mut table = table();
    let lab = record(key(1), inside(1), NOW, &[COORDINATOR]);
    table.hear(lab, Source::Coordinator, Reach::Site, NOW).unwrap();
    let name = Name { key: key(1), reach: Reach::Site };
    table.linked(&Dial { name, address: inside(1) }, NOW);
    for _ in 0..50 {
        table.sight(key(1), inside(66), NOW).unwrap();
        table.failed(&Dial { name, address: inside(66) }, NOW, &mut rng());
    }
    let dialled = dials(&mut table, NOW, 300);
    assert!(!dialled.is_empty() && dialled.iter().all(|dial| dial.address == inside(1)));
}

#[test]
fn who_does_not_answer_is_tried_less_and_less_and_forgotten() {
    let mut table = table();
    befriend(&mut table, 1, NOW);
    hear(&mut table, vouched(2, NOW)).unwrap();
    let mut attempts = BTreeMap::new();
    let (mut now, mut rng) = (NOW, rng());
    while now < NOW.plus(Span::hours(11)) {
        if let Some(dial) = table.next_dial(&BTreeSet::new(), now, &mut rng) {
            *attempts.entry(dial.name.key).or_insert(0) += 1;
            table.failed(&dial, now, &mut rng);
        }
        now = now.plus(Span::seconds(10));
    }
    assert_eq!(attempts, BTreeMap::from([(key(1), 10), (key(2), 3)]));
    assert!(table.is_empty());
}

#[test]
fn peers_that_answered_are_remembered_over_a_switched_off_month() {
    let mut before = table();
    for number in 1..=5 {
        befriend(&mut before, number, NOW);
    }
    hear(&mut before, vouched(6, NOW)).unwrap();
    let written: Vec<Remembered> = before.remembered().collect();
    assert_eq!(written.len(), 5);

    let later = NOW.plus(Span::hours(29 * 24));
    let mut after = table();
    after.remember(written.clone(), later);
    let found: BTreeSet<Key> = dials(&mut after, later, 5).iter().map(|it| it.name.key).collect();
    assert_eq!(found, (1..=5).map(key).collect());
    after.forget(NOW.plus(Span::hours(31 * 24)));
    assert!(after.is_empty());
    // A file from elsewhere, or from the future, is no worse than none.
    let mut other = Table::new(key(1), Key([8; 32]));
    other.remember(written.clone(), NOW);
    assert_eq!(other.remembered().filter(|it| it.record.is_some()).count(), 0);
    let mut early = table();
    early.remember(written, NOW.minus(Span(1)));
    assert!(early.is_empty());
}

/// Eight records of a blob's holders, by chance, of those whom the host has seen itself.
#[test]
fn a_host_passes_on_a_few_holders_that_it_knows() {
    let mut table = table();
    for number in 1..=20 {
        befriend(&mut table, number, NOW);
    }
    hear(&mut table, vouched(21, NOW)).unwrap();
    let asker = Asker { key: key(3), reach: Reach::World };
    let holders: BTreeSet<Key> = (1..=30).map(key).collect();
    let mut rng = rng();
    let mut told = BTreeSet::new();
    for _ in 0..200 {
        let answer = table.share(asker, &holders, NOW, &mut rng);
        assert_eq!(answer.len(), crate::peer::ANSWER_MAX);
        told.extend(answer.iter().map(|record| *record.record().key()));
    }
    // Everybody in turn but the asker itself, the one only heard of, and those who are not known.
    assert_eq!(told, (1..=20).filter(|number| *number != 3).map(key).collect());
    assert_eq!(table.share(asker, &BTreeSet::new(), NOW, &mut rng), []);
    assert_eq!(table.share(asker, &holders, NOW.plus(Span::hours(25)), &mut rng), []);
}

#[test]
fn what_is_private_goes_only_to_who_is_near() {
    let mut table = table();
    let lab = record(key(1), inside(1), NOW, &[COORDINATOR]);
    table.hear(lab.clone(), Source::Coordinator, Reach::Site, NOW).unwrap();
    let name = Name { key: key(1), reach: Reach::Site };
    table.linked(&Dial { name, address: inside(1) }, NOW);
    let holders = BTreeSet::from([key(1)]);
    let shared = |reach| table.share(Asker { key: key(2), reach }, &holders, NOW, &mut rng());
    assert_eq!(shared(Reach::World), []);
    assert_eq!(shared(Reach::Site), [lab]);
}

/// A host's own visit is what makes a peer's record worth something to others.
#[test]
fn a_host_signs_for_whom_it_has_seen() {
    let mut table = table();
    befriend(&mut table, 1, NOW);
    let name = Name { key: key(1), reach: Reach::World };
    let own = seen(Key([255; 32]), at(1, 1), NOW);
    table.witness(&name, own, NOW);
    let witnesses = table.record(&name).unwrap().witnesses();
    assert!(witnesses.contains(&own) && witnesses.len() == 2);
}

/// A host was invited by a coordinator, took that one's key for the project's, and then heard the project's record.
#[test]
fn a_host_that_learns_whose_project_it_is_in_forgets_what_peers_said_as_those_of_another() {
    let mut table = table();
    befriend(&mut table, 1, NOW);
    table.hear(vouched(3, NOW), Source::Coordinator, Reach::World, NOW).unwrap();
    table.sight(key(4), inside(4), NOW).unwrap();
    table.set_project(PROJECT);
    assert_eq!(table.len(), 3, "it knew that");
    table.set_project(COORDINATOR);
    assert_eq!(table.project(), COORDINATOR);
    // Those who have answered, or were seen on this network, are still there.
    let known: Vec<Key> = table.acquaintances().map(|it| it.name.key).collect();
    assert_eq!(known, [key(1), key(4)]);
    assert_eq!(table.record(&Name { key: key(1), reach: Reach::World }), None);
    let heard = table.hear(vouched(2, NOW), Source::Coordinator, Reach::World, NOW);
    assert!(heard.is_err(), "its record is of the other project");
}
