//! What it is worth that machines which are there only now and then say so: the same grid with hosts that tell their
//! outlook, and with hosts that do not.

use std::fmt;

use crate::report::Report;
use crate::scenario::{Scenario, ScenarioError};
use crate::world::{Failure, World};

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum SeldomError {
    /// The scenario makes no sense.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A run did not end as it should.
    #[error(transparent)]
    Run(#[from] Failure),
}

/// With fewer, there are not the two hosts that are always there and confirm each other's long units.
const HOSTS_MIN: u32 = 20;

/// Two runs of the same seed.
#[derive(Clone, Debug)]
pub struct Table {
    hosts: u32,
    /// Hosts take what they get.
    pub silent: Report,
    /// Hosts get what they are likely to end.
    pub told: Report,
}

/// Many machines that are on for two hours now and then, and a few that always are; long units of a program
/// that cannot be resumed, long ones of one that can, and short ones.
///
/// # Errors
/// [`SeldomError`]: a run failed.
pub fn table(hosts: u32, seed: u64) -> Result<Table, SeldomError> {
    let run = |tells_outlook| -> Result<Report, SeldomError> {
        let scenario = Scenario::parse(&text(hosts.max(HOSTS_MIN), tells_outlook))?;
        Ok(World::new(&scenario, seed)?.run()?)
    };
    Ok(Table { hosts, silent: run(false)?, told: run(true)? })
}

fn text(hosts: u32, tells_outlook: bool) -> String {
    let (few, units) = (hosts / 10, hosts * 4);
    format!(
        r#"
title = "machines that are seldom there"
ends_by = "300d"

[[jobs]]
units = {units}
cost = "5h"
spread = 0.4
lease = "30m"
deadline = "3d"
replicas_max = 30

[[jobs]]
units = {units}
cost = "20h"
spread = 0.2
resumable = true
lease = "30m"
deadline = "3d"
replicas_max = 30

[[jobs]]
units = {short}
cost = "10m"
spread = 0.5
lease = "30m"
deadline = "3d"
replicas_max = 30

[[hosts]]
name = "evenings"
count = {hosts}
join_over = "1d"
online = "2h"
offline = "10h"
tells_outlook = {tells_outlook}

[[hosts]]
name = "laboratory"
count = {few}
slots = 4
tells_outlook = {tells_outlook}

[faults]
end_at = "290d"
"#,
        short = units * 10,
    )
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hosts, silent, told } = self;
        writeln!(f, "{hosts} hosts that are on for 2 h of 12, and {} that always are", hosts / 10)?;
        writeln!(
            f,
            "{:<28} {:>10} {:>10} {:>9} {:>9}",
            "", "expired", "per unit", "wasted", "took"
        )?;
        for (name, run) in [("take what they get", silent), ("get what they can end", told)] {
            writeln!(
                f,
                "{name:<28} {:>10} {:>10.3} {:>7.1} % {:>9}",
                run.replicas.expired,
                per_unit(run),
                100.0 * run.wasted(),
                run.took.to_string()
            )?;
        }
        let ratio = per_unit(silent) / per_unit(told).max(f64::MIN_POSITIVE);
        writeln!(f, "figure seldom_expired_per_unit_silent {:.4} leases", per_unit(silent))?;
        writeln!(f, "figure seldom_expired_per_unit {:.4} leases", per_unit(told))?;
        writeln!(f, "figure seldom_fewer_expired {ratio:.2} times")
    }
}

fn per_unit(run: &Report) -> f64 {
    crate::report::ratio(run.replicas.expired, run.units.total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_when_it_is_there_loses_fewer_leases_and_everything_is_computed_all_the_same() {
        let Table { silent, told, .. } = table(HOSTS_MIN, 1).unwrap();
        for run in [&silent, &told] {
            assert_eq!(run.units.done, run.units.total, "{run}");
        }
        assert!(2 * told.replicas.expired < silent.replicas.expired, "{silent}{told}");
    }
}
