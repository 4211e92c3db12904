//! The goals of the rule of `core::trust`: an error and a cost, each against named attackers.
//!
//! A goal's error is that of its worst attack, and its copies are those of its dearest one, over all
//! seeds.

mod strategies;

use std::fmt;
use std::num::NonZeroU32;

use manyhands_core::trust::{Confidence, Plan};

use self::strategies::Strategy;
use super::contest::{Contest, Trial};
use super::scenarios::{Grid, of};
use super::{Size, ZooError};
use crate::model::trust;
use crate::scenario::{Accomplices, ConfidencePlan};

/// What is promised against whom, and how it is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    /// Its letter.
    pub(super) name: char,
    /// Who attacks.
    against: &'static str,
    /// The share of wrong answers that is promised.
    error_max: f64,
    /// The copies of a unit that are promised.
    copies_max: f64,
    /// The rule, as the table calls it.
    rule: &'static str,
    /// What is asked for.
    confidence: ConfidencePlan,
    /// Hosts of a run.
    hosts: u32,
    /// Bad ones among them.
    bad: u32,
    /// Units for each host.
    units_per_host: u32,
    /// How many grids a run stands for; there is nobody bad in all but one.
    grids: u32,
    strategies: fn() -> Vec<Strategy>,
}

/// What is asked for where a fifth colludes.
pub(super) const RING: ConfidencePlan = confidence(1_000_000, 200_000, 200_000);

/// The rule that follows from it, as the table calls it.
pub(super) const RING_RULE: &str = "1e-3, 20 % ring";

const fn confidence(error_ppb: u32, hostile_ppm: u32, colluding_ppm: u32) -> ConfidencePlan {
    ConfidencePlan { error_ppb, hostile_ppm, colluding_ppm }
}

/// A fifth colludes, and each host has a thousand units.
const C: Goal = Goal {
    name: 'C',
    against: "a fifth colludes, talks, and lies only where it pays",
    error_max: 1e-3,
    copies_max: 1.4,
    rule: RING_RULE,
    confidence: RING,
    hosts: 100,
    bad: 20,
    units_per_host: 1_000,
    grids: 1,
    strategies: strategies::together,
};

/// All of them.
pub(super) const GOALS: &[Goal] = &[
    Goal {
        name: 'A',
        against: "1 in 1,000 hosts is faulty: of 50 grids of 20 hosts, one has one; that one is run, and one that counts for the others",
        error_max: 1e-6,
        copies_max: 1.1,
        rule: "6e-7, 0.1 % faulty",
        // A faulty host or two in each million: surer than promised, so that their luck does not decide.
        confidence: confidence(600, 1_000, 0),
        hosts: 20,
        bad: 1,
        units_per_host: 10_000,
        grids: 50,
        strategies: strategies::faulty,
    },
    Goal {
        name: 'B',
        against: "a fifth lies, each for itself",
        error_max: 1e-4,
        copies_max: 1.3,
        rule: "7e-5, 20 % liars",
        // Whoever is not found leaves ten to twenty lies at once: surer than promised, as for A.
        confidence: confidence(70_000, 200_000, 0),
        hosts: 20,
        bad: 4,
        units_per_host: 20_000,
        strategies: strategies::alone,
        ..C
    },
    C,
    Goal {
        name: 'D',
        against: "35 in 100 collude and talk",
        copies_max: 2.5,
        rule: "1e-3, 35 % ring",
        confidence: confidence(1_000_000, 350_000, 350_000),
        bad: 35,
        strategies: strategies::many_together,
        ..C
    },
    Goal {
        name: 'E',
        against: "a fifth are fresh identities, for ever; <= 0.1 lies stand for each that is burned",
        hosts: 50,
        bad: 10,
        strategies: strategies::fresh,
        ..C
    },
    Goal {
        name: 'F',
        against: "a fifth earns trust, then betrays; no lie is left after the catch",
        hosts: 50,
        bad: 10,
        strategies: strategies::traitors,
        ..C
    },
    Goal {
        name: 'G',
        against: "a fifth guesses which of its answers are audited; <= 5 points above chance",
        hosts: 50,
        bad: 10,
        strategies: strategies::guessers,
        ..C
    },
    Goal {
        name: NO_GOAL,
        against: "a fifth come back under new names when caught; these have fewer units than C says",
        strategies: strategies::whitewashers,
        ..C
    },
    Goal {
        name: NO_GOAL,
        against: "the ring of C has all its hosts in one public address block, or in four",
        hosts: 50,
        bad: 10,
        strategies: strategies::racks,
        ..C
    },
];

