//! A grid of processes in a temporary folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{PATIENCE, Process, run, stderr, stdout};

/// A coordinator, its workers, and a scientist's profile.
pub(crate) struct Grid {
    dir: TempDir,
    coordinator: Option<Process>,
    workers: BTreeMap<String, Process>,
    port: String,
}

/// A job that a test submitted.
#[derive(Clone, Copy)]
pub(crate) struct JobNumber(pub(crate) u64);

impl Grid {
    /// A coordinator that listens, and a scientist who joined it.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// The same, with more settings of the coordinator.
    pub(crate) fn start_with(settings: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let config = format!("listen = \"127.0.0.1:0\"\nheartbeat = \"1 s\"\n{settings}");
        fs::write(dir.path().join("coordinator.toml"), config).expect("the settings are written");
        let mut grid = Self { dir, coordinator: None, workers: BTreeMap::new(), port: "0".into() };
        grid.start_coordinator();
        let invite = grid.invite(&["--role", "scientist"]);
        grid.ok(&["join", &invite]);
        grid
    }

    /// A grid with workers of different volunteers.
    pub(crate) fn with_workers(names: &[&str]) -> Self {
        let mut grid = Self::start();
        for name in names {
            grid.add_worker(name, name, "");
        }
        grid
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    fn start_coordinator(&mut self) {
        self.start_coordinator_at("127.0.0.1");
    }

    /// Starts the coordinator at an address of this machine, with the port that it had.
    pub(crate) fn start_coordinator_at(&mut self, ip: &str) {
        let (config, data) = (self.text("coordinator.toml"), self.text("coordinator"));
        let listen = format!("{ip}:{}", self.port);
        let args = ["coordinator", "--config", &config, "--data", &data, "--listen", &listen];
        let process = Process::start(&args);
        let invite = process.wait_for(|line| line.starts_with("manyhands://"));
        let port = invite.split([':', '/']).nth(4).expect("an invite has a port");
        self.port = port.to_owned();
        self.coordinator = Some(process);
    }

    /// The port on which the coordinator listens.
    pub(crate) fn port(&self) -> &str {
        &self.port
    }

    /// Adds a line to the coordinator's settings, for its next start.
    pub(crate) fn set(&self, line: &str) {
        let path = self.path("coordinator.toml");
        let text = fs::read_to_string(&path).expect("settings");
        fs::write(&path, format!("{line}{text}")).expect("the settings are written");
    }

    /// Kills the coordinator, and gives the time after that, in milliseconds since 1970.
    #[expect(
        clippy::disallowed_methods,
        reason = "to be compared with times that a coordinator tells"
    )]
    pub(crate) fn stop_coordinator(&mut self) -> u64 {
        self.coordinator.take().expect("a coordinator runs").kill();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
        u64::try_from(since.as_millis()).expect("a time")
    }

    /// A job that had ended by then shows nothing of what came later.
    pub(crate) fn assert_ended_after(&self, job: JobNumber, time_ms: u64) {
        let job = self.job(job);
        let ended_at_ms = job["ended_at_ms"].as_u64().expect("a job that has ended");
        assert!(ended_at_ms > time_ms, "it had ended at {time_ms} already: {job}");
    }

    /// Kills the coordinator, as a power cut would, and starts it again where it was.
    pub(crate) fn crash_coordinator(&mut self) {
        self.coordinator.take().expect("a coordinator runs").kill();
        self.start_coordinator();
    }

    /// The invite that the coordinator's owner makes with these flags.
    pub(crate) fn invite(&self, flags: &[&str]) -> String {
        let data = self.text("coordinator");
        let args: Vec<&str> =
            ["invite", "--data", &data].into_iter().chain(flags.iter().copied()).collect();
        self.ok(&args).trim().to_owned()
    }

    /// Starts a worker that computes whatever this machine does, and waits until it is connected.
    pub(crate) fn add_worker(&mut self, name: &str, volunteer: &str, settings: &str) {
        self.add_governed_worker(name, volunteer, &format!("always = true\n{settings}"));
    }

    /// Starts a worker and waits until it is connected.
    pub(crate) fn add_governed_worker(&mut self, name: &str, volunteer: &str, settings: &str) {
        let invite = self.invite(&["--role", "worker", "--volunteer", volunteer]);
        let connected = |line: &str| line.starts_with("connected");
        self.start_worker(name, &invite, settings).wait_for(connected);
    }

    /// Starts a worker with an invite, and does not wait.
    pub(crate) fn start_worker(&mut self, name: &str, invite: &str, settings: &str) -> &Process {
        let config = self.text(&format!("{name}.toml"));
        let data = self.text(name);
        // Whatever else runs here must not decide how long a test takes.
        let text = format!(
            "invite = {invite:?}\ndata_dir = {data:?}\nnickname = {name:?}\nslots = 1\n\
             slot_memory = \"256 MiB\"\npriority = \"inherited\"\n{settings}\n"
        );
        fs::write(&config, text).expect("the settings are written");
        self.restart_worker(name)
    }

    /// Starts a worker where an earlier one ended, and does not wait.
    pub(crate) fn restart_worker(&mut self, name: &str) -> &Process {
        let config = self.text(&format!("{name}.toml"));
        let process = Process::start(&["worker", "--yes", "--config", &config]);
        self.workers.insert(name.to_owned(), process);
        self.worker(name)
    }

    /// A worker that runs.
    pub(crate) fn worker(&self, name: &str) -> &Process {
        self.workers.get(name).expect("the worker runs")
    }

    /// Kills a worker, as a power cut would.
    pub(crate) fn crash_worker(&mut self, name: &str) {
        self.workers.remove(name).expect("the worker runs").kill();
    }

    /// Stops a worker as its owner would.
    pub(crate) fn stop_worker(&mut self, name: &str) {
        let code = self.workers.remove(name).expect("the worker runs").terminate();
        assert_eq!(code, Some(0), "a worker that is told to stop ends well");
    }

    /// Runs a command as the scientist.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        run(&self.path("profile"), args)
    }

    /// What a command prints that must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        stdout(&output)
    }

    /// The JSON that a command prints that must succeed.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(args)).expect("JSON")
    }

    pub(crate) fn submit(&self, job_file: &Path) -> JobNumber {
        let submitted = self.json(&["submit", &job_file.to_string_lossy(), "--json"]);
        JobNumber(submitted["job"].as_u64().expect("a job number"))
    }

    /// A process that tells of the job until it has ended.
    pub(crate) fn watch(&self, job: JobNumber) -> Process {
        let (profile, job) = (self.text("profile"), job.0.to_string());
        Process::start(&["--profile", &profile, "watch", &job])
    }

    /// Waits until `wanted` units of the job have ended.
    pub(crate) fn wait_until_ended(&self, job: JobNumber, wanted: u64) {
        self.watch(job).wait_for(|line| ended(line).is_some_and(|ended| ended >= wanted));
    }

    /// Waits until something is so that no event tells of.
    pub(crate) fn wait_until(&self, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < end, "it did not become so in time");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the job has ended, and gives its outputs by file name.
    pub(crate) fn finish(&self, job: JobNumber) -> BTreeMap<String, Vec<u8>> {
        self.watch(job).wait_for(|line| line.contains("is finished"));
        self.fetch(job)
    }

    /// What the job has by now, by file name.
    pub(crate) fn fetch(&self, job: JobNumber) -> BTreeMap<String, Vec<u8>> {
        let (dir, job) = (self.path(&format!("results-{}", job.0)), job.0.to_string());
        self.ok(&["fetch", &job, "--to", &dir.to_string_lossy()]);
        files(&dir)
    }

    pub(crate) fn job(&self, job: JobNumber) -> Value {
        self.json(&["jobs", &job.0.to_string(), "--json"])
    }

    pub(crate) fn receipt(&self, job: JobNumber) -> Value {
        self.json(&["receipt", &job.0.to_string(), "--json"])
    }

    /// How many of a job's replicas were paid for: a ledger that pays one twice is none.
    pub(crate) fn paid(&self, job: JobNumber) -> u64 {
        let ledger = self.text("ledger.jsonl");
        self.ok(&["ledger", "export", &ledger]);
        let said = self.ok(&["ledger", "verify", &ledger]);
        assert!(said.contains("none missing or changed"), "{said}");
        let rows = fs::read_to_string(&ledger).expect("an exported ledger");
        let grant = format!("\"job\":{},\"kind\":\"grant\"", job.0);
        rows.lines().filter(|row| row.contains(&grant)).count() as u64
    }

    pub(crate) fn hosts(&self) -> Value {
        self.json(&["hosts", "--data", &self.text("coordinator"), "--json"])
    }
}

/// A job file of the repository's examples.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)
}

/// The number in `job 1: 133 of 669 units, …`.
fn ended(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(": ")?;
    rest.split_once(" of ")?.0.parse().ok()
}

/// All files below a folder, by their path in it.
pub(crate) fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(dir).expect("below").to_string_lossy().into_owned();
            found.insert(name, fs::read(&path).expect("a file"));
        }
    }
    found
}
