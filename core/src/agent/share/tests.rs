//! Shares on a model of a machine.

use super::*;

/// A machine with slots, on which units of 1 to 7 minutes run, each expected to take 4.
struct Machine {
    shares: Shares<char>,
    slots: Vec<Option<Run>>,
    begun: u64,
    got: BTreeMap<char, u64>,
}

struct Run {
    project: char,
    charge: Charge,
    used: u64,
    takes: u64,
}

const EXPECTED: Span = Span::minutes(4);

impl Machine {
    fn new(slots: usize, shares: &[(char, u32)]) -> Self {
        let mut machine = Self {
            shares: Shares::default(),
            slots: (0..slots).map(|_| None).collect(),
            begun: 0,
            got: BTreeMap::new(),
        };
        for (project, share) in shares {
            machine.shares.set(*project, *share, Span::ZERO);
        }
        machine
    }

    /// Goes on for so many minutes with those that have work and, of those, only some that have it ready.
    fn run(&mut self, minutes: u32, with_work: &str, ready: &str) -> BTreeMap<char, u64> {
        self.got.clear();
        for _ in 0..minutes {
            self.shares.look(&with_work.chars().collect());
            self.fill(ready);
            self.slots.iter_mut().flatten().for_each(|run| run.used += 1);
            self.settle();
        }
        self.got.clone()
    }

    fn fill(&mut self, ready: &str) {
        for slot in self.slots.iter_mut().filter(|slot| slot.is_none()) {
            let Some(project) = self.shares.next(ready.chars()) else { return };
            let charge = self.shares.begin(&project, EXPECTED);
            self.begun += 1;
            *slot = Some(Run { project, charge, used: 0, takes: 1 + self.begun * 5 % 7 });
        }
    }

    fn settle(&mut self) {
        for slot in &mut self.slots {
            let Some(run) = slot else { continue };
            let used = Span(run.used * 60_000);
            *self.got.entry(run.project).or_default() += 1;
            if run.used < run.takes {
                self.shares.charge(&run.project, &mut run.charge, used);
            } else if let Some(run) = slot.take() {
                self.shares.end(&run.project, run.charge, used);
            }
        }
    }
}

#[track_caller]
fn assert_near(got: &BTreeMap<char, u64>, project: char, expect: u64) {
    let it = got.get(&project).copied().unwrap_or(0);
    assert!(it.abs_diff(expect) <= 14, "{project} got {it} and not {expect}: {got:?}");
}

#[test]
fn time_is_given_in_proportion_to_the_shares_whatever_units_take() {
    for slots in [1, 2, 3, 8] {
        let mut machine = Machine::new(slots, &[('a', 1), ('b', 2), ('c', 5)]);
        let got = machine.run(2_000, "abc", "abc");
        for (project, share) in [('a', 1), ('b', 2), ('c', 5)] {
            assert_near(&got, project, 250 * share * slots as u64);
        }
    }
}

#[test]
fn slots_that_are_free_at_once_are_shared_out() {
    let mut machine = Machine::new(4, &[('a', 1), ('b', 1)]);
    machine.run(1, "ab", "ab");
    let of = |project| machine.got[&project];
    assert_eq!((of('a'), of('b')), (2, 2));
}

#[test]
fn who_had_no_work_is_owed_nothing() {
    let mut machine = Machine::new(2, &[('a', 1), ('b', 1)]);
    machine.run(1_000, "a", "a");
    let got = machine.run(100, "ab", "ab");
    assert_near(&got, 'a', 100);
    // Nor after all were without work.
    machine.run(1_000, "b", "b");
    machine.run(100, "", "");
    assert_near(&machine.run(100, "ab", "ab"), 'b', 100);
}

#[test]
fn who_waits_for_its_network_keeps_its_turn() {
    let mut machine = Machine::new(1, &[('a', 1), ('b', 1)]);
    let got = machine.run(100, "ab", "a");
    assert_eq!(got.keys().collect::<Vec<_>>(), [&'a']);
    let got = machine.run(100, "ab", "ab");
    assert_near(&got, 'b', 100);
}

#[test]
fn a_share_of_nothing_is_served_when_nobody_else_has_anything_to_run() {
    let mut machine = Machine::new(1, &[('a', 0), ('b', 1)]);
    assert_eq!(machine.run(50, "ab", "ab").keys().collect::<Vec<_>>(), [&'b']);
    assert_near(&machine.run(50, "ab", "a"), 'a', 50);
    assert_eq!(machine.shares.next("z".chars()), None);
}

#[test]
fn what_was_too_much_is_remembered() {
    let mut machine = Machine::new(1, &[('a', 2), ('b', 1)]);
    machine.run(100, "ab", "a");
    let ahead = machine.shares.ahead(&'a');
    assert!(ahead >= Span::minutes(90), "{ahead}");
    assert_eq!(machine.shares.ahead(&'b'), Span::ZERO);

    let mut next = Machine::new(1, &[('b', 1)]);
    next.shares.set('a', 2, ahead);
    // Of both times together a third is due to it.
    assert_near(&next.run(150, "ab", "ab"), 'b', (100 + 150) / 3);
}
