//! Whoever was drawn to check an answer gets that unit, whatever else there is.

use std::collections::BTreeMap;

use manyhands_core::id::{HostId, ReplicaId, UnitId};
use manyhands_core::policy::Policy;
use manyhands_core::settings::Settings;
use manyhands_core::time::Span;
use manyhands_core::trust::{Confidence, Plan};

use crate::grid::{Grid, quorum_of};

/// Audits 4, probation 10, lead 2, founders 8.
const CONFIDENCE: Confidence =
    Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };

/// So many hosts of standing that they are believed, also without two of them.
fn people(grid: &mut Grid) -> Vec<HostId> {
    let plan = Plan::new(&CONFIDENCE);
    (0..plan.founders() + 2).map(|_| grid.host_of_standing(plan.probation)).collect()
}

/// A unit that is to be audited, and who was drawn for it.
fn drawn(grid: &mut Grid, people: &[HostId]) -> (UnitId, HostId) {
    // So few answers that each is audited.
    grid.job(1, Policy { confidence: Some(CONFIDENCE), ..Policy::default() });
    let lease = grid.lease_one(people[0]);
    grid.answer(people[0], lease.replica, "42");
    grid.wait(Span(0));
    let unit = lease.replica.unit;
    (unit, turn_of(grid, unit).unwrap())
}

fn turn_of(grid: &Grid, unit: UnitId) -> Option<HostId> {
    grid.unit_row(unit).turn.and_then(|turn| turn.host)
}

/// Also if jobs of a higher priority wait, and if it asks for one lease only.
#[test]
fn a_turn_goes_before_other_jobs() {
    let mut grid = Grid::new();
    let people = people(&mut grid);
    let (unit, drawn) = drawn(&mut grid, &people);
    let urgent = grid.job(20, Policy { priority: 9, ..quorum_of(1) });
    for host in people.into_iter().filter(|host| *host != drawn) {
        assert_eq!(grid.lease_one(host).replica.unit.job, urgent, "it is nobody else's turn");
    }
    assert_eq!(grid.lease_one(drawn).replica.unit, unit);
    assert_eq!(grid.lease_one(drawn).replica.unit.job, urgent, "a turn is for one unit");
}

/// Everybody holds a unit of another job. Whoever is drawn then gives a wrong answer to that one, and
/// somebody else is drawn at once, not when a lease would have ended.
#[test]
fn nobody_waits_for_an_auditor_that_was_suspended() {
    let mut grid =
        Grid::with(Settings { invalid_max: 1, open_enrolment: true, ..Settings::default() });
    let people = people(&mut grid);
    grid.job(people.len() as i64 / 2, quorum_of(2));
    let held: BTreeMap<HostId, ReplicaId> =
        people.iter().map(|host| (*host, grid.lease_one(*host).replica)).collect();
    let (unit, drawn) = drawn(&mut grid, &people);
    let lie = held[&drawn];
    let partner = |(host, replica): (&HostId, &ReplicaId)| {
        (replica.unit == lie.unit && *host != drawn).then_some((*host, *replica))
    };
    let (partner, truth) = held.iter().find_map(partner).unwrap();
    grid.answer(drawn, lie, "lie");
    grid.answer(partner, truth, "truth");
    let third = *people.iter().find(|host| ![drawn, partner].contains(host)).unwrap();
    let decisive = grid.lease_one(third).replica;
    assert_eq!(decisive.unit, lie.unit);
    grid.answer(third, decisive, "truth");
    assert_eq!(grid.assimilate(), [lie.unit]);
    assert!(!grid.host_row(drawn).is_active());
    grid.wait(Span(0));
    let next = turn_of(&grid, unit).expect("there are others");
    assert_ne!(next, drawn);
    assert_eq!(grid.lease_one(next).replica.unit, unit);
}

/// Two are there, one answers, and it is the other one's turn for all of it.
fn queue(grid: &mut Grid, people: &[HostId]) -> (HostId, Vec<UnitId>) {
    grid.wait(Span::hours(3));
    let (author, drawn) = (people[0], people[1]);
    grid.request(drawn, 1);
    grid.job(12, Policy { confidence: Some(CONFIDENCE), ..Policy::default() });
    let answered = grid.lease(author, 12);
    for replica in &answered {
        grid.answer(author, *replica, "42");
    }
    grid.wait(Span(0));
    let units: Vec<UnitId> = answered.iter().map(|replica| replica.unit).collect();
    assert_eq!(waiting(grid, &units, drawn), 12);
    (drawn, units)
}

/// For how many of these it is the host's turn.
fn waiting(grid: &Grid, units: &[UnitId], host: HostId) -> usize {
    units.iter().filter(|unit| turn_of(grid, **unit) == Some(host)).count()
}

/// It has four slots and twelve units: when it is late for four, it is not for those after them.
#[test]
fn whoever_was_drawn_for_many_units_is_given_the_time_for_them() {
    let mut grid = Grid::new();
    let people = people(&mut grid);
    let (drawn, units) = queue(&mut grid, &people);
    let held = grid.lease_one(drawn).replica;
    grid.request(people[2], 1);
    for left in [11, 8, 8] {
        grid.wait(Span::minutes(6));
        grid.renew(drawn, held, None);
        assert_eq!(waiting(&grid, &units, drawn), left);
    }
}

/// It computes nothing and has not come for the first one, so nobody waits for it with the others.
#[test]
fn whoever_was_drawn_and_is_gone_is_waited_for_once() {
    let mut grid = Grid::new();
    let people = people(&mut grid);
    let (drawn, units) = queue(&mut grid, &people);
    grid.request(people[2], 1);
    grid.wait(Span::minutes(9));
    assert_eq!(waiting(&grid, &units, drawn), 12);
    grid.wait(Span::minutes(2));
    assert_eq!(waiting(&grid, &units, people[2]), 12);
}