/// The letter of what was promised to nobody.
pub(super) const NO_GOAL: char = '-';

/// Every goal against its attackers: the real engine, then the model.
pub(super) fn contests(size: Size) -> Result<Vec<Contest>, ZooError> {
    let mut contests = Vec::new();
    for goal in GOALS {
        let strategies = (goal.strategies)();
        for strategy in &strategies {
            contests.extend(goal.on_engine(strategy, size)?);
        }
        contests.extend(strategies.iter().filter_map(|strategy| goal.on_model(strategy, size)));
    }
    Ok(contests)
}

/// Shows what is promised.
pub(super) fn show(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for goal in GOALS {
        let Goal { name, against, error_max, copies_max, hosts, bad, units_per_host, .. } = goal;
        let ConfidencePlan { error_ppb, hostile_ppm, colluding_ppm } = goal.confidence;
        let plan = Plan::new(&Confidence { error_ppb, hostile_ppm, colluding_ppm });
        let Plan { probation, audits, lead, .. } = plan;
        writeln!(f, "goal {name}: error <= {error_max:.0e}, copies <= {copies_max}; {against}.")?;
        write!(f, "        {hosts} hosts, {bad} of them bad, {units_per_host} units a host; ")?;
        writeln!(f, "probation {probation}, audits {audits}, lead {lead}")?;
    }
    Ok(())
}

impl Goal {
    fn units(&self, size: Size) -> u32 {
        (self.hosts * self.units_per_host / size.smaller.max(1)).max(1)
    }

    fn on_engine(&self, strategy: &Strategy, size: Size) -> Result<Option<Contest>, ZooError> {
        let Some(bad) = strategy.engine else { return Ok(None) };
        let Self { confidence, hosts, bad: bad_hosts, .. } = *self;
        let grid = Grid { confidence, hosts, bad: bad_hosts, units: self.units(size) };
        let scenario = grid.scenario(&bad).map_err(of(strategy.name))?;
        let collusion = match (bad.attack.accomplices, bad.blocks.map(NonZeroU32::get)) {
            (Accomplices::None, _) => "none",
            (Accomplices::Pairs, _) => "pairs",
            (Accomplices::All, None) => "all, talking",
            (Accomplices::All, Some(1)) => "all, one block",
            (Accomplices::All, Some(_)) => "all, few blocks",
        };
        Ok(Some(self.contest(strategy, collusion, Trial::Engine(Box::new(scenario)))))
    }

    fn on_model(&self, strategy: &Strategy, size: Size) -> Option<Contest> {
        let attack = strategy.model?;
        let ConfidencePlan { error_ppb, hostile_ppm, colluding_ppm } = self.confidence;
        let trial = trust::Trial {
            confidence: Confidence { error_ppb, hostile_ppm, colluding_ppm },
            hosts: self.hosts,
            hostile: self.bad,
            units: self.units(size),
            attack,
        };
        Some(self.contest(strategy, attack.collusion(), Trial::Trust(trial)))
    }

    fn contest(&self, strategy: &Strategy, collusion: &'static str, trial: Trial) -> Contest {
        Contest {
            goal: self.name,
            rule: self.rule,
            attacker: strategy.attacker,
            strategy: strategy.name,
            collusion,
            f: f64::from(self.bad) / f64::from(self.hosts * self.grids),
            grids: self.grids,
            trial,
        }
    }
}
