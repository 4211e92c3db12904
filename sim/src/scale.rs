//! How large a grid can be simulated: what a host costs in memory, and an event in time.

use std::fmt;
use std::fs;

use manyhands_core::time::Span;

use crate::scenario::Scenario;
use crate::world::{Failure, World};

const TEXT: &str = include_str!("../scenarios/scale.toml");

/// The size of a memory page on the systems that have `/proc`.
const PAGE_BYTES: u64 = 4_096;

/// By then every host has joined, and there is no work yet.
const ALL_JOINED: Span = Span::minutes(110);

/// What was measured. Both figures need `/proc`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    hosts: u32,
    days: u32,
    events: u64,
    commands: u64,
    units: u64,
    cpu_ms: u64,
    /// What the hosts take, in the simulator and in the store, with the leases that they hold.
    bytes_of_hosts: u64,
    /// Of that, the leases, on both sides.
    bytes_of_leases: u64,
    /// What came with the work beside the leases: units, replicas, grants, who vouched for what.
    bytes_of_units: u64,
}

/// Runs a grid of `hosts` for `days`.
///
/// # Errors
/// What went wrong in the run.
pub fn measure(hosts: u32, days: u32) -> Result<Scale, Failure> {
    let mut scenario = Scenario::parse(TEXT).map_err(Box::new).map_err(Failure::Scenario)?;
    for population in &mut scenario.hosts {
        population.count = hosts;
    }
    for job in &mut scenario.jobs {
        // As much as the hosts can do, and some more, so that nobody idles.
        job.units = hosts.saturating_mul(days.saturating_add(2)) / 2 + 1;
    }
    let bytes_before = resident_bytes();
    let cpu_before = cpu_ms();
    let mut world = World::new(&scenario, 1)?;
    world.run_until(ALL_JOINED)?;
    let bytes_joined = resident_bytes();
    world.run_until(Span::hours(24 * days))?;
    let bytes_at_end = resident_bytes();
    let bytes_of_leases = world.bytes_of_leases();
    Ok(Scale {
        hosts,
        days,
        events: world.events(),
        commands: world.commands(),
        cpu_ms: cpu_ms() - cpu_before,
        units: world.units_begun(),
        bytes_of_hosts: bytes_joined.saturating_sub(bytes_before) + bytes_of_leases,
        bytes_of_leases,
        bytes_of_units: bytes_at_end.saturating_sub(bytes_joined + bytes_of_leases),
    })
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hosts, days, events, commands, units, cpu_ms, .. } = *self;
        let seconds = cpu_ms as f64 / 1_000.0;
        let contacts = u64::from(hosts) * 24 * u64::from(days);
        let of_goal = seconds * (100_000.0 * 30.0 * 24.0) / contacts.max(1) as f64 / 60.0;
        writeln!(f, "{hosts} hosts for {days} days, one contact an hour")?;
        writeln!(f, "{events} events, {commands} commands, {seconds:.1} s of one core")?;
        writeln!(f, "{units} units begun")?;
        writeln!(f, "100000 hosts for 30 days at this rate: {of_goal:.1} min")?;
        writeln!(f, "figure sim_events_per_s {:.0} per_s", events as f64 / seconds.max(0.001))?;
        let per_host = |bytes: u64| bytes / u64::from(hosts.max(1));
        writeln!(f, "{} bytes of a host are its leases", per_host(self.bytes_of_leases))?;
        writeln!(f, "figure sim_goal_min {of_goal:.1} min")?;
        writeln!(f, "figure sim_bytes_per_host {} bytes", per_host(self.bytes_of_hosts))?;
        let per_unit = self.bytes_of_units / units.max(1);
        writeln!(f, "figure sim_bytes_per_unit {per_unit} bytes")
    }
}

/// Memory of this process that is in RAM; 0 where that cannot be known.
fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    number(&statm, 1) * PAGE_BYTES
}

/// Time that this process had a core, which does not depend on what else the machine does; 0 where
/// that cannot be known.
fn cpu_ms() -> u64 {
    let schedstat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    number(&schedstat, 0) / 1_000_000
}

fn number(line: &str, at: usize) -> u64 {
    line.split_whitespace().nth(at).and_then(|word| word.parse().ok()).unwrap_or(0)
}
