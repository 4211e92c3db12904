//! Swarms without an origin: what the peers have together, each of them gets.

use manyhands_core::swarm::{
    Effect, Event, Exchange, Fault, Geometry, Message, PIECE_BYTES_MIN, Pieces, Role,
};
use manyhands_core::time::Timestamp;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use crate::bed::{Bed, peer, set};

fn geometry(pieces: u32) -> Geometry {
    Geometry::new(u64::from(pieces) * PIECE_BYTES_MIN).unwrap()
}

/// Hosts of which each piece is held by at least one, linked so that all are reached.
fn scattered(seed: u64, hosts: usize, pieces: u32) -> Bed {
    let mut bed = Bed::new(seed);
    let mut held = vec![Pieces::none(pieces); hosts];
    for piece in 0..pieces {
        let copies = 1 + bed.chance(2);
        for _copy in 0..copies {
            let host = bed.chance(hosts);
            held[host].insert(piece);
        }
    }
    for pieces_held in held {
        bed.add(Exchange::peer(geometry(pieces), pieces_held));
    }
    for host in 1..hosts {
        let other = bed.chance(host);
        bed.link(host, other);
        let other = bed.chance(hosts);
        bed.link(host, other);
    }
    bed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn all_get_what_they_have_together(seed: u64, hosts in 2_usize..9, pieces in 1_u32..40) {
        let mut bed = scattered(seed, hosts, pieces);
        bed.run();
        prop_assert_eq!(bed.unfinished(), []);
        prop_assert!(bed.hosts.iter().all(|host| host.dropped.is_empty()));
    }

    #[test]
    fn whoever_stays_gets_what_those_who_stay_have_together(
        seed: u64,
        hosts in 3_usize..9,
        pieces in 1_u32..40,
        steps in 0_usize..400,
    ) {
        let mut bed = scattered(seed, hosts, pieces);
        let seeder = bed.add(Exchange::peer(geometry(pieces), Pieces::all(pieces)));
        for host in 0..hosts {
            bed.link(seeder, host);
        }
        for _step in 0..steps {
            bed.step();
        }
        let leaver = bed.chance(hosts);
        bed.leave(leaver);
        bed.run();
        prop_assert_eq!(bed.unfinished(), []);
    }

    #[test]
    fn whoever_sends_bad_bytes_is_dropped_by_name_and_nobody_else_is(
        seed: u64,
        hosts in 2_usize..8,
        pieces in 1_u32..40,
    ) {
        let mut bed = scattered(seed, hosts, pieces);
        let seeder = bed.add(Exchange::peer(geometry(pieces), Pieces::all(pieces)));
        let liar = bed.add(Exchange::peer(geometry(pieces), Pieces::all(pieces)));
        bed.hosts[liar].sends_bad_bytes = true;
        for host in 0..hosts {
            bed.link(seeder, host);
            bed.link(liar, host);
        }
        bed.run();
        prop_assert_eq!(bed.unfinished(), []);
        for (at, host) in bed.hosts.iter().enumerate() {
            for (dropped, fault) in &host.dropped {
                prop_assert_eq!(*dropped, peer(liar), "by host {}", at);
                let is_about_bytes = matches!(fault, Fault::Corrupt { .. });
                prop_assert!(is_about_bytes, "{:?}", fault);
            }
        }
    }
}

/// One host has half of a blob, another the other half: each asks for what it lacks, and neither is
/// asked for what it does not have.
#[test]
fn two_halves_make_two_wholes() {
    let mut bed = Bed::new(1);
    let low = bed.add(Exchange::peer(geometry(16), set(16, 0..8)));
    let high = bed.add(Exchange::peer(geometry(16), set(16, 8..16)));
    bed.link(low, high);
    bed.run();
    assert_eq!(bed.unfinished(), []);
    assert!(bed.hosts.iter().all(|host| host.finished == 1 && host.dropped.is_empty()));
    assert_eq!(bed.watch.asked_twice, 0);
}

/// The last piece is on its way from one neighbour and another has it too: it is asked of both, and
/// whoever comes second is told to stop.
#[test]
fn the_last_pieces_are_asked_of_two() {
    let mut bed = Bed::new(1);
    let leecher = bed.add(Exchange::peer(geometry(3), Pieces::none(3)));
    for _seeder in 0..2 {
        let seeder = bed.add(Exchange::peer(geometry(3), Pieces::all(3)));
        bed.link(leecher, seeder);
    }
    bed.run();
    assert_eq!(bed.unfinished(), []);
    assert!(bed.watch.asked_twice > 0);
}

/// A host on a metered line refuses at once, so that nobody waits for it; later it gives again.
#[test]
fn who_gives_nothing_refuses_what_is_asked() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut host = Exchange::peer(geometry(4), Pieces::all(4));
    host.handle(Event::Joined { peer: peer(1), role: Role::Peer }, Timestamp(0), &mut rng);
    host.set_giving(false);
    let mut ask = |host: &mut Exchange| {
        let message = Message::Want { piece: 2, is_stranded: false };
        host.handle(Event::Heard { peer: peer(1), message }, Timestamp(0), &mut rng)
    };
    let refusal = Effect::Tell { peer: peer(1), message: Message::Refuse(2) };
    assert_eq!(ask(&mut host), [refusal]);
    host.set_giving(true);
    assert_eq!(ask(&mut host), [Effect::Upload { to: peer(1), piece: 2 }]);
}
