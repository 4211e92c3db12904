//! Workers that a cluster's scheduler starts for a while, on a folder that is gone afterwards.

use std::fs;
use std::path::PathBuf;

use crate::grid::Grid;
use crate::process::{Process, run, stderr};
use crate::resumption::blobs;

/// Some seconds of steps, saved every second.
const EXPONENT: u32 = 40_009;

#[test]
fn a_pilot_ends_by_itself_when_the_job_is_done() {
    let grid = Grid::start();
    let job = grid.submit(&job_file(&grid, 3_217));
    let pilot = pilot(&grid, "ada", &["--until-idle", "5s"]);
    let results = grid.finish(job);
    assert_eq!(results["0-result.txt"].trim_ascii(), b"p=3217 prime");
    assert_eq!(pilot.end(), Some(0));
    assert_eq!(grid.job(job)["replicas_leased"], 0);
}

#[test]
fn a_pilot_whose_machine_is_wanted_back_hands_its_unit_on() {
    let grid = Grid::start();
    let job = grid.submit(&job_file(&grid, EXPONENT));
    let before = blobs(&grid);
    let first = pilot(&grid, "ada", &["--until-idle", "10m", "--grace", "25s"]);
    // Its first checkpoint is there: it has made some steps.
    grid.wait_until(|grid| blobs(grid) > before);
    assert_eq!(first.terminate(), Some(0));
    fs::remove_dir_all(grid.path("ada")).unwrap();
    assert_eq!(grid.job(job)["replicas_leased"], 0, "the lease was handed back");

    let invite = grid.invite(&["--role", "worker", "--volunteer", "peek"]);
    let step = crate::resumption::offered_step(&invite);
    assert!(step > 0, "the unit began anew");
    let second = pilot(&grid, "grace", &["--until-idle", "5s"]);
    let results = grid.finish(job);
    let text = String::from_utf8_lossy(&results["0-result.txt"]);
    assert!(text.starts_with("p=40009 composite residue=0x"), "{text}");
    assert_eq!(second.end(), Some(0));
}

#[test]
fn a_pilot_that_never_met_its_coordinator_has_failed() {
    let mut grid = Grid::start();
    let invite = grid.invite(&["--role", "worker"]);
    grid.stop_coordinator();
    let data = grid.text("ada");
    let args = [
        "worker",
        "--yes",
        "--slots",
        "1",
        "--until-idle",
        "1s",
        "--join",
        &invite,
        "--data",
        &data,
    ];
    let output = run(&grid.path("profile"), &args);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("the coordinator was not reached"), "{}", stderr(&output));
}

/// A worker that has a new folder, and saves what runs each second.
fn pilot(grid: &Grid, name: &str, more: &[&str]) -> Process {
    let invite = grid.invite(&["--role", "worker", "--volunteer", name]);
    let (data, config) = (grid.text(name), grid.text("pilot.toml"));
    fs::write(&config, "checkpoint_interval = \"1 s\"\nslot_memory = \"256 MiB\"\n").unwrap();
    let args = ["worker", "--yes", "--slots", "1", "--config", &config];
    let args = [&args[..], &["--join", &invite, "--data", &data]].concat();
    let pilot = Process::start(&[&args[..], more].concat());
    pilot.wait_for(|line| line.starts_with("connected"));
    pilot
}

pub(crate) fn job_file(grid: &Grid, exponent: u32) -> PathBuf {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../tasks/wasm/mersenne.wasm");
    let text = format!(
        "name = \"mersenne {exponent}\"\nmodule = {module:?}\nargs = [\"{exponent}\"]\noutputs = [\"result.txt\"]\n\
         memory = \"64 MiB\"\n[quorum]\nsize = 1\n"
    );
    let path = grid.path(&format!("{exponent}.toml"));
    fs::write(&path, text).unwrap();
    path
}
