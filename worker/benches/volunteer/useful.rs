//! How much of the processor time that was lent guests got: on the shipped examples, all of them, one answer for each
//! unit. The rest is compiling, files, checkpoints, and the worker itself.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Failure;
use super::grid::Grid;
use super::process;

const EXAMPLES: [&str; 5] =
    ["mersenne/job", "mersenne/job-large", "geng/job", "geng/job-large", "dedoppler/job"];

/// Whatever else runs here must not decide how long this takes.
const SETTINGS: &str = "slots = 2\nalways = true\npriority = \"inherited\"";

/// Before the time of programs in what `worker status` says.
const COMPUTED: &str = "processor time of programs that have ended: ";

/// What was used, by guests and in all.
#[derive(Clone, Copy, Default)]
struct Used {
    guests: Duration,
    all: Duration,
}

impl Used {
    fn percent(self) -> f64 {
        self.guests.as_secs_f64() / self.all.as_secs_f64() * 100.0
    }
}

pub(super) fn measure() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let (grid, [_coordinator, worker]) = Grid::start(folder.path(), SETTINGS)?;
    println!("{:20} {:>10} {:>10} {:>10}", "example", "guests s", "all s", "useful %");
    let mut before = Used::default();
    for example in EXAMPLES {
        grid.run(&["submit", &once(&grid, example)?, "--watch"])?;
        let after = used(&grid, worker)?;
        let guests = after.guests.saturating_sub(before.guests);
        row(example, Used { guests, all: after.all.saturating_sub(before.all) });
        before = after;
    }
    row("all", before);
    println!("figure useful_over_donated_percent {:.1} percent", before.percent());
    Ok(())
}

/// The job file of an example, with one answer for each unit: this grid has one volunteer. It lies in a copy of the
/// example's folder, because it names files by their place.
fn once(grid: &Grid, example: &str) -> Result<String, Failure> {
    let repository = fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))?;
    let (name, _) = example.split_once('/').ok_or("an example without a folder")?;
    let folder = PathBuf::from(grid.text("examples")).join(name);
    if !folder.exists() {
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(repository.join("examples").join(name))? {
            let entry = entry?;
            symlink(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    let tasks = grid.text("tasks");
    if !Path::new(&tasks).exists() {
        symlink(repository.join("tasks"), tasks)?;
    }
    let text = fs::read_to_string(repository.join(format!("examples/{example}.toml")))?;
    if !text.contains("\nsize = 2\n") {
        return Err(format!("{example} has another quorum").into());
    }
    let copy = PathBuf::from(grid.text("examples")).join(format!("{example}-once.toml"));
    fs::write(&copy, text.replace("\nsize = 2\n", "\nsize = 1\n"))?;
    Ok(copy.to_string_lossy().into_owned())
}

fn used(grid: &Grid, worker: u32) -> Result<Used, Failure> {
    let status = grid.run(&["worker", "status", "--data", &grid.text("worker")])?;
    let said = status.lines().find_map(|line| line.strip_prefix(COMPUTED)?.strip_suffix(" s"));
    let guests = Duration::from_secs_f64(said.map_or(Ok(0.0), str::parse)?);
    let mut all = process::cpu_time(worker)? + process::ended_cpu_time(worker)?;
    for slot in process::children(worker)? {
        all += process::cpu_time(slot)?;
    }
    Ok(Used { guests, all })
}

fn row(name: &str, used: Used) {
    let (guests, all) = (used.guests.as_secs_f64(), used.all.as_secs_f64());
    println!("{name:20} {guests:>10.2} {all:>10.2} {:>10.1}", used.percent());
}
