//! Machines that are there only now and then get what they are likely to end in time.

use manyhands_core::id::{HostId, JobId};
use manyhands_core::manifest::{AppVersion, Draft};
use manyhands_core::outlook::Outlook;
use manyhands_core::policy::Policy;
use manyhands_core::replica::Usage;
use manyhands_core::reply::{Idle, Reply};
use manyhands_core::requirement::Kind;
use manyhands_core::time::Span;

use crate::grid::{Grid, draft, submission, success_with};

/// Three hours of each day, in one go.
const EVENINGS: Outlook = Outlook { available_ppm: 125_000, stretch: Some(Span::hours(3)) };

/// Ten units that each have two days.
fn job(grid: &mut Grid, name: &str, kind: Kind) -> JobId {
    let policy = Policy { quorum: 1, deadline_ms: Span::hours(48), ..Policy::default() };
    let draft = draft(name, 10, policy);
    let app = AppVersion { kind, ..draft.app };
    match grid.tell(submission(Draft { app, ..draft })) {
        Reply::Submitted { job, .. } => job,
        other => panic!("{other:?}"),
    }
}

/// The host computes a unit, which takes so long.
fn compute(grid: &mut Grid, host: HostId, run: Span) {
    let replica = grid.lease_one(host).replica;
    let usage = Usage { cpu_ms: run.0, work: 1, ..Usage::default() };
    grid.report(host, replica, success_with("42", usage));
    grid.assimilate();
}

#[test]
fn a_unit_that_would_not_end_before_its_deadline_goes_to_others() {
    let mut grid = Grid::new();
    let (always, evenings) = (grid.host(), grid.host());
    job(&mut grid, "long", Kind::Step);
    assert_eq!(grid.request_with(evenings, 1, EVENINGS).leases.len(), 1, "nothing is known yet");
    compute(&mut grid, always, Span::hours(7));
    let refused = grid.request_with(evenings, 1, EVENINGS);
    assert_eq!((refused.leases.len(), refused.idle), (0, Some(Idle::TooLong)));
    assert_eq!(grid.request(always, 1).leases.len(), 1);
}

#[test]
fn what_can_be_resumed_may_take_several_stretches_and_what_cannot_may_not() {
    for (kind, granted) in [(Kind::Step, 1), (Kind::Command, 0)] {
        let mut grid = Grid::new();
        let (always, evenings) = (grid.host(), grid.host());
        job(&mut grid, "four hours", kind);
        compute(&mut grid, always, Span::hours(4));
        let leased = grid.request_with(evenings, 1, EVENINGS);
        assert_eq!(leased.leases.len(), granted, "{kind}");
    }
}

#[test]
fn short_units_of_another_job_are_leased_instead() {
    let mut grid = Grid::new();
    let (always, evenings) = (grid.host(), grid.host());
    job(&mut grid, "long", Kind::Command);
    compute(&mut grid, always, Span::hours(20));
    let short = job(&mut grid, "short", Kind::Command);
    let leased = grid.request_with(evenings, 4, EVENINGS).leases;
    assert_eq!(leased.len(), 4);
    assert!(leased.iter().all(|lease| lease.replica.unit.job == short), "{leased:?}");
}

#[test]
fn a_coordinator_that_was_started_anew_learns_anew() {
    let mut grid = Grid::new();
    let (always, evenings) = (grid.host(), grid.host());
    job(&mut grid, "long", Kind::Command);
    compute(&mut grid, always, Span::hours(20));
    assert_eq!(grid.request_with(evenings, 1, EVENINGS).leases.len(), 0);
    grid.restart();
    assert_eq!(grid.request_with(evenings, 1, EVENINGS).leases.len(), 1);
}
