//! Whoever was drawn to check an answer gets that unit, whatever else there is.

use manyhands_core::id::{HostId, UnitId};
use manyhands_core::policy::Policy;
use manyhands_core::time::Span;
use manyhands_core::trust::{Confidence, Plan};

use crate::grid::{Grid, quorum_of};

/// Audits 4, probation 10, lead 2, founders 8.
const CONFIDENCE: Confidence =
    Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };

/// A unit that is to be audited, and who was drawn for it.
fn drawn(grid: &mut Grid) -> (UnitId, HostId, Vec<HostId>) {
    let plan = Plan::new(&CONFIDENCE);
    let people: Vec<HostId> =
        (0..plan.founders()).map(|_| grid.host_of_standing(plan.probation)).collect();
    // So few answers that each is audited.
    grid.job(1, Policy { confidence: Some(CONFIDENCE), ..Policy::default() });
    let lease = grid.lease_one(people[0]);
    grid.answer(people[0], lease.replica, "42");
    grid.wait(Span(0));
    let unit = lease.replica.unit;
    let host = grid.unit_row(unit).turn.and_then(|turn| turn.host).unwrap();
    (unit, host, people)
}

/// Also if jobs of a higher priority wait, and if it asks for one lease only.
#[test]
fn a_turn_goes_before_other_jobs() {
    let mut grid = Grid::new();
    let (unit, drawn, people) = drawn(&mut grid);
    let urgent = grid.job(20, Policy { priority: 9, ..quorum_of(1) });
    for host in people.into_iter().filter(|host| *host != drawn) {
        assert_eq!(grid.lease_one(host).replica.unit.job, urgent, "it is nobody else's turn");
    }
    assert_eq!(grid.lease_one(drawn).replica.unit, unit);
    assert_eq!(grid.lease_one(drawn).replica.unit.job, urgent, "a turn is for one unit");
}
