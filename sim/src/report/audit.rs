//! Reads the store at the end of a run, with the truth in hand.

use manyhands_core::host::Host as CoreHost;
use manyhands_core::id::{HostId, JobId};
use manyhands_core::limits::PAGE_MAX;
use manyhands_core::replica::{Replica, Verdict};
use manyhands_core::store::{Store as _, StoreError};
use manyhands_core::time::Timestamp;
use manyhands_core::work_unit::{UnitState, WorkUnit};

use super::guesses::FirstAnswers;
use super::lives::Lives;
use super::{PopulationReport, Report};
use crate::coordinator::Coordinator;
use crate::host::Host;
use crate::network::Network;
use crate::scenario::{JobPlan, Scenario};
use crate::tally::PopulationTally;
use crate::workload::{Variant, Workload, said};

/// A run that has ended.
#[derive(Debug)]
pub struct Run<'a> {
    /// Its jobs, in the order of submission.
    pub jobs: &'a [JobPlan],
    /// Its hosts.
    pub hosts: &'a [Host],
    /// The coordinator, with the store.
    pub coordinator: &'a Coordinator,
    /// The network.
    pub network: &'a Network,
    /// What is true.
    pub workload: &'a Workload,
    /// What was counted of each population.
    pub tallies: &'a [PopulationTally],
    /// How often the store was checked.
    pub checks: u64,
    /// How often the coordinator died.
    pub crashes: u64,
    /// How many events happened.
    pub events: u64,
}

impl Run<'_> {
    /// What is known without the store.
    pub(super) fn count_populations(&self, scenario: &Scenario, report: &mut Report) {
        let pairs = scenario.hosts.iter().zip(self.tallies);
        let line = |(population, tally): (&crate::scenario::Population, &PopulationTally)| {
            PopulationReport {
                name: population.name.clone(),
                is_hostile: population.is_hostile(),
                hosts: population.count,
                identities: tally.identities,
                suspended: tally.suspended,
                chosen: tally.chosen,
                taken: tally.taken,
                spent_ms: tally.spent_ms + tally.dropped_ms,
                wasted_ms: tally.dropped_ms,
                ..PopulationReport::default()
            }
        };
        report.populations = pairs.map(line).collect();
    }

    /// What became of the units and their replicas.
    pub(super) fn count_jobs(&self, report: &mut Report) -> Result<(), StoreError> {
        let store = &self.coordinator.store;
        let mut begun_at = Timestamp(u64::MAX);
        let mut ended_at = Timestamp(0);
        let (mut first_answers, mut lives) = (FirstAnswers::default(), Lives::default());
        for number in (1..).take(self.jobs.len()) {
            let Some(job) = store.job(JobId(number))? else { continue };
            begun_at = begun_at.min(job.submitted_at);
            ended_at = ended_at.max(job.ended_at.unwrap_or(Timestamp(0)));
            report.units.total += u64::from(job.units_total);
            report.replicas.leased += u64::from(job.tally.leased);
            let mut from = Some(0);
            while let Some(index) = from {
                let page = store.units(job.id, index, PAGE_MAX)?;
                from = page.last().and_then(|unit| unit.id.index.checked_add(1));
                page.iter().try_for_each(|unit| self.count_unit(unit, report))?;
                page.iter().for_each(|unit| lives.note(unit, self.is_wrong(unit)));
                if job.policy.confidence.is_some() {
                    let is_hostile = |host| self.is_hostile(host, report);
                    page.iter().for_each(|unit| first_answers.note(unit, is_hostile));
                }
            }
        }
        lives.count(&mut report.populations, |host| self.population(host));
        report.guesses = first_answers.guessed();
        report.took = ended_at.since(begun_at);
        Ok(())
    }

    /// What the hosts were granted.
    pub(super) fn count_hosts(&self, report: &mut Report) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.coordinator.store.hosts(after, PAGE_MAX)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            for host in &page {
                report.replicas.expired += u64::from(host.counters.expired);
                if let Some(population) = self.population(host.id) {
                    report.populations[population].credit += host.credit.0;
                }
            }
        }
    }

    fn count_unit(&self, unit: &WorkUnit, report: &mut Report) -> Result<(), StoreError> {
        match &unit.state {
            UnitState::Validated { .. } | UnitState::Done { .. } => {
                report.units.done += 1;
                if self.is_wrong(unit) {
                    report.units.wrong += 1;
                    report.units.left += u64::from(self.is_of_caught(unit)?);
                }
            }
            UnitState::Failed { .. } if self.workload.fails(unit.id) => report.units.failed += 1,
            UnitState::Failed { .. } => report.units.spoilt += 1,
            UnitState::Open | UnitState::Cancelled => {}
        }
        for replica in &unit.replicas {
            if let Some(population) = self.population(replica.host) {
                count_replica(replica, report, population);
            }
        }
        Ok(())
    }

    /// Whether the unit has an answer, and a wrong one.
    fn is_wrong(&self, unit: &WorkUnit) -> bool {
        unit.canonical().is_some() && self.workload.is_wrong(unit)
    }

    /// Whether somebody lied on the unit who was caught since.
    fn is_of_caught(&self, unit: &WorkUnit) -> Result<bool, StoreError> {
        let lies = unit.replicas.iter().filter(|replica| said(replica) != Some(Variant::TRUTH));
        for replica in lies.filter(|replica| replica.class().is_some()) {
            let host = self.coordinator.store.host(replica.host)?;
            let is_free =
                |host: &CoreHost| !host.is_suspended() && host.standing.life == replica.life;
            if !host.as_ref().is_some_and(is_free) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_hostile(&self, host: HostId, report: &Report) -> bool {
        self.population(host).is_some_and(|population| report.populations[population].is_hostile)
    }

    fn population(&self, host: HostId) -> Option<usize> {
        let place = self.coordinator.place(host)?;
        self.hosts.get(usize::try_from(place).ok()?).map(Host::population)
    }
}

fn count_replica(replica: &Replica, report: &mut Report, population: usize) {
    let (Some(verdict), Some(said)) = (replica.verdict(), said(replica)) else { return };
    report.replicas.answered += 1;
    let population = &mut report.populations[population];
    population.answered += 1;
    let is_lie = said != Variant::TRUTH;
    population.lies += u64::from(is_lie);
    if verdict == Verdict::Valid {
        population.valid += 1;
        population.valid_lies += u64::from(is_lie);
    } else {
        population.wasted_ms += replica.usage().map_or(0, |usage| usage.cpu_ms);
    }
}
