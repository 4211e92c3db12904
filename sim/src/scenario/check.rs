//! What a scenario must fulfil beyond its types.

use super::{JobPlan, Population, Scenario};

/// Most hosts of one run.
const HOSTS_MAX: u64 = 1_000_000;

/// A scenario that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It is no TOML, has a key that is not known, or lacks one.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A value makes no sense.
    #[error("{field}: {reason}")]
    Value {
        /// Where.
        field: String,
        /// Why not, and what would do.
        reason: String,
    },
}

pub(super) fn check(scenario: &Scenario) -> Result<(), ScenarioError> {
    if scenario.jobs.is_empty() {
        return Err(wrong("jobs", "there are none; write at least one [[jobs]]"));
    }
    for job in &scenario.jobs {
        check_job(job)?;
    }
    let hosts: u64 = scenario.hosts.iter().map(|population| u64::from(population.count)).sum();
    if !(1..=HOSTS_MAX).contains(&hosts) {
        let reason = format!("there are {hosts}; there must be between 1 and {HOSTS_MAX}");
        return Err(wrong("hosts", &reason));
    }
    scenario.hosts.iter().try_for_each(check_population)?;
    let faults = &scenario.faults;
    if faults.crash_every.is_some() && faults.end_at.is_none() {
        return Err(wrong("faults.end_at", "is needed where the coordinator dies"));
    }
    Ok(())
}

fn check_job(job: &JobPlan) -> Result<(), ScenarioError> {
    job.policy().check().map_err(|error| wrong("jobs", &error.to_string()))?;
    if job.units == 0 || job.cost.span().0 == 0 {
        return Err(wrong("jobs", "units and cost must be at least 1"));
    }
    if job.cost.span().0 > u64::from(u32::MAX) / 8 {
        return Err(wrong("jobs.cost", "must be at most 6 days"));
    }
    Ok(())
}

fn check_population(population: &Population) -> Result<(), ScenarioError> {
    let field = |name: &str| format!("hosts {:?} {name}", population.name);
    if population.slots == 0 {
        return Err(wrong(&field("slots"), "must be at least 1"));
    }
    if !(0.001..=1_000.0).contains(&population.speed) {
        return Err(wrong(&field("speed"), "must be between 0.001 and 1000"));
    }
    if population.online.is_some() != population.offline.is_some() {
        return Err(wrong(&field("online"), "needs offline, and offline needs it"));
    }
    if !(0.0..=1_000_000.0).contains(&population.attack.inflates) {
        return Err(wrong(&field("attack.inflates"), "must be between 0 and 1000000"));
    }
    Ok(())
}

fn wrong(field: &str, reason: &str) -> ScenarioError {
    ScenarioError::Value { field: field.to_owned(), reason: reason.to_owned() }
}
