//! News among a few hosts, told as stories.

use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::*;
use crate::key::Signature;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn key(number: u8) -> Key {
    Key([number; 32])
}

fn news(blob: u16, issued_at: Timestamp) -> News {
    let [high, low] = blob.to_be_bytes();
    let blobs = vec![Digest([high; 32]), Digest([low; 32])];
    News::new(key(9), key(200), blobs, issued_at, Signature([0; 64])).unwrap()
}

/// Hosts that hear each other at once, and a count of the news that was sent.
struct Swarm {
    hosts: BTreeMap<Key, Gossip>,
    under_way: VecDeque<(Key, Send)>,
    told: usize,
    rng: ChaCha8Rng,
}

impl Swarm {
    fn new(hosts: std::ops::Range<u8>, unasked: usize) -> Self {
        Self {
            hosts: hosts.map(|number| (key(number), Gossip::new(unasked))).collect(),
            under_way: VecDeque::new(),
            told: 0,
            rng: ChaCha8Rng::seed_from_u64(1),
        }
    }

    fn happens(&mut self, at: u8, event: Event) {
        self.step(key(at), event);
        while let Some((from, Send { to, message })) = self.under_way.pop_front() {
            self.told += usize::from(matches!(message, Message::Tell(_)));
            self.step(to, Event::Heard { from, message });
        }
    }

    fn step(&mut self, at: Key, event: Event) {
        let Some(host) = self.hosts.get_mut(&at) else { return };
        let sends = host.handle(event, NOW, &mut self.rng);
        self.under_way.extend(sends.into_iter().map(|send| (at, send)));
    }

    fn link(&mut self, a: u8, b: u8) {
        // Both ends know of the link before either says anything.
        let first =
            self.hosts.get_mut(&key(a)).unwrap().handle(Event::Joined(key(b)), NOW, &mut self.rng);
        self.under_way.extend(first.into_iter().map(|send| (key(a), send)));
        self.happens(b, Event::Joined(key(a)));
    }

    fn knowing(&self, news: &News) -> usize {
        self.hosts.values().filter(|host| host.knows(&news.id())).count()
    }
}

#[test]
fn news_reaches_everybody_though_all_have_many_neighbours() {
    // What nobody sends unasked comes once; each host sends it unasked to one more.
    for (unasked, told_max) in [(0, 19), (1, 19 + 20)] {
        let mut swarm = Swarm::new(0..20, unasked);
        for a in 0..20 {
            (0..a).for_each(|b| swarm.link(a, b));
        }
        let news = news(1, NOW);
        swarm.happens(3, Event::Found(news.clone()));
        assert_eq!(swarm.knowing(&news), 20);
        assert!(swarm.told <= told_max, "{}", swarm.told);
        let told = swarm.told;
        swarm.happens(3, Event::Found(news));
        assert_eq!(swarm.told, told);
    }
}

#[test]
fn halves_that_were_apart_come_together() {
    let mut swarm = Swarm::new(0..10, UNASKED);
    for (a, b) in [(0, 1), (1, 2), (2, 3), (3, 4), (5, 6), (6, 7), (7, 8), (8, 9)] {
        swarm.link(a, b);
    }
    let (one, other) = (news(1, NOW), news(2, NOW));
    swarm.happens(0, Event::Found(one.clone()));
    swarm.happens(9, Event::Found(other.clone()));
    assert_eq!((swarm.knowing(&one), swarm.knowing(&other)), (5, 5));
    swarm.link(4, 5);
    assert_eq!((swarm.knowing(&one), swarm.knowing(&other)), (10, 10));
}

/// A neighbour that offers and does not send costs a second, and then another one is asked.
#[test]
fn who_offers_and_does_not_send_is_passed_over() {
    let mut host = Gossip::default();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut handle = |host: &mut Gossip, event| host.handle(event, NOW, &mut rng);
    for number in 1..=3 {
        assert_eq!(handle(&mut host, Event::Joined(key(number))), []);
    }
    let id = news(1, NOW).id();
    let offer = |from| Event::Heard { from: key(from), message: Message::Offer(vec![id]) };
    let asks = |to| vec![Send { to: key(to), message: Message::Want(vec![id]) }];
    assert_eq!(handle(&mut host, offer(1)), asks(1));
    assert_eq!(handle(&mut host, offer(1)), []);
    assert_eq!((handle(&mut host, offer(2)), handle(&mut host, offer(3))), (vec![], vec![]));
    assert_eq!(host.tick(NOW.plus(Span(999))), []);
    assert_eq!(host.tick(NOW.plus(WANT_MAX)), asks(2));
    // One that leaves is not waited for.
    assert_eq!(handle(&mut host, Event::Left(key(2))), asks(3));
    assert_eq!(handle(&mut host, Event::Left(key(3))), []);
    // Nobody else has it: the next who offers it is asked.
    assert_eq!(handle(&mut host, offer(1)), asks(1));
}

#[test]
fn a_flood_is_bounded() {
    let mut host = Gossip::default();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for number in 0..100 {
        host.handle(Event::Joined(key(number)), NOW, &mut rng);
    }
    assert_eq!(host.neighbours.len(), GOSSIPS_MAX);
    for round in 0..100_u8 {
        let ids = (0..=255_u8).map(|low| {
            let mut id = [round; 32];
            id[0] = low;
            Digest(id)
        });
        let message = Message::Offer(ids.collect());
        host.handle(Event::Heard { from: key(1), message }, NOW, &mut rng);
    }
    assert_eq!(host.wanted.len(), IDS_MAX);
    for blob in 0..1_000 {
        let issued_at = NOW.minus(Span::minutes(30)).plus(Span(blob.into()));
        host.handle(Event::Found(news(blob, issued_at)), NOW, &mut rng);
    }
    assert_eq!(host.news.len(), NEWS_MAX);
    // The newest are kept, and are sent once to each.
    let newest = news(999, NOW.minus(Span::minutes(30)).plus(Span(999)));
    assert!(host.knows(&newest.id()));
    let want = || Event::Heard { from: key(5), message: Message::Want(vec![newest.id()]) };
    let first = host.handle(want(), NOW, &mut rng).len();
    assert!(first <= 1 && host.handle(want(), NOW, &mut rng).is_empty());
    // A stranger gets nothing.
    let want = Event::Heard { from: key(150), message: Message::Want(vec![newest.id()]) };
    assert_eq!(host.handle(want, NOW, &mut rng), []);
}

#[test]
fn old_news_is_no_news() {
    let mut host = Gossip::default();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (old, early) = (NOW.minus(NEWS_LIFE).minus(Span(1)), NOW.plus(SKEW_MAX).plus(Span(1)));
    for issued_at in [old, early] {
        host.handle(Event::Found(news(1, issued_at)), NOW, &mut rng);
        assert_eq!(host.news().count(), 0);
    }
    host.handle(Event::Found(news(1, NOW)), NOW, &mut rng);
    host.tick(NOW.plus(NEWS_LIFE));
    assert_eq!(host.news().count(), 1);
    host.tick(NOW.plus(NEWS_LIFE).plus(Span(1)));
    assert_eq!(host.news().count(), 0);
}

#[test]
fn news_names_a_few_blobs() {
    let of = |blobs| News::new(key(9), key(200), blobs, NOW, Signature([0; 64]));
    assert_eq!(of(vec![]), Err(NewsError::Blobs(0)));
    assert_eq!(of(vec![Digest([0; 32]); 17]), Err(NewsError::Blobs(17)));
}
