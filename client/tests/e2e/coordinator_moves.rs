//! A coordinator that is gone for good, and one with another key elsewhere that takes over; and one that moved, of which only
//! one worker hears, and the other through it.

use std::fs;

use crate::examples::{SHORT_UNITS, short_mersenne, undisturbed};
use crate::grid::Grid;
use crate::process::stderr;
use crate::sharing::{acquaint, is_reached, peers};

const WORKERS: [&str; 2] = ["ada", "grace"];

/// Where the second one listens: what was an address of the first one is none of its.
const ELSEWHERE: &str = "127.0.0.2";

#[test]
fn another_one_takes_over_elsewhere_and_nothing_is_lost_or_paid_twice() {
    let mut grid = Grid::start();
    name_an_heir(&mut grid);
    for name in WORKERS {
        grid.add_worker(name, name, "");
    }
    let job = grid.submit(&short_mersenne(&grid));
    grid.wait_until_ended(job, 30);

    let killed_at_ms = grid.stop_coordinator();
    // What they hold they compute, and their reports wait on disk.
    for name in WORKERS {
        grid.worker(name).wait_for(|line| line.starts_with("the coordinator is away"));
    }
    fs::rename(grid.path("heir.key"), grid.path("coordinator/coordinator.key")).unwrap();
    grid.start_coordinator_at(ELSEWHERE);
    for name in WORKERS {
        let found = format!("connected to {ELSEWHERE}:");
        grid.worker(name).wait_for(|line| line.starts_with(&found));
    }
    // The scientist's program has the record too, and joins nobody anew.
    let said = grid.run(&["jobs"]);
    let moved = format!("the coordinator has moved: it is at {ELSEWHERE}:");
    assert!(stderr(&said).contains(&moved), "{}", stderr(&said));
    assert!(!stderr(&grid.run(&["jobs"])).contains(&moved), "it remembers where it found it");

    let outputs = grid.finish(job);
    grid.assert_ended_after(job, killed_at_ms);
    assert!(outputs == undisturbed()["mersenne"], "other outputs");
    assert_eq!(grid.receipt(job)["units"]["done"], SHORT_UNITS);
    assert_eq!(grid.paid(job), 2 * SHORT_UNITS);
}

/// The project's key comes after the first worker's first session. Nobody looks on the local network here.
#[test]
fn who_has_met_the_coordinator_where_it_is_now_tells_the_others() {
    let mut grid = Grid::start();
    grid.add_worker("ada", "ada", "lan = false\n");
    let (project, record) = (grid.text("project.key"), grid.text("record"));
    let key = grid.ok(&["project", "key", &project]);
    let first = fs::read_to_string(grid.path("coordinator/address")).unwrap();
    let (_, coordinator) = first.trim().split_once('#').unwrap();
    grid.ok(&["project", "sign", "--key", &project, "--coordinator", first.trim(), &record]);
    let second = format!("manyhands://{ELSEWHERE}:{}/#{coordinator}", grid.port());
    grid.set(&format!("record = {record:?}\n"));
    grid.crash_coordinator();
    let kept = |grid: &Grid, worker: &str| {
        fs::read_to_string(grid.path(worker).join("coordinators")).unwrap_or_default()
    };
    grid.wait_until(|grid| kept(grid, "ada").contains(key.trim()) && is_reached(grid, "ada"));
    acquaint(&grid, "grace", "ada");
    grid.add_worker("grace", "grace", "lan = false\n");

    grid.stop_coordinator();
    grid.ok(&["project", "sign", "--key", &project, "--coordinator", &second, &record]);
    grid.start_coordinator_at(ELSEWHERE);
    fs::copy(&record, grid.path("ada/coordinators")).unwrap();
    for name in WORKERS {
        let found = format!("connected to {ELSEWHERE}:");
        grid.worker(name).wait_for(|line| line.starts_with(&found));
    }
    assert_eq!(kept(&grid, "grace"), fs::read_to_string(&record).unwrap());
    let known = &peers(&grid, "grace")["peers"][0];
    assert_eq!((&known["known_from"], &known["failures"]), (&"disk".into(), &0.into()), "{known}");
}

/// An invite that says only who is meant, to a network on which nobody announces that; then its owner gets the record.
#[test]
fn a_worker_may_start_before_its_coordinator_is_to_be_found() {
    let mut grid = Grid::start();
    let (project, record) = (grid.text("project.key"), grid.text("record"));
    grid.ok(&["project", "key", &project]);
    let at = fs::read_to_string(grid.path("coordinator/address")).unwrap();
    grid.ok(&["project", "sign", "--key", &project, "--coordinator", at.trim(), &record]);
    grid.set(&format!("record = {record:?}\n"));
    grid.crash_coordinator();
    let invite = grid.invite(&["--role", "worker", "--volunteer", "ada"]);
    let (_, who) = invite.split_once('#').unwrap();
    let worker = grid.start_worker("ada", &format!("lan#{who}"), "always = true\n");
    worker.wait_for(|line| line.starts_with("the coordinator is not there yet, waiting for it"));
    let status = grid.ok(&["worker", "status", "--data", &grid.text("ada")]);
    assert!(status.contains("the coordinator is away (nobody with the key"), "{status}");
    fs::copy(&record, grid.path("ada/coordinators")).unwrap();
    grid.worker("ada").wait_for(|line| line.starts_with("connected to 127.0.0.1:"));
}

/// Makes a project's key and a second coordinator's, and gives the first coordinator a record that names both.
fn name_an_heir(grid: &mut Grid) {
    let [project, heir, record] = ["project.key", "heir.key", "record"].map(|name| grid.text(name));
    grid.ok(&["project", "key", &project]);
    let key = grid.ok(&["project", "key", &heir]);
    let first = fs::read_to_string(grid.path("coordinator/address")).unwrap();
    let second = format!("manyhands://{ELSEWHERE}:{}/#{}", grid.port(), key.trim());
    let named = ["--coordinator", first.trim(), "--coordinator", &second];
    let sign = ["project", "sign", "--key", &project];
    let args: Vec<&str> = sign.into_iter().chain(named).chain([record.as_str()]).collect();
    let said = grid.ok(&args);
    assert!(said.contains("counts for 90 d") && said.contains(ELSEWHERE), "{said}");
    grid.set(&format!("record = {record:?}\n"));
    grid.crash_coordinator();
}
