//! Two volunteers who tell the same lies, against a job that asks for a confidence.

use serde_json::Value;

use crate::examples::{Outputs, confident_mersenne, results, undisturbed};
use crate::grid::{Grid, JobNumber};
use crate::process::stderr;

/// As many honest volunteers as it takes until single hosts are believed.
const HONEST: [&str; 8] = ["ada", "grace", "emmy", "sofia", "mary", "rosalind", "lise", "maria"];
const PAIR: [&str; 2] = ["mallory", "trudy"];

/// Jobs until both are caught together: mostly it is the first one, as long as answers are voted on. Where those few hosts
/// did most of it that were first to translate its program, it takes chance: in a later job both are compared on
/// one unit in some cases of ten.
const JOBS_MAX: usize = 20;

/// The pair shares a file, tells the truth half of the time, and repeats each other's lies. Whoever is
/// caught
/// alone seems to be faulty, rests for a second and goes on; once both were caught with the same lie
/// they are out for good. Leases come in small batches, so that everybody has a part.
#[test]
fn a_pair_that_colludes_is_banned_and_what_it_vouched_for_is_computed_again() {
    let mut grid = Grid::start_with(
        "[suspension]\nrest = \"1 s\"\nrest_max = \"1 s\"\n\
         [limits]\nbatch = 4\n",
    );
    let ring = format!("fault = {{ collude = {:?} }}", grid.path("ring"));
    for name in PAIR {
        grid.add_worker(name, name, &ring);
    }
    for name in HONEST {
        grid.add_worker(name, name, "");
    }
    let mut jobs: Vec<JobNumber> = Vec::new();
    while !PAIR.iter().all(|name| is_out_for_good(&grid, name)) {
        assert!(jobs.len() < JOBS_MAX, "{}", grid.hosts());
        let job = grid.submit(&confident_mersenne(&grid, jobs.len()));
        grid.watch(job).wait_for(|line| line.contains("is finished"));
        jobs.push(job);
    }

    // What rested on their word is opened again a moment later, in jobs that had ended, too.
    let is_right = |grid: &Grid, job: &JobNumber| results(&grid.finish(*job)) == truth();
    grid.wait_until(|grid| jobs.iter().all(|job| is_right(grid, job)));
    grid.wait_until(|grid| HONEST.iter().all(|name| host(grid, name)["suspended"] == false));
    let receipts: Vec<Value> = jobs.iter().map(|job| grid.receipt(*job)).collect();
    let reopened: u64 = receipts.iter().filter_map(|it| it["units"]["reopened"].as_u64()).sum();
    assert!(reopened > 0, "{receipts:?}");
    pardon(&grid, "mallory");
    for receipt in receipts {
        let line = receipt["summary"].as_str().unwrap();
        assert!(line.contains("asked for 1e-1 against 10 % lying, 2 % colluding"), "{line}");
    }
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
