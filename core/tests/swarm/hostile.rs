//! Neighbours that say anything at all.

use manyhands_core::swarm::{
    Effect, Event, Exchange, Fault, Geometry, HAVE_MAX, Message, NEIGHBOURS_MAX, PIECE_BYTES_MIN,
    PeerId, Pieces, Role,
};
use manyhands_core::time::Timestamp;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use crate::bed::{Bed, peer, set};
use crate::watch::Watch;

const PIECES: u32 = 20;

fn geometry() -> Geometry {
    Geometry::new(u64::from(PIECES) * PIECE_BYTES_MIN).unwrap()
}

fn piece() -> impl Strategy<Value = u32> {
    prop_oneof![9 => 0..PIECES, 1 => any::<u32>()]
}

fn message() -> impl Strategy<Value = Message> {
    let holds = (prop_oneof![9 => Just(PIECES), 1 => 0_u32..200], any::<[u32; 4]>());
    prop_oneof![
        holds.prop_map(|(count, pieces)| Message::Holds(set(count, pieces.map(|p| p % 200)))),
        prop::collection::vec(piece(), 0..4).prop_map(Message::Have),
        (piece(), any::<bool>())
            .prop_map(|(piece, is_stranded)| Message::Want { piece, is_stranded }),
        piece().prop_map(Message::Cancel),
        piece().prop_map(Message::Refuse),
    ]
}

/// Anything that a shell may report of one of four neighbours, in any order.
fn event() -> impl Strategy<Value = Event> {
    let who = || (0_u64..4).prop_map(PeerId);
    prop_oneof![
        1 => (who(), any::<bool>()).prop_map(|(peer, is_origin)| Event::Joined {
            peer,
            role: if is_origin { Role::Origin } else { Role::Peer },
        }),
        1 => who().prop_map(Event::Left),
        8 => (who(), message()).prop_map(|(peer, message)| Event::Heard { peer, message }),
        4 => (who(), piece(), any::<bool>())
            .prop_map(|(from, piece, is_first)| Event::Part { from, piece, is_first }),
        2 => (who(), 0..PIECES).prop_map(|(from, piece)| Event::Arrived { from, piece }),
        1 => (who(), piece()).prop_map(|(from, piece)| Event::Corrupt { from, piece }),
        1 => (who(), piece()).prop_map(|(to, piece)| Event::Sent { to, piece }),
        1 => (who(), who()).prop_map(|(by, peer)| Event::Accused { by, peer }),
        1 => Just(Event::Tick),
    ]
}

proptest! {
    #[test]
    fn nothing_that_is_said_breaks_the_bounds(
        events in prop::collection::vec((event(), 0_u64..3_000), 0..300),
        is_origin: bool,
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut exchange = match is_origin {
            true => Exchange::origin(geometry()),
            false => Exchange::peer(geometry(), set(PIECES, 0..PIECES / 2)),
        };
        let mut watch = Watch::default();
        let mut now = Timestamp(0);
        for (event, later_ms) in events {
            now = Timestamp(now.0 + later_ms);
            match &event {
                Event::Heard { peer, message } => watch.heard(0, *peer, message),
                Event::Arrived { from, piece } => watch.ended(0, *from, *piece),
                Event::Left(peer) => watch.left(0, *peer),
                Event::Joined { .. }
                | Event::Part { .. }
                | Event::Corrupt { .. }
                | Event::Sent { .. }
                | Event::Accused { .. }
                | Event::Tick => {}
            }
            let effects = exchange.handle(event, now, &mut rng);
            watch.check(0, &exchange, &effects);
        }
    }

    /// Honest hosts get their blob beside a neighbour that talks nonsense, as long as they may.
    #[test]
    fn honest_hosts_finish_beside_a_babbler(
        seed: u64,
        said in prop::collection::vec(message(), 0..200),
    ) {
        let mut bed = Bed::new(seed);
        let seeder = bed.add(Exchange::peer(geometry(), Pieces::all(PIECES)));
        let leechers: Vec<usize> = (0..3)
            .map(|_| bed.add(Exchange::peer(geometry(), Pieces::none(PIECES))))
            .collect();
        let babbler = bed.add(Exchange::peer(geometry(), Pieces::none(PIECES)));
        for leecher in &leechers {
            bed.link(seeder, *leecher);
            bed.link(babbler, *leecher);
        }
        // Nobody hears it out: from here on only its babble is on the wires.
        bed.hosts[babbler].is_here = false;
        for message in said {
            let to = leechers[bed.chance(leechers.len())];
            if let Message::Refuse(piece) = &message {
                bed.watch.ended(to, peer(babbler), *piece);
            }
            bed.handle(to, Event::Heard { peer: peer(babbler), message });
            bed.step();
        }
        bed.hosts[babbler].exchange = Exchange::peer(geometry(), Pieces::all(PIECES));
        bed.run();
        prop_assert_eq!(bed.unfinished(), []);
    }
}

