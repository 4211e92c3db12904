//! What a run has shown: read off the store at its end, and put in words.

mod audit;
mod disputed;
mod guesses;
mod lives;
mod show;

use manyhands_core::store::StoreError;
use manyhands_core::time::Span;

pub use self::audit::Run;
pub use self::disputed::Disputes;
use crate::clusters::Clusters;
use crate::guesser::Guesses;
use crate::scenario::Scenario;

/// What a run has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What the scenario says of itself.
    pub title: String,
    /// Units by how they ended.
    pub units: Units,
    /// What became of the replicas.
    pub replicas: Replicas,
    /// From the first submission to the end of the last job.
    pub took: Span,
    /// What each population did and got, in the order of the scenario.
    pub populations: Vec<PopulationReport>,
    /// How well the hostile could have guessed which of their answers are audited.
    pub guesses: Guesses,
    /// What disputes about steps found.
    pub disputes: Disputes,
    /// What the run itself took.
    pub effort: RunEffort,
}

/// Units by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// All.
    pub total: u64,
    /// With an answer.
    pub done: u64,
    /// With an answer that is wrong.
    pub wrong: u64,
    /// Of those, the ones on which somebody lied who was caught, for this or for something else.
    pub left: u64,
    /// Without an answer, because the program fails on them.
    pub failed: u64,
    /// Without an answer, though there is one: too many tries, or no agreement.
    pub spoilt: u64,
}

/// Replicas by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// Leased.
    pub leased: u64,
    /// With an answer.
    pub answered: u64,
    /// Of those leased, how many were not heard of in time.
    pub expired: u64,
}

/// What one population did and got.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PopulationReport {
    /// What the scenario calls it.
    pub name: String,
    /// Whether it is hostile.
    pub is_hostile: bool,
    /// How many hosts.
    pub hosts: u32,
    /// How many identities they had in all.
    pub identities: u64,
    /// How many of those are suspended.
    pub suspended: u64,
    /// Units that they asked for and had chosen themselves.
    pub chosen: u64,
    /// Of those, how many others had.
    pub taken: u64,
    /// Replicas that they answered.
    pub answered: u64,
    /// Of those, how many were found valid.
    pub valid: u64,
    /// Of those, how many were valid and wrong.
    pub valid_lies: u64,
    /// Of all answers, how many were wrong.
    pub lies: u64,
    /// Its identities, and the lies that stand on the word of each; each life of a host is one.
    pub clusters: Clusters,
    /// Time that their slots spent, in milliseconds.
    pub spent_ms: u64,
    /// Of that, for replicas that were not found valid.
    pub wasted_ms: u64,
    /// Credit granted, in micro-credits.
    pub credit: u64,
}

/// What the run itself took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunEffort {
    /// Events that happened.
    pub events: u64,
    /// Commands that the engine decided.
    pub commands: u64,
    /// Messages sent.
    pub messages: u64,
    /// Messages that were lost on the way.
    pub messages_lost: u64,
    /// How often the coordinator died.
    pub crashes: u64,
    /// How often the whole store was checked.
    pub checks: u64,
}

impl Run<'_> {
    /// What it has shown.
    ///
    /// # Errors
    /// If the store fails.
    pub fn report(&self, scenario: &Scenario) -> Result<Report, StoreError> {
        let mut report = Report {
            title: scenario.title.clone(),
            units: Units::default(),
            replicas: Replicas::default(),
            took: Span::ZERO,
            populations: Vec::new(),
            guesses: Guesses::default(),
            disputes: Disputes::default(),
            effort: RunEffort::default(),
        };
        self.count_populations(scenario, &mut report);
        self.count_jobs(&mut report)?;
        self.count_hosts(&mut report)?;
        self.count_disputes(&mut report)?;
        report.effort = RunEffort {
            events: self.events,
            commands: self.coordinator.commands,
            messages: self.network.sent,
            messages_lost: self.network.lost,
            crashes: self.crashes,
            checks: self.checks,
        };
        Ok(report)
    }
}

impl Report {
    /// Of the units that have an answer, how many have a wrong one.
    #[must_use]
    pub fn error(&self) -> f64 {
        ratio(self.units.wrong, self.units.done)
    }

    /// Answers that were computed for each unit that has one.
    #[must_use]
    pub fn copies(&self) -> f64 {
        ratio(self.replicas.answered, self.units.done + self.units.failed)
    }

    /// The share of honest hosts' time that went into replicas that were not found valid.
    #[must_use]
    pub fn wasted(&self) -> f64 {
        let honest = || self.populations.iter().filter(|population| !population.is_hostile);
        let spent: u64 = honest().map(|population| population.spent_ms).sum();
        ratio(honest().map(|population| population.wasted_ms).sum(), spent)
    }
}

/// One number in parts of another; 0 if that is 0.
pub(crate) fn ratio(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}
