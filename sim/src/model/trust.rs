//! The rule of `core::trust`: probation, one copy from hosts of standing, hidden audits, and a catch
//! that re-opens everything that rests on the word of whoever was caught.
//!
//! The plan, the rates and the settling of disputes are the core's own. Liars are given more than
//! they have in the field: they always know whether somebody else has answered before them.

mod grid;
mod ledger;
mod liar;

use manyhands_core::trust::{Confidence, Plan};

use self::grid::Grid;
pub use self::liar::Attack;
use crate::chance::Chance;
use crate::clusters::Clusters;
use crate::guesser::Guesses;

/// A grid under the rule, and an attack on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// What is asked for.
    pub confidence: Confidence,
    /// How many machines there are; one may have several identities, one after the other.
    pub hosts: u32,
    /// How many of them attack, or are faulty.
    pub hostile: u32,
    /// How many units are computed.
    pub units: u32,
    /// What those do.
    pub attack: Attack,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Units with an accepted answer.
    pub accepted: u64,
    /// Of those, with a wrong one.
    pub wrong: u64,
    /// Identities of hostile or faulty hosts, and on whose word the wrong ones stand.
    pub clusters: Clusters,
    /// Of the wrong ones, those that rested on the word of an identity that was caught before, and
    /// that another member of the ring repeated.
    pub repeated: u64,
    /// Of the wrong ones, those that rest on the word of an identity that was caught.
    pub left: u64,
    /// Copies that were computed, all checks included.
    pub copies: u64,
    /// Identities that hostile or faulty hosts had.
    pub identities: u64,
    /// Of those, the ones that were caught.
    pub caught: u64,
    /// Honest identities that were taken for liars.
    pub wronged: u64,
    /// Copies that hostile or faulty hosts computed.
    pub spent: u64,
    /// Guesses of hostile hosts whether an answer will be audited.
    pub guesses: Guesses,
}

impl Trial {
    /// Computes all units, with this seed.
    #[must_use]
    pub fn run(&self, seed: u64) -> Outcome {
        let mut grid = Grid::new(self, Plan::new(&self.confidence), Chance::new(seed));
        for unit in 0..self.units {
            grid.compute(unit);
        }
        grid.settle_accounts();
        grid.outcome()
    }
}

impl Outcome {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            wrong: self.wrong + other.wrong,
            clusters: self.clusters.plus(other.clusters),
            repeated: self.repeated + other.repeated,
            left: self.left + other.left,
            copies: self.copies + other.copies,
            identities: self.identities + other.identities,
            caught: self.caught + other.caught,
            wronged: self.wronged + other.wronged,
            spent: self.spent + other.spent,
            guesses: self.guesses.plus(other.guesses),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(attack: Attack) -> Trial {
        let confidence =
            Confidence { error_ppb: 1_000_000, hostile_ppm: 200_000, colluding_ppm: 200_000 };
        Trial { confidence, hosts: 50, hostile: 10, units: 50_000, attack }
    }

    fn outcome(attack: Attack) -> Outcome {
        let trial = trial(attack);
        let outcome = [1, 2].map(|seed| trial.run(seed));
        let sum = outcome[0].plus(outcome[1]);
        assert_eq!(sum.accepted, 100_000);
        sum
    }

    fn check(attack: Attack, wrong_max: u64, copies_max: u64) -> Outcome {
        let outcome = outcome(attack);
        assert!(outcome.wrong <= wrong_max, "{attack:?}: {outcome:?}");
        assert!(outcome.copies <= copies_max, "{attack:?}: {outcome:?}");
        outcome
    }

    /// One copy, an audit for every eleventh unit, a sample of every forty-third, and probation.
    #[test]
    fn honest_hosts_cost_little_and_are_never_wronged() {
        let outcome = check(Attack::None, 0, 116_000);
        assert_eq!((outcome.caught, outcome.wronged), (0, 0));
    }

    #[test]
    fn the_best_share_of_lies_stays_below_what_was_asked_for() {
        let outcome = check(Attack::Together(0.0133), 100, 140_000);
        assert!(outcome.wrong > 0, "a bound that no attack comes near is not tested");
        assert!(outcome.caught > 10, "{outcome:?}");
        assert_eq!(outcome.left, 0);
    }

    /// Everything that the traitors ever said is computed again: that is the price.
    #[test]
    fn whoever_betrays_late_loses_everything() {
        let outcome = check(Attack::Spell { after: 800, lies: u32::MAX }, 0, 140_000);
        assert_eq!((outcome.caught, outcome.left), (20, 0));
        assert!(outcome.copies > 125_000, "{outcome:?}");
    }

    /// Whoever tells all lies at once, and begins anew until they were not found, would own the grid if what is
    /// checked at once were all that is checked.
    #[test]
    fn beginning_anew_until_nothing_was_found_does_not_help() {
        for lies in [7, 13, 20] {
            let trial = trial(Attack::Restarting { after: 0, lies });
            let sum = (1..=8).map(|seed| trial.run(seed)).fold(Outcome::default(), Outcome::plus);
            assert!(sum.wrong * 1_000 <= sum.accepted, "{lies} lies: {sum:?}");
            assert!(sum.caught > 100, "{lies} lies: {sum:?}");
        }
    }

    #[test]
    fn new_names_do_not_help() {
        check(Attack::Whitewashing { after: 0, lies: 1 }, 100, 140_000);
        check(Attack::Whitewashing { after: 200, lies: 3 }, 100, 140_000);
        let outcome = check(Attack::Fresh, 10, 140_000);
        assert!(outcome.wrong * 10 <= outcome.caught, "{outcome:?}");
    }

    /// Their best plan by what they see of audits is no better than the best share of lies.
    #[test]
    fn knowing_the_rule_and_the_own_history_does_not_help() {
        for at_risk in [5, 13] {
            let outcome = check(Attack::Adaptive { at_risk }, 100, 140_000);
            assert_eq!(outcome.left, 0, "{outcome:?}");
        }
    }

    #[test]
    fn honest_hosts_cannot_be_framed() {
        let outcome = check(Attack::Framing, 0, 120_000);
        assert_eq!(outcome.caught, 20);
        assert!(outcome.wronged <= 2, "{outcome:?}");
    }

    #[test]
    fn faulty_hosts_come_back_and_do_no_harm() {
        let outcome = check(Attack::Faulty(0.2), 0, 140_000);
        assert!(outcome.caught > 20, "{outcome:?}");
    }

    #[test]
    fn which_answers_are_audited_cannot_be_guessed() {
        let outcome = outcome(Attack::Together(0.0));
        let Guesses([[_, others], [_, audited]]) = outcome.guesses;
        assert!(others > 10_000 && audited > 1_000, "{outcome:?}");
        assert!(outcome.guesses.points_above_chance().abs() < 5.0, "{outcome:?}");
    }
}
