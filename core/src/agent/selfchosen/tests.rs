//! Hosts that know each other, or only some of each other, and no coordinator.

use proptest::prelude::*;

use super::*;

const MANIFEST: Digest = Digest([7; 32]);

fn key(number: u32) -> Key {
    Key(Digest::of(&number.to_le_bytes()).0)
}

fn keys(count: u32) -> BTreeSet<Key> {
    (0..count).map(key).collect()
}

/// What each host chooses of a job that none of them has begun.
fn chosen(hosts: u32, units_total: u32, count: usize) -> Vec<Vec<u32>> {
    let peers = keys(hosts);
    let choose = |host| {
        let own = key(host);
        let offer = Offer { manifest: &MANIFEST, units_total, own: &own, peers: &peers };
        offer.choose(count, |_| false)
    };
    (0..hosts).map(choose).collect()
}

/// How many of all choices are of a unit that somebody chose before.
fn twice(chosen: &[Vec<u32>]) -> usize {
    let all: usize = chosen.iter().map(Vec::len).sum();
    all - chosen.iter().flatten().collect::<BTreeSet<_>>().len()
}

#[test]
fn hosts_that_know_each_other_choose_different_units() {
    let chosen = chosen(20, 100_000, 50);
    assert!(chosen.iter().all(|units| units.len() == 50));
    assert_eq!(twice(&chosen), 0);
}

#[test]
fn a_host_that_is_alone_chooses_whatever_is_left() {
    let own = key(1);
    let none = BTreeSet::new();
    let offer = Offer { manifest: &MANIFEST, units_total: 10, own: &own, peers: &none };
    let mut all = offer.choose(64, |_| false);
    all.sort_unstable();
    assert_eq!(all, (0..10).collect::<Vec<_>>());
    assert_eq!(offer.choose(64, |unit| unit != 3), [3]);
    assert!(offer.choose(64, |_| true).is_empty());
    assert!(Offer { units_total: 0, ..offer }.choose(1, |_| false).is_empty());
}

#[test]
fn when_all_of_its_own_are_done_it_helps_out_where_it_is_the_next() {
    let peers = keys(3);
    let own = key(0);
    let offer = Offer { manifest: &MANIFEST, units_total: 300, own: &own, peers: &peers };
    let firsts = offer.choose(300, |_| false);
    let weight = |unit, host| Weigher::new(&MANIFEST, host).weight(unit);
    let heavier =
        |unit| peers.iter().filter(|peer| weight(unit, peer) > weight(unit, &own)).count();
    let own_firsts: BTreeSet<u32> = (0..300).filter(|unit| heavier(*unit) == 0).collect();
    assert!((70..130).contains(&own_firsts.len()), "about a third: {}", own_firsts.len());
    let later = offer.choose(10, |unit| own_firsts.contains(&unit));
    assert_eq!(later.len(), 10);
    assert!(later.iter().all(|unit| heavier(*unit) == 1));
    assert!(firsts.iter().take(own_firsts.len()).all(|unit| own_firsts.contains(unit)));
}

/// Each of twenty knows ten others: that is what a real table of peers is like.
#[test]
fn hosts_that_know_only_half_of_each_other_seldom_choose_the_same() {
    let choose = |host: u32| {
        let peers: BTreeSet<Key> = (1..=10).map(|step| key((host + step * 3) % 20)).collect();
        let own = key(host);
        let offer = Offer { manifest: &MANIFEST, units_total: 100_000, own: &own, peers: &peers };
        offer.choose(50, |_| false)
    };
    let chosen: Vec<_> = (0..20).map(choose).collect();
    let twice = twice(&chosen);
    assert!(twice <= 20, "{twice} of 1000");
}

#[test]
fn who_joins_moves_only_units_that_become_theirs() {
    let heaviest = |hosts: u32, unit| {
        (0..hosts).max_by_key(|host| Weigher::new(&MANIFEST, &key(*host)).weight(unit))
    };
    let moved = (0..1_000).filter(|unit| heaviest(9, *unit) != heaviest(10, *unit));
    let moved: Vec<u32> = moved.collect();
    assert!(moved.iter().all(|unit| heaviest(10, *unit) == Some(9)));
    assert!((60..150).contains(&moved.len()), "about a tenth: {}", moved.len());
}

fn class(answer: u8, work: u64) -> Class {
    Class::Outputs { answer: Digest([answer; 32]), work }
}

#[test]
fn a_commitment_opens_to_its_answer_and_to_no_other() {
    let salt = [5; 32];
    let made = Commitment::new(MANIFEST, 3, key(1), class(1, 10), &salt);
    assert!(made.opens_to(class(1, 10), &salt));
    assert!(!made.opens_to(class(2, 10), &salt) && !made.opens_to(class(1, 11), &salt));
    assert!(!made.opens_to(class(1, 10), &[6; 32]));
    assert!(!made.opens_to(Class::Error { error: Digest([1; 32]), work: 10 }, &salt));
    // Nobody hands in the answer of somebody else as theirs, or for another unit.
    for other in [Commitment { unit: 4, ..made }, Commitment { host: key(2), ..made }] {
        assert!(!other.opens_to(class(1, 10), &salt));
        assert_ne!(other.digest(), made.digest());
    }
}

#[test]
fn a_peer_that_says_it_has_done_everything_is_believed_a_little() {
    let mut done = Done::default();
    let says = |unit, host: u32| Commitment {
        manifest: MANIFEST,
        unit,
        host: key(host),
        sealed: Digest([0; 32]),
    };
    let heard = (0..10_000).filter(|unit| done.hear(&says(*unit, 1))).count();
    assert_eq!(heard, CHOSEN_MAX);
    assert!(done.has(0) && !done.has(9_999));
    assert!(!done.hear(&says(0, 1)), "it is no news");
    let others = (2..10_000).filter(|host| done.hear(&says(9_999, *host))).count();
    assert_eq!(others, PEERS_MAX - 1);
}

proptest! {
    /// Whatever is known, units are of the job, each once, and none that is done.
    #[test]
    fn choices_are_units_of_the_job_that_are_not_done(
        units_total in 0_u32..500, hosts in 0_u32..40, own: u32, count in 0_usize..80, done: u32,
    ) {
        let (peers, own) = (keys(hosts), key(own));
        let offer = Offer { manifest: &MANIFEST, units_total, own: &own, peers: &peers };
        let is_done = |unit: u32| unit.wrapping_mul(done) & 1 == 1;
        let chosen = offer.choose(count, is_done);
        prop_assert!(chosen.len() <= count);
        prop_assert!(chosen.iter().all(|unit| *unit < units_total && !is_done(*unit)));
        prop_assert_eq!(chosen.iter().collect::<BTreeSet<_>>().len(), chosen.len());
    }
}
