//! Floods and sieges: what somebody with many keys, many subnets and all the time can do.

use super::*;

/// Ten thousand identities in one rented subnet.
#[test]
fn a_flood_of_identities_from_one_subnet_gets_four_places() {
    let mut table = table();
    befriend(&mut table, 1, NOW);
    befriend(&mut table, 2, NOW);
    let kept = (0..10_000_u32).filter(|number| {
        let [.., last] = number.to_be_bytes();
        let heard = record(key(1_000 + number), at(66, last), NOW, &[COORDINATOR]);
        table.hear(heard, source(66), Reach::World, NOW).is_ok()
    });
    assert_eq!(kept.count(), SUBNET_MAX);
    assert_eq!(table.len(), 2 + SUBNET_MAX);
}

/// One source that knows of a whole Internet of peers, all of them truly there.
#[test]
fn one_source_displaces_only_what_it_told_itself() {
    let mut table = table();
    for number in 1..=20 {
        table.hear(vouched(number, NOW), Source::Coordinator, Reach::World, NOW).unwrap();
    }
    for number in 101..=110 {
        table.hear(vouched(number, NOW), source(7), Reach::World, NOW).unwrap();
    }
    for number in 1_000..3_000 {
        table.hear(vouched(number, NOW), source(66), Reach::World, NOW).unwrap();
    }
    let count = |from: Source| table.entries.values().filter(|it| it.source == from).count();
    assert_eq!(count(Source::Coordinator), 20);
    assert_eq!(count(source(7)), 10);
    assert_eq!(count(source(66)), SOURCE_MAX);
}

/// An attacker who has sources in two hundred subnets. The honest source, one of two hundred and one,
/// keeps its part of what sources of its kind may fill, and other kinds do not notice.
#[test]
fn many_sources_share_what_is_there() {
    let mut table = table();
    table.hear(vouched(1, NOW), Source::Coordinator, Reach::World, NOW).unwrap();
    table.sight(key(2), inside(2), NOW).unwrap();
    table.hear(vouched(3, NOW), source(7), Reach::World, NOW).unwrap();
    let mut number = 1_000;
    for round in 0..50 {
        for attacker in 300..500 {
            number += 1;
            let now = NOW.plus(Span::seconds(round));
            let _full = table.hear(vouched(number, now), source(attacker), Reach::World, now);
        }
    }
    let is_known = |number| table.entries.keys().any(|name| name.key == key(number));
    assert!(is_known(1) && is_known(2) && is_known(3));
    assert_eq!(table.len(), PEERS_MAX + 2);
}

/// Eclipse: all that a host hears from peers is the attacker's. It dials honest peers all the same.
#[test]
fn a_besieged_host_dials_whom_it_knows_and_whom_the_coordinator_names() {
    let mut table = table();
    for number in 1..=5 {
        befriend(&mut table, number, NOW);
    }
    for number in 11..=15 {
        table.hear(vouched(number, NOW), Source::Coordinator, Reach::World, NOW).unwrap();
    }
    for number in 1_000..6_000 {
        let attacker = source(300 + number % 200);
        let _full = table.hear(vouched(number, NOW), attacker, Reach::World, NOW);
    }
    assert_eq!(table.len(), 10 + PEERS_MAX);

    let (mut honest, mut sum, mut in_a_row, mut worst) = (0, 0, 0, 0);
    let mut rng = rng();
    for second in 0..4_000 {
        let now = NOW.plus(Span::seconds(second));
        let Some(dial) = table.next_dial(&BTreeSet::new(), now, &mut rng) else { continue };
        let is_honest = (1..=15).map(key).any(|key| key == dial.name.key);
        (honest, sum) = (honest + u32::from(is_honest), sum + 1);
        in_a_row = if is_honest { 0 } else { in_a_row + 1 };
        worst = worst.max(in_a_row);
    }
    // Half of the dials that are free to choose go to peers that have answered, half of the rest to the
    // coordinator's. Here the honest ones rest between their turns, and the attackers hardly ever do.
    assert!(sum > 3_000, "{sum}");
    assert!(honest * 4 > sum, "{honest} of {sum}");
    assert!(worst < 40, "{worst} dials in a row went to the attacker");
}

/// An attacker whose peers do answer, from two thousand subnets.
#[test]
fn peers_that_are_kept_are_never_pushed_out() {
    let mut table = table();
    for number in 1..=10 {
        befriend(&mut table, number, NOW);
    }
    for number in 1_000..3_000 {
        let now = NOW.plus(Span::seconds(number.into()));
        let _full = table.hear(vouched(number, now), source(number), Reach::World, now);
        let name = Name { key: key(number.into()), reach: Reach::World };
        table.linked(&Dial { name, address: at(number, 1) }, now);
    }
    let kept: BTreeSet<Key> = table.remembered().map(|it| it.key).collect();
    assert_eq!(kept.len(), TRIED_MAX);
    assert!((1..=10).all(|number| kept.contains(&key(number))));
    assert!(table.len() <= TRIED_MAX + PEERS_MAX);
}

/// A crowd of records that all point at one victim's network, each with a witness that the host believes.
#[test]
fn no_network_is_dialled_more_than_twice_a_minute() {
    let mut table = table();
    for number in 0..200 {
        let victim = at(66, u8::try_from(number).unwrap());
        let heard = record(key(1_000 + number), victim, NOW, &[COORDINATOR]);
        let _full = table.hear(heard, Source::Coordinator, Reach::World, NOW);
    }
    for number in 101..=190 {
        table.hear(vouched(number, NOW), Source::Coordinator, Reach::World, NOW).unwrap();
    }
    let mut rng = rng();
    let mut last = None;
    let mut sum = 0;
    // Ten times a second it is asked for a dial, for ten minutes.
    for tick in 0..6_000 {
        let now = NOW.plus(Span(tick * 100));
        let Some(dial) = table.next_dial(&BTreeSet::new(), now, &mut rng) else { continue };
        sum += 1;
        if dial.address.subnet() == at(66, 1).subnet() {
            let pause = last.map_or(Span::hours(1), |last| now.since(last));
            assert!(pause >= Span::seconds(30), "{pause}");
            last = Some(now);
        }
    }
    assert!(last.is_some() && sum <= 600 + 4, "{sum}");
}

#[test]
fn a_flood_of_announcements_on_the_lan_leaves_the_first_ones_alone() {
    let mut table = table();
    table.sight(key(1), inside(1), NOW).unwrap();
    let from = |number: u32| {
        let [.., high, low] = number.to_be_bytes();
        PeerAddress::new([10, 0, high, low].into(), 7_777).unwrap()
    };
    let crowd =
        (1_000..10_000).filter(|number| table.sight(key(*number), from(*number), NOW).is_ok());
    assert_eq!(crowd.count(), LAN_MAX - 1);
    let name = Name { key: key(1), reach: Reach::Site };
    assert!(table.entries.contains_key(&name));
    // They do not answer, and are gone in a minute or two.
    let (mut now, mut rng) = (NOW, rng());
    while table.len() > 1 && now < NOW.plus(Span::minutes(5)) {
        now = now.plus(Span::seconds(1));
        let busy = BTreeSet::from([key(1)]);
        if let Some(dial) = table.next_dial(&busy, now, &mut rng) {
            table.failed(&dial, now, &mut rng);
        }
    }
    assert_eq!(table.len(), 1);
    let same = (0..100).filter(|number| table.sight(key(2_000 + number), inside(8), NOW).is_ok());
    assert_eq!(same.count(), LAN_IP_MAX);
}
