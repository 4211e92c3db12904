//! Contests of the model: rules that others use.

use super::Size;
use super::contest::{Contest, Trial};
use super::goals::NO_GOAL;
use crate::model::{Lying, Model, Rule};

/// Hosts of each run.
const HOSTS: u32 = 100;

/// Liars among them.
const LIARS: u32 = 20;

/// Units of each run: a thousand or more for each identity.
const UNITS: u32 = 100_000;

/// An attacker, what it does, and who tells the same lies.
type Attack = (&'static str, &'static str, &'static str, Lying);

const ALWAYS: Attack = ("always-lie", "each for itself", "none", Lying::Alone(1.0));
const TOGETHER: Attack = ("always-lie", "all the same", "all", Lying::Together(1.0));
const OWNING: Attack = ("talk-then-lie", "owning the quorum", "all, talking", Lying::Owning);

const VOTED: &[Attack] = &[ALWAYS, TOGETHER, OWNING];

const RECORDED: &[Attack] = &[
    ALWAYS,
    TOGETHER,
    OWNING,
    ("seldom liar", "on 1 in 4", "all", Lying::Together(0.25)),
    ("seldom liar", "on 1 in 20", "all", Lying::Together(0.05)),
    ("seldom liar", "on 1 in 100", "all", Lying::Together(0.01)),
    ("seldom liar", "on 1 in 500", "all", Lying::Together(0.002)),
    ("earn-then-betray", "after 10", "all, talking", Lying::Betraying(10)),
    ("earn-then-betray", "after 20", "all, talking", Lying::Betraying(20)),
    ("earn-then-betray", "after 50", "all, talking", Lying::Betraying(50)),
    ("earn-then-betray", "after 100", "all, talking", Lying::Betraying(100)),
];

const RULES: &[(&str, Rule, &[Attack])] = &[
    ("quorum of 2", Rule::First(2), VOTED),
    ("quorum of 3", Rule::First(3), VOTED),
    ("M-first 11", Rule::First(11), VOTED),
    ("BOINC adaptive", Rule::BoincAdaptive, RECORDED),
    ("credibility 1e-3", Rule::Credibility { error: 1e-3, checks: 0.1 }, RECORDED),
];

/// The names of all of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|(name, ..)| *name)
}

/// Every rule against its attacks.
pub(super) fn contests(size: Size) -> Vec<Contest> {
    let units = (UNITS / size.smaller.max(1)).max(1);
    let contest = |(rule, of, attack): (&'static str, Rule, &Attack)| {
        let (attacker, strategy, collusion, lying) = *attack;
        Contest {
            goal: NO_GOAL,
            rule,
            attacker,
            strategy,
            collusion,
            f: f64::from(LIARS) / f64::from(HOSTS),
            grids: 1,
            trial: Trial::Rule(Model { hosts: HOSTS, liars: LIARS, units, rule: of, lying }),
        }
    };
    let pairs = RULES
        .iter()
        .flat_map(|(name, rule, attacks)| attacks.iter().map(move |attack| (*name, *rule, attack)));
    pairs.map(contest).collect()
}
