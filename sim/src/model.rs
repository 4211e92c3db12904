//! A fast model of rules that the engine does not have: units, hosts and votes, without time,
//! network or leases. Most are here to compare with; [`trust`] is the rule of `core::trust`.
//!
//! It is kinder to a rule than the world is: hosts are picked by chance alone, nobody can steer what
//! they get, no lease is lost. Where a rule is both in the engine and here (the quorum), the table
//! of the [`zoo`](crate::zoo) shows both, and so how far the model can be believed.

mod boinc;
mod credibility;
pub mod trust;
mod voting;

use std::collections::BTreeMap;

use crate::chance::{Chance, hashed_fraction};
use crate::clusters::Clusters;

/// How a unit's answer is accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// The first answer that so many hosts give: the quorum, and Sarmenta's M-first voting.
    First(u8),
    /// BOINC's adaptive replication: hosts with a record are mostly not checked.
    BoincAdaptive,
    /// Sarmenta's credibility-based voting: votes until the answer is credible enough, with spot
    /// checks, and without the votes of whoever was caught.
    Credibility {
        /// The error that is accepted.
        error: f64,
        /// The share of assignments that are spot checks.
        checks: f64,
    },
}

/// What liars do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lying {
    /// Each for itself, on this share of units.
    Alone(f64),
    /// All the same lie, on this share of units.
    Together(f64),
    /// All the same lie, where the ring owns all first copies.
    Owning,
    /// All the same lie, from a record of so many valid answers on until caught, again and again.
    Betraying(u32),
}

/// What is modelled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// How many hosts; each is one identity.
    pub hosts: u32,
    /// How many of them lie.
    pub liars: u32,
    /// How many units are computed.
    pub units: u32,
    /// How answers are accepted.
    pub rule: Rule,
    /// What liars do.
    pub lying: Lying,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Units with an accepted answer.
    pub accepted: u64,
    /// Of those, with a wrong one.
    pub wrong: u64,
    /// Of the wrong ones, those that each host gave first, as far as there are any.
    pub lies: BTreeMap<u32, u64>,
    /// Copies that were computed, checks included.
    pub copies: u64,
}

impl Model {
    /// Computes all units, with this seed.
    #[must_use]
    pub fn run(&self, seed: u64) -> Outcome {
        let chance = Chance::new(seed);
        match self.rule {
            Rule::First(quorum) => voting::run(self, quorum, chance),
            Rule::BoincAdaptive => boinc::run(self, chance),
            Rule::Credibility { error, checks } => credibility::run(self, error, checks, chance),
        }
    }

    /// Whether a host is a liar. It is the first ones; they are drawn like all others.
    fn is_liar(&self, host: u32) -> bool {
        host < self.liars
    }

    /// A host that is not among `others`.
    fn pick(&self, others: &[Vote], chance: &mut Chance) -> u32 {
        loop {
            let host = u32::try_from(chance.below(self.hosts.into())).unwrap_or(0);
            if others.iter().all(|vote| vote.host != host) {
                return host;
            }
        }
    }

    /// Whether liars who lie on a share of units lie on this one.
    fn is_chosen(unit: u32, share: f64) -> bool {
        hashed_fraction(&[6, unit.into()]) < share
    }
}

/// One host's answer to a unit: 0 is the truth.
#[derive(Clone, Copy, Debug)]
struct Vote {
    host: u32,
    says: u32,
}

/// The lie that all liars tell.
const SHARED_LIE: u32 = u32::MAX;

impl Vote {
    fn truth(host: u32) -> Self {
        Self { host, says: 0 }
    }

    fn shared_lie(host: u32) -> Self {
        Self { host, says: SHARED_LIE }
    }

    fn own_lie(host: u32) -> Self {
        Self { host, says: host + 1 }
    }

    fn is_wrong(self) -> bool {
        self.says != 0
    }
}

impl Outcome {
    /// So many liars, and the lies of each.
    #[must_use]
    pub fn clusters(&self, liars: u32) -> Clusters {
        let lies = (0..liars).map(|liar| self.lies.get(&liar).copied().unwrap_or(0));
        lies.map(|lies| Clusters::identity(lies, lies)).sum()
    }

    fn accept(&mut self, vote: Vote) {
        self.accepted += 1;
        if vote.is_wrong() {
            self.wrong += 1;
            *self.lies.entry(vote.host).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(rule: Rule, lying: Lying) -> (f64, f64) {
        let model = Model { hosts: 200, liars: 40, units: 40_000, rule, lying };
        let Outcome { accepted, wrong, copies, .. } = model.run(1);
        assert_eq!(accepted, 40_000);
        (wrong as f64 / accepted as f64, copies as f64 / accepted as f64)
    }

    fn check(rule: Rule, lying: Lying, error: (f64, f64), copies: (f64, f64)) {
        let (found_error, found_copies) = outcome(rule, lying);
        let is_in = |value: f64, (low, high): (f64, f64)| (low..=high).contains(&value);
        assert!(is_in(found_error, error), "{rule:?} {lying:?}: error {found_error}");
        assert!(is_in(found_copies, copies), "{rule:?} {lying:?}: copies {found_copies}");
    }

    /// With a fifth of hosts in the ring, all of a quorum of two are so 4 times in 100.
    #[test]
    fn a_quorum_of_two_errs_where_liars_own_it() {
        check(Rule::First(2), Lying::Owning, (0.036, 0.043), (2.0, 2.0));
        check(Rule::First(2), Lying::Alone(1.0), (0.0, 0.0), (2.3, 2.6));
    }

    /// Sarmenta's sum: M / (1 - f) copies, and errors fall slowly.
    #[test]
    fn more_votes_err_less_and_cost_more() {
        check(Rule::First(3), Lying::Together(1.0), (0.05, 0.065), (3.3, 3.8));
        check(Rule::First(11), Lying::Together(1.0), (0.0002, 0.002), (13.5, 14.0));
    }

    /// Where records are farmed, the adaptive rule errs more than the quorum that it replaces.
    #[test]
    fn records_can_be_farmed() {
        check(Rule::BoincAdaptive, Lying::Betraying(10), (0.05, 0.12), (1.0, 2.0));
        check(Rule::BoincAdaptive, Lying::Alone(0.0), (0.0, 0.0), (1.0, 1.2));
    }

    #[test]
    fn spot_checks_buy_credibility() {
        let rule = Rule::Credibility { error: 1e-3, checks: 0.1 };
        check(rule, Lying::Alone(0.0), (0.0, 0.0), (1.0, 2.5));
        check(rule, Lying::Together(1.0), (0.0, 0.002), (1.0, 4.0));
    }
}
