//! What runs beside the owner's programs: nothing, a worker, or something else that gives way to them.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::Failure;
use super::boinc::Boinc;
use super::grid::Grid;
use super::process;

/// So long anything may take that is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What has computed for so long has been started, and is what it is meant to be.
const STARTED: Duration = Duration::from_millis(20);

/// Computes for hours, so that it never ends while something is measured: 2^p - 1 for exponents of known primes.
pub(super) const ENDLESS: &str =
    "756839, 859433, 1257787, 1398269, 2976221, 3021377, 6972593, 13466917";

/// What the shells do.
const COUNTING: &str = "while :; do :; done";

/// Processes that stand still until they are let run.
#[derive(Default)]
pub(super) struct Neighbour {
    ids: Vec<u32>,
    /// Of a worker, which stops its programs itself, and is told to pause and resume.
    worker: Option<Grid>,
    _grid: Option<Grid>,
    _processes: Vec<Process>,
}

/// A process that is killed with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Neighbour {
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// A worker that computes on all cores, whoever else does.
    pub(super) fn worker(folder: &Path, cores: usize) -> Result<Self, Failure> {
        let (grid, ids) = computing_grid(folder, cores, "always = true")?;
        let this = Self { ids, _grid: Some(grid), ..Self::default() };
        this.stand()?;
        Ok(this)
    }

    /// A worker as volunteers have it, which computes on all cores until other programs need them; only that nobody
    /// touches the machine.
    pub(super) fn polite_worker(folder: &Path, cores: usize) -> Result<Self, Failure> {
        let settings = "[limits.in_use]\ncores = \"100 %\"\ncpu = 100";
        let (grid, ids) = computing_grid(folder, cores, settings)?;
        let this = Self { ids, worker: Some(grid), ..Self::default() };
        this.stand()?;
        Ok(this)
    }

    /// Shells that count, one for each core, with so much niceness, in a session of their own or in this one.
    pub(super) fn loops(cores: usize, nice: i32, has_own_session: bool) -> Result<Self, Failure> {
        let nice = nice.to_string();
        // Killed with this process, however that ends.
        let words = ["setpriv", "--pdeathsig", "KILL", "nice", "-n", &nice, "sh", "-c", COUNTING];
        let first = if has_own_session { "setsid" } else { "env" };
        let start = || Command::new(first).args(words).stdin(Stdio::null()).spawn().map(Process);
        let loops: Vec<Process> = (0..cores).map(|_| start()).collect::<Result<_, _>>()?;
        let ids: Vec<u32> = loops.iter().map(|it| it.0.id()).collect();
        // One that is stopped while it is still being made is not yet tied to this process.
        let ids = busy(|| Ok(ids.clone()), cores, STARTED)?;
        let this = Self { ids, _processes: loops, ..Self::default() };
        this.stand()?;
        Ok(this)
    }

    /// BOINC's client and its tasks, one for each core, in a session of their own or in this one.
    pub(super) fn boinc(
        boinc: &Boinc,
        folder: &Path,
        cores: usize,
        has_own_session: bool,
    ) -> Result<Self, Failure> {
        let client = Process(boinc.start(folder, cores, has_own_session)?);
        let id = client.0.id();
        let tasks = computing(id, cores, STARTED)?;
        let ids = tasks.into_iter().chain([id]).collect();
        let this = Self { ids, _processes: vec![client], ..Self::default() };
        this.stand()?;
        Ok(this)
    }

    /// Processor time that it has used.
    pub(super) fn cpu_time(&self) -> Duration {
        self.ids.iter().filter_map(|id| process::cpu_time(*id).ok()).sum()
    }

    /// Does `work` while this runs.
    pub(super) fn beside<T>(
        &self,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.go_on()?;
        let done = work();
        self.stand()?;
        done
    }

    fn go_on(&self) -> Result<(), Failure> {
        let Some(grid) = &self.worker else { return self.signal(Signal::SIGCONT) };
        let before = self.cpu_time();
        grid.run(&["worker", "resume", "--data", &grid.text("worker")])?;
        let end = Instant::now() + PATIENCE;
        while self.cpu_time() < before + STARTED * 2 {
            if Instant::now() >= end {
                return Err("the worker does not go on".into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn stand(&self) -> Result<(), Failure> {
        let Some(grid) = &self.worker else { return self.signal(Signal::SIGSTOP) };
        grid.run(&["worker", "pause", "--data", &grid.text("worker")]).map(drop)
    }

    fn signal(&self, signal: Signal) -> Result<(), Failure> {
        self.ids.iter().try_for_each(|id| process::signal(*id, signal))
    }
}

/// A grid whose worker computes on all cores, with more `settings`; and its processes.
fn computing_grid(
    folder: &Path,
    cores: usize,
    settings: &str,
) -> Result<(Grid, Vec<u32>), Failure> {
    fs::create_dir_all(folder)?;
    let settings = format!("slots = {cores}\n{settings}");
    let (grid, [coordinator, worker]) = Grid::start(folder, &settings)?;
    submit(&grid, ENDLESS, &[])?;
    let slots = computing(worker, cores, STARTED)?;
    Ok((grid, slots.into_iter().chain([worker, coordinator]).collect()))
}

/// Submits a job that tests 2^p - 1 for each of `exponents`, with more words of the command.
pub(super) fn submit(grid: &Grid, exponents: &str, words: &[&str]) -> Result<(), Failure> {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../tasks/wasm/mersenne.wasm");
    let job_file = grid.text("job.toml");
    let text = format!(
        "name = \"neighbour\"\nmodule = {module:?}\nkind = \"step\"\nargs = [\"{{p}}\"]\n\
         outputs = [\"result.txt\"]\nmemory = \"64 MiB\"\n[quorum]\nsize = 1\n\
         [limits]\ncpu = \"20 h\"\n[[axis]]\nname = \"p\"\nvalues = [{exponents}]\n"
    );
    fs::write(&job_file, text)?;
    grid.run(&[&["submit", &job_file], words].concat()).map(drop)
}

/// The children of a process, once so many have computed for so long: a worker's slots, or the tasks of BOINC's client.
pub(super) fn computing(id: u32, children: usize, span: Duration) -> Result<Vec<u32>, Failure> {
    busy(|| process::children(id), children, span)
}

/// What `find` finds, once so many of it have computed for so long.
fn busy(
    find: impl Fn() -> Result<Vec<u32>, Failure>,
    count: usize,
    span: Duration,
) -> Result<Vec<u32>, Failure> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let ids = find()?;
        let is_busy = |id: &u32| process::cpu_time(*id).is_ok_and(|it| it > span);
        if ids.iter().filter(|id| is_busy(id)).count() == count {
            return Ok(ids);
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(format!("fewer than {count} neighbours compute after {PATIENCE:?}").into())
}
