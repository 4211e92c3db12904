//! A coordinator that dies in the middle of a job.

use crate::examples::undisturbed;
use crate::grid::{Grid, example};

#[test]
fn a_killed_coordinator_goes_on_where_it_was() {
    let mut grid = Grid::with_workers(&["ada", "grace"]);
    let job = grid.submit(&example("mersenne/job.toml"));
    grid.wait_until_ended(job, 100);
    let in_flight_max = in_flight_max(&grid);
    grid.crash_coordinator();
    assert_eq!(grid.job(job)["state"], "open", "it ended before the crash: the test shows nothing");

    let outputs = grid.finish(job);
    assert!(outputs == undisturbed()["mersenne/job.toml"], "other outputs");
    let receipt = grid.receipt(job);
    let count = |field: &str| receipt[field].as_u64().unwrap();
    // Nothing is lost: all agreed-on answers are there.
    assert_eq!((receipt["units"]["done"].as_u64(), count("replicas_valid")), (Some(669), 1_338));
    // Nothing is computed twice but what was in flight.
    assert!(count("replicas") <= 1_338 + in_flight_max, "{receipt}");
}

/// What the workers may hold at any moment.
fn in_flight_max(grid: &Grid) -> u64 {
    let hosts = grid.hosts();
    let leases = hosts.as_array().unwrap().iter().map(|host| host["leases"].as_u64().unwrap());
    leases.sum::<u64>().max(1)
}
