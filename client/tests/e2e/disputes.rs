//! A volunteer of standing lies about a step program, and one replayed step says so.

use std::fs::File;
use std::io::Write as _;

use serde_json::Value;

use crate::examples::{SHORT_UNITS, confident_mersenne, results, undisturbed};
use crate::grid::{Grid, JobNumber};
use crate::standing::{TRUE_JOBS_MAX, have_standing};

const HONEST: [&str; 8] = ["ada", "grace", "emmy", "sofia", "mary", "rosalind", "lise", "maria"];

/// Mallory tells the truth until she and enough others have standing; then she lies about every unit of
/// a job. Whoever audits her, or is audited by her, says something else: both are asked how their runs
/// went, and two others compute the first step about which they differ.
#[test]
fn a_liar_of_standing_is_named_by_one_step() {
    let mut grid = Grid::start_with("[limits]\nbatch = 4\n");
    let fault = format!("fault = {{ collude = {:?} }}", grid.path("said"));
    grid.add_worker("mallory", "mallory", &fault);
    for name in HONEST {
        grid.add_worker(name, name, "");
    }
    let mut told = 1;
    while !have_standing(&grid, "mallory") {
        assert!(told <= TRUE_JOBS_MAX, "{}", grid.hosts());
        run_saying("truth", told, &grid);
        told += 1;
    }
    let last = run_saying("lie", told, &grid);
    // The job is opened again where it rested on her word.
    let mallory = number_of(&grid, "mallory");
    let host = format!("host {mallory}");
    grid.wait_until(|grid| grid.ok(&["why", &host]).contains(&format!("{host} computed step ")));
    let truth = results(&undisturbed()["mersenne"]);
    grid.wait_until(|grid| results(&grid.finish(last)) == truth);
    let why = grid.ok(&["why", &host]);
    assert!(why.contains("wrongly, by the word of hosts "), "{why}");
    everything_speaks_of_disputes(&grid, last);
    for name in HONEST {
        let why = grid.ok(&["why", &format!("host {}", number_of(&grid, name))]);
        assert!(!why.contains("computed step"), "{why}");
    }
}

/// The receipt, checked without a coordinator, the list of jobs, and `why` of the job: all have an engine in
/// common here, so none is blamed.
fn everything_speaks_of_disputes(grid: &Grid, job: JobNumber) {
    let number = job.0.to_string();
    let receipt = grid.ok(&["receipt", &number, "--json"]);
    let found: Value = serde_json::from_str(&receipt).unwrap();
    let disputes = &found["disputes"];
    let [settled, wrong] = ["settled", "found_wrong"].map(|name| disputes[name].as_u64().unwrap());
    assert!(wrong >= 1 && settled >= wrong, "{disputes}");
    assert_eq!(disputes["broken_engines"], Value::Array(Vec::new()));
    assert_eq!(&grid.job(job)["disputes"], disputes);
    let file = grid.text("disputed.json");
    std::fs::write(&file, receipt.trim_end()).unwrap();
    let job = format!("job {number}");
    let told: [&[&str]; 4] =
        [&["verify", &file], &["receipt", &number], &["why", &job], &["jobs", &number]];
    for args in told {
        let text = grid.ok(args);
        let counted = text.contains(&format!("{settled} dispute"));
        assert!(counted && text.contains("found somebody wrong"), "{args:?}: {text}");
    }
    assert!(grid.ok(&["jobs"]).contains(&format!("{settled}, {wrong} found wrong")));
}

/// Runs the job with this number to its end; the ring of one says this of each of its units.
fn run_saying(word: &str, number: usize, grid: &Grid) -> JobNumber {
    let mut said = File::options().create(true).append(true).open(grid.path("said")).unwrap();
    for unit in 0..SHORT_UNITS {
        writeln!(said, "{number}/{unit} {word}").unwrap();
    }
    let job = grid.submit(&confident_mersenne(grid, number));
    grid.watch(job).wait_for(|line| line.contains("is finished"));
    job
}

fn number_of(grid: &Grid, name: &str) -> u64 {
    let hosts: Value = grid.hosts();
    let hosts = hosts.as_array().unwrap();
    let host = hosts.iter().find(|host| host["nickname"] == name).unwrap();
    host["id"].as_u64().unwrap()
}
