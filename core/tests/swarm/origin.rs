//! Swarms around an origin: it deals each piece once, and makes up for who leaves.

use manyhands_core::swarm::{
    Effect, Event, Exchange, Geometry, Message, PIECE_BYTES_MIN, PeerId, Pieces, Role,
};
use manyhands_core::time::Timestamp;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use crate::bed::{Bed, peer};

fn geometry(pieces: u32) -> Geometry {
    Geometry::new(u64::from(pieces) * PIECE_BYTES_MIN).unwrap()
}

fn swarm(seed: u64, peers: usize, pieces: u32) -> Bed {
    let mut bed = Bed::new(seed);
    let origin = bed.add(Exchange::origin(geometry(pieces)));
    bed.hosts[origin].is_origin = true;
    for at in 1..=peers {
        let host = bed.add(Exchange::peer(geometry(pieces), Pieces::none(pieces)));
        bed.link(origin, host);
        for other in 1..at {
            bed.link(other, host);
        }
    }
    bed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// While nothing is silent for long, nobody is stranded, and the budget holds.
    #[test]
    fn an_origin_sends_one_copy_and_a_little(seed: u64, peers in 1_usize..9, pieces in 1_u32..60) {
        let mut bed = swarm(seed, peers, pieces);
        while bed.step() {}
        prop_assert_eq!(bed.unfinished(), []);
        let size_bytes = geometry(pieces).size_bytes();
        let sent_bytes = bed.hosts[0].exchange.origin_bytes();
        prop_assert!(sent_bytes >= size_bytes && sent_bytes <= size_bytes + size_bytes / 16);
    }

    #[test]
    fn what_leaves_with_a_peer_is_dealt_again(
        seed: u64,
        peers in 2_usize..9,
        pieces in 1_u32..60,
        steps in 0_usize..400,
    ) {
        let mut bed = swarm(seed, peers, pieces);
        for _step in 0..steps {
            bed.step();
        }
        let leaver = 1 + bed.chance(peers);
        bed.leave(leaver);
        bed.run();
        prop_assert_eq!(bed.unfinished(), []);
    }

    /// Peers that cannot reach each other live on the origin, beyond its budget.
    #[test]
    fn peers_that_see_only_the_origin_are_served_by_it(seed: u64, pieces in 1_u32..30) {
        let mut bed = Bed::new(seed);
        let origin = bed.add(Exchange::origin(geometry(pieces)));
        bed.hosts[origin].is_origin = true;
        for _peer in 0..4 {
            let host = bed.add(Exchange::peer(geometry(pieces), Pieces::none(pieces)));
            bed.link(origin, host);
        }
        bed.run();
        prop_assert_eq!(bed.unfinished(), []);
    }

    /// A peer that says it has everything, and gives nothing, keeps nothing from being dealt.
    #[test]
    fn a_boast_keeps_no_piece_from_being_dealt(seed: u64, pieces in 1_u32..30) {
        let mut bed = swarm(seed, 3, pieces);
        let boaster = bed.add(Exchange::peer(geometry(pieces), Pieces::all(pieces)));
        bed.hosts[boaster].exchange.set_uploads_max(0);
        for host in 0..=3 {
            bed.link(boaster, host);
        }
        bed.run();
        prop_assert_eq!(bed.unfinished(), []);
    }
}

/// The origin says nothing of what it has until all of it is dealt: otherwise the first peers would
/// all ask it for the same pieces.
#[test]
fn an_origin_shows_what_it_has_only_when_all_is_dealt() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut origin = Exchange::origin(geometry(4));
    let joined = Event::Joined { peer: peer(1), role: Role::Peer };
    let effects = origin.handle(joined, Timestamp(0), &mut rng);
    let uploads = effects.iter().filter(|effect| matches!(effect, Effect::Upload { .. })).count();
    assert_eq!((uploads, effects.len()), (2, 2), "{effects:?}");
}

/// An origin that sent one piece to the first peer and waits for it; then it notes whom it deals to.
struct Dealer {
    origin: Exchange,
    rng: ChaCha8Rng,
    dealt: Vec<PeerId>,
}

impl Dealer {
    fn new(peers: usize) -> Self {
        let mut origin = Exchange::origin(geometry(40));
        origin.set_uploads_max(1);
        let mut dealer = Self { origin, rng: ChaCha8Rng::seed_from_u64(1), dealt: Vec::new() };
        for number in 1..=peers {
            let joined = Event::Joined { peer: peer(number), role: Role::Peer };
            dealer.origin.handle(joined, Timestamp(0), &mut dealer.rng);
        }
        dealer
    }

    /// Whoever is dealt a piece has it at once, so that the next one is dealt.
    fn handle(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for effect in self.origin.handle(event, Timestamp(0), &mut self.rng) {
                if let Effect::Upload { to, piece } = effect
                    && self.dealt.len() < 20
                {
                    self.dealt.push(to);
                    let message = Message::Have(vec![piece]);
                    events.push(Event::Heard { peer: to, message });
                }
            }
        }
    }
}

/// Somebody says that a peer sends bad bytes. It stays, since that may be a lie; but others are dealt to
/// before it.
#[test]
fn an_accused_peer_is_dealt_to_after_the_others() {
    let mut dealer = Dealer::new(3);
    dealer.handle(Event::Accused { by: peer(1), peer: peer(2) });
    dealer.origin.set_uploads_max(2);
    dealer.handle(Event::Tick);
    assert_eq!(dealer.dealt.len(), 20);
    assert!(!dealer.dealt.contains(&peer(2)), "{:?}", dealer.dealt);
    assert_eq!(dealer.origin.load().neighbours, 3);
}

/// One liar accuses everybody. Only the first two accusations are heard, so those who were not accused
/// are dealt to as before.
#[test]
fn nobody_is_heard_about_many() {
    let mut dealer = Dealer::new(6);
    for number in 2..=6 {
        dealer.handle(Event::Accused { by: peer(1), peer: peer(number) });
    }
    dealer.origin.set_uploads_max(2);
    dealer.handle(Event::Tick);
    for number in 4..=6 {
        assert!(dealer.dealt.contains(&peer(number)), "{:?}", dealer.dealt);
    }
}

/// One peer is dealt two pieces and asks for two more. It gets no third place, so that whoever comes
/// next is served at once.
#[test]
fn nobody_takes_all_places() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut origin = Exchange::origin(geometry(40));
    let joined = |number| Event::Joined { peer: peer(number), role: Role::Peer };
    let uploads = |effects: Vec<Effect>| -> Vec<(PeerId, u32)> {
        let upload = |effect| match effect {
            Effect::Upload { to, piece } => Some((to, piece)),
            _ => None,
        };
        effects.into_iter().filter_map(upload).collect()
    };
    let dealt = uploads(origin.handle(joined(1), Timestamp(0), &mut rng));
    let asked = (0..40).filter(|piece| dealt.iter().all(|(_, it)| it != piece)).take(2);
    for piece in asked {
        let message = Message::Want { piece, is_stranded: true };
        let heard = Event::Heard { peer: peer(1), message };
        assert_eq!(uploads(origin.handle(heard, Timestamp(0), &mut rng)), []);
    }
    assert_eq!(dealt.len(), 2);
    let next = uploads(origin.handle(joined(2), Timestamp(0), &mut rng));
    assert_eq!(next.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [peer(2)]);
}