/// What a neighbour does, and how it ends.
fn check(events: impl IntoIterator<Item = Event>, expected: Fault) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut exchange = Exchange::peer(geometry(), set(PIECES, 0..10));
    let joined = Event::Joined { peer: PeerId(7), role: Role::Peer };
    exchange.handle(joined, Timestamp(0), &mut rng);
    let mut effects = Vec::new();
    for event in events {
        effects.extend(exchange.handle(event, Timestamp(0), &mut rng));
    }
    assert!(
        effects.contains(&Effect::Drop { peer: PeerId(7), fault: expected }),
        "expected {expected:?} in {effects:?}"
    );
    assert_eq!(exchange.load().neighbours, 0);
}

fn said(message: Message) -> Event {
    Event::Heard { peer: PeerId(7), message }
}

fn want(piece: u32) -> Event {
    said(Message::Want { piece, is_stranded: false })
}

#[test]
fn pieces_that_do_not_exist_are_nonsense() {
    check([said(Message::Have(vec![PIECES]))], Fault::Nonsense);
    check([said(Message::Have(vec![0; HAVE_MAX + 1]))], Fault::Nonsense);
    check([said(Message::Holds(Pieces::none(PIECES + 1)))], Fault::Nonsense);
    check([want(u32::MAX)], Fault::Nonsense);
    check([Event::Part { from: PeerId(7), piece: PIECES, is_first: true }], Fault::Nonsense);
}

#[test]
fn asking_for_what_is_not_here_is_nonsense() {
    check([want(10)], Fault::Nonsense);
}

#[test]
fn asking_for_more_than_two_is_a_flood() {
    check([want(0), want(1), want(2)], Fault::Flood);
}

#[test]
fn repeating_what_helps_nobody_is_a_flood() {
    let repeated = |event: Event| std::iter::repeat_n(event, 100);
    check(repeated(said(Message::Have(vec![3]))), Fault::Flood);
    check(repeated(said(Message::Cancel(3))), Fault::Flood);
    check(repeated(said(Message::Refuse(3))), Fault::Flood);
    check(repeated(said(Message::Holds(Pieces::none(PIECES)))), Fault::Flood);
    check(repeated(Event::Part { from: PeerId(7), piece: 15, is_first: true }), Fault::Flood);
    let want_and_cancel = (0..100).flat_map(|_| [want(0), said(Message::Cancel(0))]);
    check(want_and_cancel, Fault::Flood);
}

#[test]
fn bytes_that_do_not_match_are_blamed_on_their_sender() {
    let fault = Fault::Corrupt { piece: 12 };
    check([Event::Corrupt { from: PeerId(7), piece: 12 }], fault);
    assert!(fault.is_blamed());
}

#[test]
fn a_transfer_that_does_not_move_ends_the_link_without_blame() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut exchange = Exchange::peer(geometry(), Pieces::none(PIECES));
    let from = PeerId(7);
    let story = [
        (0, Event::Joined { peer: from, role: Role::Peer }),
        (0, said(Message::Have(vec![3]))),
        (9_000, Event::Part { from, piece: 3, is_first: true }),
        (23_000, Event::Tick),
    ];
    for (at, event) in story {
        let effects = exchange.handle(event, Timestamp(at), &mut rng);
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Drop { .. })));
    }
    let effects = exchange.handle(Event::Tick, Timestamp(24_000), &mut rng);
    assert!(effects.contains(&Effect::Drop { peer: from, fault: Fault::Stalled }));
    assert!(!Fault::Stalled.is_blamed());
}

#[test]
fn a_piece_that_one_neighbour_does_not_begin_is_asked_of_another() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut exchange = Exchange::peer(geometry(), Pieces::none(PIECES));
    for number in [7, 8] {
        let joined = Event::Joined { peer: PeerId(number), role: Role::Peer };
        exchange.handle(joined, Timestamp(0), &mut rng);
    }
    let offer = |number| Event::Heard { peer: PeerId(number), message: Message::Have(vec![3]) };
    let ask =
        Effect::Tell { peer: PeerId(8), message: Message::Want { piece: 3, is_stranded: false } };
    exchange.handle(offer(7), Timestamp(0), &mut rng);
    assert!(!exchange.handle(offer(8), Timestamp(0), &mut rng).contains(&ask));
    assert!(!exchange.handle(Event::Tick, Timestamp(19_000), &mut rng).contains(&ask));
    assert!(exchange.handle(Event::Tick, Timestamp(20_000), &mut rng).contains(&ask));
}

#[test]
fn more_neighbours_than_there_may_be_are_sent_away() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut exchange = Exchange::peer(geometry(), Pieces::none(PIECES));
    for number in 0..200 {
        let joined = Event::Joined { peer: PeerId(number), role: Role::Peer };
        let effects = exchange.handle(joined, Timestamp(0), &mut rng);
        let is_full = effects.contains(&Effect::Drop { peer: PeerId(number), fault: Fault::Full });
        assert_eq!(is_full, number >= NEIGHBOURS_MAX as u64);
    }
    assert_eq!(exchange.load().neighbours, NEIGHBOURS_MAX);
}
