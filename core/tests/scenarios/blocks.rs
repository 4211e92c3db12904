//! No address block dominates: the hosts of one public block count as one volunteer, wherever
//! different people are wanted.

use manyhands_core::block::Block;
use manyhands_core::id::HostId;
use manyhands_core::policy::Policy;
use manyhands_core::query::{self, Answer, Query, Subject};
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::{Idle, Reply};
use manyhands_core::time::Span;
use manyhands_core::trust::{Confidence, Plan};
use manyhands_core::work_unit::{Test, UnitState};

use crate::grid::{Grid, draft, quorum_of, submission, success};

/// A rented rack, and somebody else's place.
const RACK: Block = Block::V4([203, 0, 113]);
const HOME: Block = Block::V4([198, 51, 100]);

/// Audits 4, probation 10, lead 2, founders 8.
const CONFIDENCE: Confidence =
    Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };

fn sure() -> Policy {
    Policy { confidence: Some(CONFIDENCE), ..Policy::default() }
}

fn why(grid: &Grid, subject: Subject) -> String {
    match query::ask(&grid.store, &Query::Why(subject), grid.now).unwrap() {
        Answer::Why(why) => why,
        other => panic!("{other:?}"),
    }
}

/// Ten volunteers in one rack are one voice, however often they ask.
#[test]
fn a_rack_cannot_confirm_itself() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let rack: Vec<HostId> = (0..10).map(|_| grid.host_in(RACK)).collect();
    let first = grid.lease_one(rack[0]);
    grid.answer(rack[0], first.replica, "lie");
    for host in &rack {
        assert_eq!(grid.request(*host, 1).idle, Some(Idle::NothingLeft));
    }
    assert_eq!(grid.unit_row(job.unit(0)).state, UnitState::Open);
    assert_eq!(
        why(&grid, Subject::Unit(job.unit(0))),
        "unit 1/0 wants another volunteer's replica; no host may have it: 1 of volunteers who had \
         it, 9 in the public address block of one who had it (see `own_networks`)"
    );
    for text in ["truth", "truth"] {
        let honest = grid.host();
        let lease = grid.lease_one(honest);
        grid.answer(honest, lease.replica, text);
    }
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    assert_eq!(grid.host_row(rack[0]).counters.invalid, 1);
}

/// A lab behind its coordinator has no public addresses: everybody counts for themselves.
#[test]
fn an_own_network_is_no_block() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    for host in [grid.host(), grid.host()] {
        let lease = grid.lease_one(host);
        grid.answer(host, lease.replica, "42");
    }
    assert_eq!(grid.assimilate(), [job.unit(0)]);
}

/// Moving makes two of nobody: a voice keeps the block from which it was given, and the host that
/// moved is in the new one.
#[test]
fn a_host_that_moves_takes_nothing_with_it() {
    let mut grid = Grid::new();
    grid.job(2, quorum_of(2));
    let (mover, neighbour, other) = (grid.host_in(RACK), grid.host_in(RACK), grid.host_in(HOME));
    let first = grid.lease_one(mover);
    grid.blocks.insert(mover, HOME);
    let second = grid.lease_one(mover);
    assert_ne!(first.replica.unit, second.replica.unit);
    assert_eq!(grid.host_row(mover).block, Some(HOME));
    assert_eq!(grid.lease_one(neighbour).replica.unit, second.replica.unit);
    assert_eq!(grid.lease_one(other).replica.unit, first.replica.unit);
}

/// It was drawn at home and comes from the rack of the one whom it is to check: it does not get the
/// unit, and the lot falls again.
#[test]
fn whoever_was_drawn_and_has_moved_next_door_does_not_check() {
    let mut grid = Grid::new();
    let plan = Plan::new(&CONFIDENCE);
    let people: Vec<HostId> =
        (0..plan.founders() + 2).map(|_| grid.host_of_standing(plan.probation)).collect();
    let suspect = people[0];
    grid.blocks.insert(suspect, RACK);
    // So few answers that each is audited.
    let job = grid.job(1, sure());
    let lease = grid.lease_one(suspect);
    grid.answer(suspect, lease.replica, "42");
    let unit = lease.replica.unit;
    grid.wait(Span(0));
    let drawn = grid.unit_row(unit).turn.and_then(|turn| turn.host).unwrap();
    assert_ne!(drawn, suspect);
    grid.blocks.insert(drawn, RACK);
    let got = grid.request(drawn, 9).leases;
    assert!(got.iter().all(|lease| lease.replica.unit != unit), "{got:?}");
    grid.wait(grid.job_row(job).policy.lease_ms);
    let next = grid.unit_row(unit).turn.and_then(|turn| turn.host).unwrap();
    assert!(next != drawn && next != suspect);
    let lease = grid.request(next, 1).leases.pop().unwrap();
    assert_eq!(lease.replica.unit, unit);
    assert_eq!(grid.unit_row(unit).test, Test::Sample);
}

/// While everybody has a voice, a rack has one of them on each unit.
#[test]
fn a_rack_founds_nothing_alone() {
    let mut grid = Grid::new();
    let rack: Vec<HostId> = (0..20).map(|_| grid.host_in(RACK)).collect();
    let refused = grid.tell(submission(draft("in one rack", 5, sure())));
    let refusal = Refusal::TooFewVolunteers { needed: 2, present: 1, volunteers: 20 };
    assert_eq!(refused, Reply::Refused(refusal.clone()));
    assert_eq!(
        refusal.to_string(),
        "confidence: the job needs answers of 2 different volunteers to each of its first units, and \
         hosts of 1 are here, because 20 volunteers share public address blocks, and each block \
         counts as one unless the coordinator lists it in `own_networks`; invite more, or ask for \
         less"
    );
    grid.host();
    let job = grid.job(5, sure());
    for host in &rack {
        for lease in grid.request(*host, 9).leases {
            grid.report(*host, lease.replica, success("lie"));
        }
    }
    for index in 0..5 {
        let unit = grid.unit_row(job.unit(index));
        assert_eq!((unit.replicas.len(), &unit.state), (1, &UnitState::Open));
    }
}
