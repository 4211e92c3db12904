//! The coordinator dies in the middle of a job, and the workers go on with units that they choose themselves.

use serde_json::Value;

use crate::examples::{confident_mersenne, long_mersenne, results};
use crate::grid::{Grid, JobNumber};
use crate::standing::{TRUE_JOBS_MAX, have_standing};

const OTHERS: [&str; 8] = ["grace", "emmy", "sofia", "mary", "rosalind", "lise", "maria", "hedy"];

/// More than the slot of one computes at once, so it has chosen more than once.
const CHOSEN: u64 = 5;

/// All others are switched off meanwhile: a job so small is given out to them in a second.
#[test]
fn what_a_worker_chose_itself_counts_when_a_coordinator_is_back() {
    let mut grid = Grid::start_with("[limits]\nbatch = 4\n");
    for name in ["ada"].iter().chain(&OTHERS) {
        grid.add_worker(name, name, "choose_after = \"1 s\"");
    }
    let mut number = 1;
    while !have_standing(&grid, "ada") || !has_earned(&grid) {
        assert!(number <= TRUE_JOBS_MAX, "{}", grid.hosts());
        let job = grid.submit(&confident_mersenne(&grid, number));
        grid.finish(job);
        number += 1;
    }
    OTHERS.iter().for_each(|name| grid.crash_worker(name));
    let job = grid.submit(&long_mersenne(&grid, number));
    grid.wait_until_ended(job, 1);
    grid.stop_coordinator();
    grid.wait_until(|grid| chosen(grid) >= CHOSEN);
    grid.start_coordinator_at("127.0.0.1");
    grid.wait_until(|grid| chosen(grid) == 0);
    for name in OTHERS {
        grid.restart_worker(name);
    }
    for (name, result) in results(&grid.finish(job)) {
        let result = String::from_utf8(result).unwrap();
        assert!(result.contains(" composite "), "{name}: {result}");
    }
    let units = grid.job(job)["units"].clone();
    assert_eq!(units["done"], units["total"], "{units}");
    let total = units["total"].as_u64().unwrap();
    let own_choice = (0..total).find(|unit| is_own_choice(&grid, job, *unit));
    assert!(own_choice.is_some(), "nothing that was chosen was granted");
    assert_eq!(grid.paid(job), grid.receipt(job)["replicas"]["valid"]);
}

fn status(grid: &Grid) -> Value {
    grid.json(&["worker", "status", "--json", "--data", &grid.text("ada")])
}

/// Whether ada was told of credit: a worker that earned none chooses nothing.
fn has_earned(grid: &Grid) -> bool {
    status(grid)["credit"]["total_micro"].as_u64().is_some_and(|credit| credit > 0)
}

/// Answers of its own choice that ada holds.
fn chosen(grid: &Grid) -> u64 {
    status(grid)["held"]["chosen"].as_u64().unwrap()
}

fn is_own_choice(grid: &Grid, JobNumber(job): JobNumber, unit: u64) -> bool {
    let why = grid.ok(&["why", &format!("unit {job}/{unit}")]);
    why.contains("chose it itself, while the coordinator was away")
}
