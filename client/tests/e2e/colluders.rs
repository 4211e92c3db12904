//! Two volunteers who tell the same lies, against a job that asks for a confidence.

use std::fs;

use serde_json::Value;

use crate::examples::{
    Outputs, SHORT_UNITS, confident_mersenne, mersenne_against, results, undisturbed,
};
use crate::grid::Grid;
use crate::process::stderr;

/// As many as it takes to outvote two liars where an answer must be three voices ahead, and one more.
const HONEST: [&str; 6] = ["ada", "grace", "emmy", "sofia", "mary", "rosalind"];
const PAIR: [&str; 2] = ["mallory", "trudy"];

/// The pair shares a file, tells the truth half of the time, and repeats each other's lies. While nobody else is there, one
/// job believes it. Of another, which asks for more, it has answered everything before anybody else does; then the others
/// find that both said the same wrong thing.
#[test]
fn a_pair_that_colludes_is_banned_and_what_it_vouched_for_is_computed_again() {
    let mut grid = Grid::start();
    let ring = format!("fault = {{ collude = {:?} }}", grid.path("ring"));
    for name in PAIR {
        grid.add_worker(name, name, &ring);
    }
    let deceived = grid.submit(&confident_mersenne(&grid, 0));
    assert!(results(&grid.finish(deceived)) != truth(), "two voices are enough here");

    for name in HONEST {
        grid.add_worker(name, name, "");
        grid.ok(&["worker", "pause", "--data", &grid.text(name)]);
    }
    let job = grid.submit(&mersenne_against(&grid, 1, "10 % colluding"));
    grid.wait_until(|grid| {
        PAIR.iter().all(|name| host(grid, name)["leases"] == 0) && said(grid) == 2 * SHORT_UNITS
    });
    for name in HONEST {
        grid.ok(&["worker", "resume", "--data", &grid.text(name)]);
    }
    grid.wait_until(|grid| PAIR.iter().all(|name| is_out_for_good(grid, name)));

    // What rested on their word is opened again a moment later, in jobs that had ended, too.
    for job in [job, deceived] {
        grid.wait_until(|grid| results(&grid.finish(job)) == truth());
        let receipt = grid.receipt(job);
        assert!(receipt["units"]["reopened"].as_u64() > Some(0), "{receipt}");
    }
    assert!(HONEST.iter().all(|name| host(&grid, name)["suspended"] == false));
    let receipt = grid.receipt(job);
    let line = receipt["summary"].as_str().unwrap();
    assert!(line.contains("asked for 1e-1 against 10 % colluding"), "{line}");
    pardon(&grid, "mallory");
}

/// Units that the ring's file knows.
fn said(grid: &Grid) -> u64 {
    fs::read_to_string(grid.path("ring")).map_or(0, |said| said.lines().count() as u64)
}

/// The operator lets a banned host on again, once, and says why.
fn pardon(grid: &Grid, name: &str) {
    let id = host(grid, name)["id"].to_string();
    let ask = |id: &str| {
        let data = grid.path("coordinator");
        let data = data.to_string_lossy();
        grid.run(&["host", "pardon", id, "--reason", "it was a test", "--data", &data])
    };
    let done = ask(&id);
    assert!(done.status.success(), "{}", stderr(&done));
    assert_eq!(host(grid, name)["suspended"], false);
    for (id, words) in [(id.as_str(), "is not suspended"), ("999", "there is no host 999")] {
        let refused = ask(id);
        assert!(!refused.status.success());
        assert!(stderr(&refused).contains(words), "{}", stderr(&refused));
    }
}

fn host(grid: &Grid, name: &str) -> Value {
    let hosts = grid.hosts();
    let hosts = hosts.as_array().unwrap();
    hosts.iter().find(|host| host["nickname"] == name).unwrap().clone()
}

fn is_out_for_good(grid: &Grid, name: &str) -> bool {
    let host = host(grid, name);
    host["suspended"] == true && host["suspended_until_ms"].is_null()
}

fn truth() -> Outputs {
    results(&undisturbed()["mersenne"])
}
