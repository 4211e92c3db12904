//! What a worker costs that does nothing: while there is no work, and while its owner has paused it in the middle of
//! some. Both have computed before. Memory is what of it is in the machine (RSS), of the worker and its slots together;
//! processor time that of all of them.

use std::time::{Duration, Instant};
use std::{fs, thread};

use super::Failure;
use super::grid::Grid;
use super::neighbour::{self, ENDLESS, computing};
use super::process;

/// A worker's slots have ended when nothing was in them for a minute, or when a pause was as long as the settings
/// below say.
const SETTLED: Duration = Duration::from_secs(75);

/// With a real machine's sensors, as all workers; a pause gives memory back soon. Whatever else runs here must not
/// decide how long it takes to get there.
const SETTINGS: &str = "slots = 1\nalways = true\npriority = \"inherited\"\ncheckpoint_interval = \"2 s\"\n[limits]\nmemory_after = \"5 s\"";

/// Exponents that are tested in an instant.
const SHORT: &str = "2203, 2281, 3217, 4253, 4423";

pub(super) fn measure(seconds: u64) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let start = |name: &str| -> Result<(Grid, u32), Failure> {
        let folder = folder.path().join(name);
        fs::create_dir(&folder)?;
        let (grid, [_coordinator, worker]) = Grid::start(&folder, SETTINGS)?;
        Ok((grid, worker))
    };
    let without = start("without")?;
    neighbour::submit(&without.0, SHORT, &["--watch"])?;
    let paused = start("paused")?;
    neighbour::submit(&paused.0, ENDLESS, &[])?;
    // It has been saved then.
    computing(paused.1, 1, Duration::from_secs(4))?;
    paused.0.run(&["worker", "pause", "--data", &paused.0.text("worker")])?;
    thread::sleep(SETTLED);
    let workers = [("no work", without), ("paused", paused)];
    let before = workers.iter().map(|(_, (_, id))| used(*id)).collect::<Result<Vec<_>, _>>()?;
    let begun = Instant::now();
    thread::sleep(Duration::from_secs(seconds));
    println!("{:10} {:>8} {:>10} {:>10}", "", "cpu %", "RSS MB", "processes");
    let (mut cpu_max, mut rss_max) = (0_f64, 0_f64);
    for ((name, (_, id)), before) in workers.iter().zip(before) {
        let cpu =
            used(*id)?.saturating_sub(before).as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
        let (rss, count) = memory(*id)?;
        println!("{name:10} {cpu:>8.3} {rss:>10.1} {count:>10}");
        (cpu_max, rss_max) = (cpu_max.max(cpu), rss_max.max(rss));
    }
    println!("figure idle_rss_mb {rss_max:.1} MB");
    println!("figure idle_cpu_percent {cpu_max:.3} percent");
    Ok(())
}

/// Processor time of a worker and its slots, also of those that have ended.
fn used(worker: u32) -> Result<Duration, Failure> {
    let slots = process::children(worker)?;
    // A slot may end meanwhile.
    let of_slots: Duration = slots.iter().filter_map(|id| process::cpu_time(*id).ok()).sum();
    Ok(process::cpu_time(worker)? + process::ended_cpu_time(worker)? + of_slots)
}

/// Megabytes, and of how many processes.
fn memory(worker: u32) -> Result<(f64, usize), Failure> {
    let mut processes = process::children(worker)?;
    processes.push(worker);
    let bytes = processes.iter().map(|id| process::resident_bytes(*id)).sum::<Result<u64, _>>()?;
    Ok((bytes as f64 / 1e6, processes.len()))
}
