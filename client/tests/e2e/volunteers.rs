//! Who may check whom.

use crate::grid::{Grid, example};

/// A volunteer with three machines asks again and again, and still never checks themselves.
#[test]
fn machines_of_one_volunteer_never_get_two_replicas_of_a_unit() {
    let mut grid = Grid::start();
    for name in ["lab-1", "lab-2", "lab-3"] {
        grid.add_worker(name, "lab", "");
    }
    let job = grid.submit(&example("geng/job.toml"));
    // Each unit was computed once, nothing is in flight, and no unit has ended.
    grid.wait_until(|grid| {
        let valid = grid.receipt(job)["replicas"]["leased"] == 10;
        let idle = grid.job(job)["replicas_leased"] == 0;
        valid && idle
    });
    assert_eq!(grid.job(job)["units"]["done"], 0);
    let why = grid.ok(&["why", "1/0"]);
    assert!(why.contains("another volunteer"), "{why}");

    // One machine of somebody else is all that it takes.
    grid.add_worker("ada", "ada", "");
    grid.finish(job);
    let receipt = grid.receipt(job);
    assert_eq!((&receipt["replicas"]["leased"], &receipt["volunteers"]), (&20.into(), &2.into()));
}
