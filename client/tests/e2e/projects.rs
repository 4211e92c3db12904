//! One machine that computes for several projects.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::grid::{Grid, JobNumber};
use crate::process::{Process, run, stdout};

/// Units of a job that no story waits for the end of.
const MANY: usize = 2_000;

/// Takes less than a tenth of a second.
const EXPONENT: u32 = 4_423;

/// CPU time after which shares are looked at, in milliseconds: many units of each project.
const COMPUTED_MS: u64 = 6_000;

#[test]
fn two_projects_get_the_machines_time_by_their_shares() {
    let (primes, stars) = (Grid::start(), Grid::start());
    for grid in [&primes, &stars] {
        submit(grid, MANY);
    }
    let mut machine = Machine::start(&primes, &[("primes", &primes, 3), ("stars", &stars, 1)]);
    primes.wait_until(|_| machine.computed_ms().iter().sum::<u64>() >= COMPUTED_MS);

    let computed = machine.computed_ms();
    let ratio = computed[0] as f64 / computed[1] as f64;
    assert!(
        (2.0..=4.5).contains(&ratio),
        "three times as much for the one as for the other: {computed:?}"
    );
    let known = machine.json(&["peers", "--data", &machine.data, "--json"]);
    assert_eq!([&known[0]["project"], &known[1]["project"]], ["primes", "stars"], "{known}");
    // A share that nobody uses is the other's.
    let before = machine.computed_ms()[1];
    primes.ok(&["cancel", "1"]);
    stars.wait_until(|_| machine.computed_ms()[1] >= before + COMPUTED_MS / 4);
    let at_end = machine.computed_ms();
    assert!(at_end[1] - before > at_end[0] - computed[0], "{computed:?}, then {at_end:?}");

    machine.stop();
    let hosts = machine.json(&["worker", "export", "--data", &machine.data])["hosts"].clone();
    assert_eq!(hosts.as_array().unwrap().len(), 2, "{hosts}");
    assert_ne!(hosts[0]["key"], hosts[1]["key"], "each project knows it by another one");
    assert_ne!(hosts[0]["coordinator"], hosts[1]["coordinator"]);
    let settings = machine.settings.to_string_lossy().into_owned();
    let left =
        run(&machine.profile, &["worker", "leave", "--project", "primes", "--config", &settings]);
    let key = hosts[0]["coordinator"].as_str().unwrap();
    assert_eq!(stdout(&left).trim(), format!("withdrawn for {key}"));
    machine.go_on();
    stars.wait_until(|_| machine.connected() == [true]);
    machine.stop();
    run(&machine.profile, &["worker", "erase", "--yes", "--data", &machine.data]);
    assert!(!primes.path("machine").exists());
    for grid in [&primes, &stars] {
        assert_eq!(grid.hosts()[0]["nickname"], "forgotten");
    }
}

#[test]
fn a_project_that_is_away_holds_up_no_other() {
    let (mut primes, mut stars, gone) = (Grid::start(), Grid::start(), Grid::start());
    let invite_to_nobody = invite(&gone);
    drop(gone);
    submit(&stars, MANY);
    let mut machine = Machine::start(&primes, &[("primes", &primes, 1), ("stars", &stars, 1)]);
    machine.stop();
    machine.add("nobody", &invite_to_nobody, 1_000_000);
    machine.go_on();
    stars.wait_until(|_| machine.status()["slots"][0]["work"]["project"] == "stars");

    stars.stop_coordinator();
    let job = submit(&primes, 3);
    let results = primes.finish(job);
    assert_eq!(results["0-result.txt"].trim_ascii(), b"p=4423 prime");
    primes.wait_until(|_| machine.connected() == [true, false, false]);

    // Whatever their order in the settings is, each finds what it had.
    machine.stop();
    machine.turn_round();
    machine.go_on();
    let job = submit(&primes, 1);
    primes.finish(job);
    assert_eq!(primes.hosts().as_array().unwrap().len(), 1);
    primes.stop_coordinator();
}

/// A worker with settings of its own, for several grids.
struct Machine {
    profile: PathBuf,
    settings: PathBuf,
    data: String,
    tables: Vec<String>,
    process: Option<Process>,
}

impl Machine {
    /// Keeps its things beside those of `home`.
    fn start(home: &Grid, projects: &[(&str, &Grid, u32)]) -> Self {
        let (profile, settings) = (home.path("volunteer"), home.path("machine.toml"));
        let data = home.text("machine");
        let mut machine = Self { profile, settings, data, tables: Vec::new(), process: None };
        for (name, grid, share) in projects {
            machine.add(name, &invite(grid), *share);
        }
        machine.go_on();
        home.wait_until(|_| machine.connected() == vec![true; projects.len()]);
        machine
    }

    fn add(&mut self, name: &str, invite: &str, share: u32) {
        let table = format!("[[project]]\nname = {name:?}\ninvite = {invite:?}\nshare = {share}\n");
        self.tables.push(table);
    }

    fn turn_round(&mut self) {
        self.tables.reverse();
    }

    fn go_on(&mut self) {
        let head = format!(
            "data_dir = {:?}\nslots = 1\nslot_memory = \"256 MiB\"\npriority = \"inherited\"\nalways = true\n",
            self.data
        );
        fs::write(&self.settings, head + &self.tables.concat()).unwrap();
        let settings = self.settings.to_string_lossy();
        self.process = Some(Process::start(&["worker", "--yes", "--config", &settings]));
    }

    fn stop(&mut self) {
        assert_eq!(self.process.take().unwrap().terminate(), Some(0));
    }

    fn status(&self) -> Value {
        self.json(&["worker", "status", "--json", "--data", &self.data])
    }

    fn json(&self, args: &[&str]) -> Value {
        let said = stdout(&run(&self.profile, args));
        serde_json::from_str(&said).unwrap_or(Value::Null)
    }

    /// Which coordinators are there.
    fn connected(&self) -> Vec<bool> {
        let of = |project: &Value| project["coordinator"]["is_connected"].as_bool().unwrap();
        self.projects().iter().map(of).collect()
    }

    /// CPU time of programs that have ended, by project.
    fn computed_ms(&self) -> Vec<u64> {
        self.projects().iter().map(|it| it["computed_ms"].as_u64().unwrap()).collect()
    }

    /// None before it answers.
    fn projects(&self) -> Vec<Value> {
        self.status()["projects"].as_array().cloned().unwrap_or_default()
    }
}

fn invite(grid: &Grid) -> String {
    grid.invite(&["--role", "worker", "--volunteer", "ada"])
}

/// Submits a job of so many equal units.
fn submit(grid: &Grid, units: usize) -> JobNumber {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../tasks/wasm/mersenne.wasm");
    let values = vec![EXPONENT.to_string(); units];
    let text = format!(
        "name = \"search\"\nmodule = {module:?}\nargs = [\"{{p}}\"]\noutputs = [\"result.txt\"]\n\
         kind = \"step\"\nmemory = \"64 MiB\"\n[quorum]\nsize = 1\n[[axis]]\nname = \"p\"\nvalues = [{}]\n",
        values.join(", ")
    );
    let path = grid.path("search.toml");
    fs::write(&path, text).unwrap();
    grid.submit(&path)
}
