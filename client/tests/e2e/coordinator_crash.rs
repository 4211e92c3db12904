//! A coordinator that dies in the middle of a job.

use crate::examples::{SHORT_UNITS, short_mersenne, undisturbed};
use crate::grid::Grid;

#[test]
fn a_killed_coordinator_goes_on_where_it_was() {
    let mut grid = Grid::with_workers(&["ada", "grace"]);
    let job = grid.submit(&short_mersenne(&grid));
    grid.wait_until_ended(job, 30);
    let in_flight_max = in_flight_max(&grid);
    let killed_at_ms = grid.stop_coordinator();
    grid.start_coordinator_at("127.0.0.1");

    let outputs = grid.finish(job);
    grid.assert_ended_after(job, killed_at_ms);
    assert!(outputs == undisturbed()["mersenne"], "other outputs");
    let receipt = grid.receipt(job);
    let count = |field: &str| receipt["replicas"][field].as_u64().unwrap();
    // Nothing is lost: all agreed-on answers are there.
    assert_eq!(receipt["units"]["done"], SHORT_UNITS);
    assert_eq!(count("valid"), 2 * SHORT_UNITS);
    // Nothing is computed twice but what was in flight.
    assert!(count("leased") <= 2 * SHORT_UNITS + in_flight_max, "{receipt}");
}

/// What the workers may hold at any moment.
fn in_flight_max(grid: &Grid) -> u64 {
    let hosts = grid.hosts();
    let leases = hosts.as_array().unwrap().iter().map(|host| host["leases"].as_u64().unwrap());
    leases.sum::<u64>().max(1)
}
