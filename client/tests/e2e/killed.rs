//! A worker that is killed again and again, at any moment: in the middle of a step, of a checkpoint, of a report, or before it
//! is connected. Nothing is lost and nothing counts twice.
//!
//! ```text
//! cargo test --workspace --test e2e -- --ignored --nocapture killed_two_hundred_times
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use nix::sys::signal::{Signal, kill};
use nix::time::ClockId;
use nix::unistd::Pid;

use crate::grid::{Grid, JobNumber, example};

/// The seed of all moments, so that a failure can be tried again.
const SEED: u64 = 0x6d61_6e79_6861_6e64;

/// A worker lives no longer, from its start to its end.
const LIFE_MS_MAX: u64 = 2_500;

/// Between two looks at how far the worker is.
const LOOK: Duration = Duration::from_millis(5);

#[test]
fn a_worker_that_is_killed_loses_and_doubles_nothing() {
    killed(4, &[20_011, 21_701]);
}

#[test]
#[ignore = "takes ten minutes; the same with fewer kills is a test"]
#[expect(clippy::print_stdout, reason = "it is run for its figures")]
fn killed_two_hundred_times() {
    let lost = killed(200, &[20_011, 21_701, 23_209, 26_627, 30_011, 44_497]);
    let ms = |lost: Duration| lost.as_secs_f64() * 1_000.0;
    let mean = lost.iter().sum::<Duration>() / u32::try_from(lost.len()).unwrap();
    println!("figure kill9_kills {} kills", lost.len());
    println!("figure kill9_lost_ms_mean {:.0} ms", ms(mean));
    println!("figure kill9_lost_ms_max {:.0} ms", ms(lost.iter().copied().max().unwrap()));
}

/// Kills a worker so often while it computes jobs, sees what comes of them, and gives how much processor time was lost each
/// time: what a program had computed since it was saved.
fn killed(kills: usize, exponents: &[u32]) -> Vec<Duration> {
    let mut grid = Grid::start();
    grid.add_worker("ada", "ada", "checkpoint_interval = \"1 s\"");
    let mut moments = Moments(SEED);
    let (mut lost, mut jobs) = (Vec::new(), vec![submit(&grid, 0, exponents)]);
    while lost.len() < kills {
        lost.push(live(&mut grid, moments.next()));
        grid.restart_worker("ada");
        let last = *jobs.last().unwrap();
        if grid.job(last)["state"] == "finished" {
            jobs.push(submit(&grid, jobs.len(), exponents));
        }
    }
    for job in jobs {
        check(&grid, job, exponents);
    }
    lost
}

/// The job tests known exponents, so that it is known what must come out, and each unit takes seconds of steps.
fn submit(grid: &Grid, number: usize, exponents: &[u32]) -> JobNumber {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../tasks/wasm/mersenne.wasm");
    let text = format!(
        "name = \"job {number}\"\nmodule = {module:?}\nkind = \"step\"\nargs = [\"{{p}}\"]\n\
         outputs = [\"result.txt\"]\nmemory = \"64 MiB\"\n[quorum]\nsize = 1\n\
         [[axis]]\nname = \"p\"\nvalues = {exponents:?}\n"
    );
    let path = grid.path("job.toml");
    fs::write(&path, text).unwrap();
    grid.submit(&path)
}

/// All units are there, with the right answers, each computed once and reported once.
fn check(grid: &Grid, job: JobNumber, exponents: &[u32]) {
    // One after the other, each as patiently as any single event.
    (1..=exponents.len() as u64).for_each(|units| grid.wait_until_ended(job, units));
    let outputs = grid.finish(job);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let wanted: Vec<String> = exponents.iter().map(|p| format!("p={p} ")).collect();
    let mut expected = lines(&fs::read_to_string(example("mersenne/expected-large.txt")).unwrap());
    expected.retain(|line| wanted.iter().any(|p| line.starts_with(p)));
    let results = outputs.iter().filter(|(name, _)| name.ends_with("-result.txt"));
    let got = results.map(|(_, text)| String::from_utf8_lossy(text).trim().to_owned());
    assert_eq!(got.collect::<BTreeSet<_>>(), expected);
    let (receipt, units) = (grid.receipt(job), exponents.len());
    assert_eq!(receipt["units"]["done"], units, "{receipt}");
    for count in ["leased", "valid"] {
        assert_eq!(receipt["replicas"][count], units, "{count}: {receipt}");
    }
}

/// Lets the worker live for so long, and kills it; what was lost by that.
fn live(grid: &mut Grid, span: Duration) -> Duration {
    let (worker, data) = (grid.worker("ada").id(), grid.path("ada"));
    let end = Instant::now() + span;
    let (mut spooled, mut slot, mut kept) = (spool(&data), None, Duration::ZERO);
    while Instant::now() < end {
        let before: Option<Slot> = slot;
        slot = Slot::of(worker);
        let spooled_now = spool(&data);
        if slot.map(|slot| slot.id) != before.map(|slot| slot.id) {
            kept = Duration::ZERO;
        } else if spooled_now != spooled {
            // A checkpoint or a report, of no later than the look before.
            kept = before.map_or(Duration::ZERO, |before| before.used);
        }
        spooled = spooled_now;
        thread::sleep(LOOK);
    }
    // Both stand still first, so that nothing happens between the reading and the kill.
    stop(worker);
    let slot = Slot::of(worker);
    let used = slot.map_or(Duration::ZERO, |slot| {
        stop(slot.id);
        used(slot.id)
    });
    grid.crash_worker("ada");
    used.saturating_sub(kept)
}

/// The worker's slot, and how much it had computed when it was looked at.
#[derive(Clone, Copy)]
struct Slot {
    id: Pid,
    used: Duration,
}

impl Slot {
    fn of(worker: Pid) -> Option<Self> {
        let threads = fs::read_dir(format!("/proc/{worker}/task")).ok()?.filter_map(Result::ok);
        let lists = threads.filter_map(|it| fs::read_to_string(it.path().join("children")).ok());
        let id = lists.collect::<String>().split_whitespace().next()?.parse().ok()?;
        Some(Self { id: Pid::from_raw(id), used: used(Pid::from_raw(id)) })
    }
}

/// Processor time of a process; none if it is gone.
fn used(id: Pid) -> Duration {
    let clock = ClockId::pid_cpu_clock_id(id).and_then(ClockId::now);
    clock.map(Duration::from).unwrap_or_default()
}

fn stop(id: Pid) {
    match kill(id, Signal::SIGSTOP) {
        // It may have ended by itself.
        Ok(()) | Err(_) => {}
    }
}

/// Files of the spool, how large they are, and when they were written last: another value whenever something was kept.
fn spool(data: &Path) -> BTreeSet<(PathBuf, u64, SystemTime)> {
    let entries = fs::read_dir(data).into_iter().flatten().filter_map(Result::ok);
    let is_spool = |path: &PathBuf| path.to_string_lossy().contains("spool");
    let paths = entries.map(|entry| entry.path()).filter(is_spool);
    let file = |path: PathBuf| {
        let metadata = path.metadata().ok()?;
        Some((path, metadata.len(), metadata.modified().ok()?))
    };
    paths.filter_map(file).collect()
}

/// Spans of time that nobody would choose.
struct Moments(u64);

impl Moments {
    /// By SplitMix64 (Steele, Lea and Flood, 2014).
    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_millis((mixed ^ (mixed >> 31)) % LIFE_MS_MAX)
    }
}
