//! Rows of the real engine.

use super::row::WorldColumns;
use super::{Row, Size, ZooError};
use crate::catalogue::Entry;
use crate::report::{PopulationReport, Report};
use crate::scenario::{Accomplices, Lies, Population, Scenario};
use crate::world::World;

/// An attack against a quorum.
pub(super) fn row(entry: &Entry, quorum: u8, size: Size) -> Result<Row, ZooError> {
    let scenario = entry
        .scenario()
        .map_err(|error| ZooError::Scenario { scenario: entry.name, error: Box::new(error) })?;
    let scenario = enlarged(scenario, quorum, size.times);
    run(entry.name, &format!("quorum {quorum}"), &scenario, size.seeds)
}

/// A scenario under the seeds from 1 on.
pub(super) fn run(
    attack: &'static str,
    rule: &str,
    scenario: &Scenario,
    seeds: u32,
) -> Result<Row, ZooError> {
    let mut sum = Sum::default();
    for seed in 1..=seeds.into() {
        let report = World::new(scenario, seed).and_then(World::run);
        sum.add(&report.map_err(|failure| ZooError::Run {
            scenario: attack,
            rule: rule.to_owned(),
            seed,
            failure: Box::new(failure),
        })?);
    }
    Ok(sum.row(attack, rule, scenario))
}

fn enlarged(mut scenario: Scenario, quorum: u8, times: u32) -> Scenario {
    for job in &mut scenario.jobs {
        job.quorum = quorum;
        job.confidence = None;
        job.units = job.units.saturating_mul(times);
    }
    scenario
}

/// What all runs of a row come to.
#[derive(Default)]
struct Sum {
    runs: u32,
    row: Row,
    took_hours: f64,
    wasted: f64,
    /// Hostile or faulty hosts, and honest ones.
    bad: PopulationReport,
    good: PopulationReport,
}

impl Sum {
    fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.row.accepted += report.units.done;
        self.row.wrong += report.units.wrong;
        self.row.copies.push(report.copies());
        self.took_hours += report.took.0 as f64 / 3_600_000.0;
        self.wasted += report.wasted();
        for population in &report.populations {
            let side = if population.is_hostile || population.lies > 0 {
                &mut self.bad
            } else {
                &mut self.good
            };
            side.identities += population.identities;
            side.suspended += population.suspended;
            side.answered += population.answered;
            side.valid_lies += population.valid_lies;
            side.spent_ms += population.spent_ms;
            side.credit += population.credit;
        }
    }

    fn row(self, attack: &str, rule: &str, scenario: &Scenario) -> Row {
        let Self { runs, row, took_hours, wasted, bad, good } = self;
        let runs = f64::from(runs.max(1));
        let per = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        let rate = |side: &PopulationReport| per(side.credit, side.spent_ms);
        let credit = rate(&bad).zip(rate(&good)).map(|(bad, good)| bad / good);
        Row {
            is_engine: true,
            rule: rule.to_owned(),
            attack: attack.to_owned(),
            collusion: collusion(scenario),
            f: share_of_bad(scenario),
            units_per_identity: per(bad.answered, bad.identities).unwrap_or(0.0),
            world: Some(WorldColumns {
                wasted: wasted / runs,
                took_hours: took_hours / runs,
                lies_per_ban: per(bad.valid_lies, bad.suspended),
                credit,
            }),
            ..row
        }
    }
}

fn share_of_bad(scenario: &Scenario) -> f64 {
    let bad = scenario.hosts.iter().filter(|population| is_bad(population));
    let bad: u32 = bad.map(|population| population.count).sum();
    f64::from(bad) / f64::from(scenario.hosts_total())
}

fn is_bad(of: &Population) -> bool {
    of.is_hostile() || of.faults.wrong.get() > 0.0 || of.faults.engine.get() > 0.0
}

fn collusion(scenario: &Scenario) -> &'static str {
    let hostile = scenario.hosts.iter().filter(|population| population.is_hostile());
    let found =
        hostile.map(|population| match (population.attack.accomplices, population.attack.lies) {
            (Accomplices::None, _) => "none",
            (Accomplices::Pairs, _) => "pairs",
            (Accomplices::All, Lies::OwningQuorum | Lies::Adaptive(_)) => "all, talking",
            (Accomplices::All, _) => "all",
        });
    found.max().unwrap_or("none")
}
