//! One rule against one attack, to be run.

use super::ZooError;
use super::outcome::Outcome;
use crate::model::{Model, trust};
use crate::scenario::{Attack, HostFaults, Population, Scenario};
use crate::world::World;

/// One rule against one attack.
#[derive(Clone, Debug)]
pub(super) struct Contest {
    /// The letter of the goal that it is about.
    pub(super) goal: char,
    /// The rule.
    pub(super) rule: &'static str,
    /// The attacker.
    pub(super) attacker: &'static str,
    /// What the attacker does.
    pub(super) strategy: &'static str,
    /// Who tells the same lies.
    pub(super) collusion: &'static str,
    /// Share of hosts that are hostile or faulty, in all grids.
    pub(super) f: f64,
    /// How many grids one run stands for. In the others nobody is bad: one of them is run, too, and counts
    /// for all of them.
    pub(super) grids: u32,
    /// How it is run.
    pub(super) trial: Trial,
}

/// How a contest is run.
#[derive(Clone, Debug)]
pub(super) enum Trial {
    /// The real engine.
    Engine(Box<Scenario>),
    /// The model of the rule of trust.
    Trust(trust::Trial),
    /// The model of a rule of others.
    Rule(Model),
}

impl Contest {
    /// What attacks, and how.
    pub(super) fn attack(&self) -> String {
        let Self { attacker, strategy, .. } = self;
        if attacker == strategy {
            (*attacker).to_owned()
        } else {
            format!("{attacker}: {strategy}")
        }
    }

    /// Whether the real engine is run.
    pub(super) fn is_engine(&self) -> bool {
        match self.trial {
            Trial::Engine(_) => true,
            Trial::Trust(_) | Trial::Rule(_) => false,
        }
    }

    /// Runs it once.
    pub(super) fn run(&self, seed: u64) -> Result<Outcome, ZooError> {
        let outcome = self.run_one(&self.trial, seed)?;
        let others = self.grids.saturating_sub(1);
        if others == 0 {
            return Ok(outcome);
        }
        Ok(outcome.beside(&self.run_one(&self.trial.without_bad(), seed)?, others))
    }

    fn run_one(&self, trial: &Trial, seed: u64) -> Result<Outcome, ZooError> {
        match trial {
            Trial::Trust(trial) => Ok(Outcome::of_trust(trial.run(seed))),
            Trial::Rule(model) => Ok(Outcome::of_model(&model.run(seed), model.liars, model.hosts)),
            Trial::Engine(scenario) => {
                let report = World::new(scenario, seed).and_then(World::run);
                let report = report.map_err(|failure| ZooError::Run {
                    attack: self.strategy,
                    rule: self.rule,
                    seed,
                    failure: Box::new(failure),
                })?;
                let is_bad: Vec<bool> = scenario.hosts.iter().map(is_bad).collect();
                Ok(Outcome::of_engine(&report, &is_bad))
            }
        }
    }
}

impl Trial {
    /// The same with honest hosts in the place of bad ones.
    fn without_bad(&self) -> Self {
        match self {
            Self::Engine(scenario) => {
                let mut scenario = scenario.clone();
                for population in &mut scenario.hosts {
                    population.attack = Attack::default();
                    population.faults = HostFaults::default();
                }
                Self::Engine(scenario)
            }
            Self::Trust(trial) => {
                Self::Trust(trust::Trial { hostile: 0, attack: trust::Attack::None, ..*trial })
            }
            Self::Rule(model) => Self::Rule(Model { liars: 0, ..*model }),
        }
    }
}

/// Whether such hosts give wrong answers, or do something else to others by will.
pub(super) fn is_bad(of: &Population) -> bool {
    of.is_hostile() || of.faults.wrong.get() > 0.0 || of.faults.engine.get() > 0.0
}
