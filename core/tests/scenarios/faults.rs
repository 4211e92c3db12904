//! Machines that go away, break, or come late.

use manyhands_core::command::{Command, Outcome, ReplicaReport, Report};
use manyhands_core::effect::Effect;
use manyhands_core::policy::Policy;
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::{Idle, Renewed, Reply, Reported};
use manyhands_core::time::Span;
use manyhands_core::work_unit::{FailReason, UnitState};

use crate::grid::{Grid, host_error, quorum_of, success};

/// A host is never heard of again: after its lease somebody else gets the unit, with a pause.
#[test]
fn a_lease_that_is_not_renewed_expires() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(1));
    let (alice, bob) = (grid.host(), grid.host());
    let lost = grid.lease_one(alice).replica;
    grid.take_effects();
    grid.wait(Span(599_999));
    assert_eq!(grid.take_effects(), []);
    grid.wait(Span(1));
    let replicas = vec![lost];
    assert_eq!(grid.take_effects(), [Effect::Abort { host: alice, replicas }]);
    assert_eq!(grid.host_row(alice).counters.expired, 1);
    assert_eq!(grid.request(bob, 1).idle, Some(Idle::NothingLeft), "it pauses");
    grid.wait(Span::seconds(1));
    assert_eq!(grid.take_effects(), [Effect::WorkReady { job, count: 1 }]);
    assert_eq!(grid.lease(bob, 1), [job.unit(0).replica(1)]);
}

/// Heartbeats keep a lease, but not beyond its hard deadline.
#[test]
fn renewals_last_until_the_hard_deadline() {
    let mut grid = Grid::new();
    let deadline_ms = Span::minutes(25);
    grid.job(1, Policy { deadline_ms, ..quorum_of(1) });
    let host = grid.host();
    let lease = grid.lease_one(host);
    assert_eq!(lease.hard_deadline_at, grid.now.plus(deadline_ms));
    for minutes in [9, 18] {
        grid.wait(Span::minutes(9));
        let until = lease.deadline_at.plus(Span::minutes(minutes)).min(lease.hard_deadline_at);
        assert_eq!(grid.renew(host, lease.replica, None), Renewed::Until(until));
    }
    assert_eq!(grid.host_row(host).leases[0].progress_ppm, 500_000);
    grid.wait(Span::minutes(7));
    assert_eq!(grid.take_aborts(), [(host, vec![lease.replica])]);
    let lost = Renewed::Lost(Refusal::LeaseExpired(lease.replica));
    assert_eq!(grid.renew(host, lease.replica, None), lost);
}

/// A laptop wakes up and reports what everybody had given up: it counts if it is still needed.
#[test]
fn a_late_report_counts_while_the_unit_is_open() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(1));
    let (late, quick) = (grid.host(), grid.host());
    let lost = grid.lease(late, 2);
    grid.wait(Span::hours(1));
    grid.take_aborts();
    let again = grid.lease_one(quick).replica;
    assert_eq!(again.unit, job.unit(0));
    grid.answer(quick, again, "0");
    let refused = Reported::Refused(Refusal::LeaseExpired(lost[0]));
    assert_eq!(grid.report(late, lost[0], success("0")), refused);
    grid.answer(late, lost[1], "1");
    assert_eq!(grid.assimilate(), [job.unit(0), job.unit(1)]);
}

/// A broken machine is not the unit's fault; but what breaks all machines is given up in the end.
#[test]
fn a_host_error_is_tried_elsewhere_up_to_a_bound() {
    let mut grid = Grid::new();
    let job = grid.job(1, Policy { replicas_max: 3, ..quorum_of(1) });
    for message in ["disk full", "out of memory", "engine crashed"] {
        let host = grid.host();
        let replica = grid.lease_one(host).replica;
        assert_eq!(grid.report(host, replica, host_error(message)), Reported::Accepted);
        assert_eq!(grid.host_row(host).counters.error, 1);
        grid.wait(Span::minutes(5));
    }
    let message = "engine crashed".to_owned();
    let reason = FailReason::TooManyTries { replicas: 3, message };
    assert_eq!(grid.unit_row(job.unit(0)).state, UnitState::Failed { reason });
    assert!(grid.job_row(job).is_ended());
}

/// A host that leaves in good order costs the unit no time.
#[test]
fn an_aborted_replica_is_replaced_at_once() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(1));
    let (leaving, next) = (grid.host(), grid.host());
    let replica = grid.lease_one(leaving).replica;
    assert_eq!(grid.report(leaving, replica, Outcome::Aborted), Reported::Accepted);
    assert_eq!(grid.lease(next, 1), [job.unit(0).replica(1)]);
}

/// The reply to a report is lost, so the host reports again; also within one batch.
#[test]
fn reporting_twice_counts_once() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(2));
    let host = grid.host();
    let replicas = grid.lease(host, 2);
    grid.answer(host, replicas[0], "42");
    assert_eq!(grid.report(host, replicas[0], success("42")), Reported::Duplicate);
    let differently = Refusal::ReportedDifferently(replicas[0]);
    let changed = grid.report(host, replicas[0], success("43"));
    assert_eq!(changed, Reported::Refused(differently));

    let report = ReplicaReport::unsigned(replicas[1], success("42"));
    let reports = vec![report.clone(), report];
    let reply = grid.tell(Command::Report(Report { host, reports }));
    assert_eq!(reply, Reply::Reported(vec![Reported::Accepted, Reported::Duplicate]));
    assert_eq!(grid.job_row(job).tally.leased, 2);
    assert_eq!(grid.host_row(host).leases, []);
}

/// Units that one volunteer cannot take never hide the rest from them.
#[test]
fn foreign_units_do_not_starve_a_volunteer() {
    let mut grid = Grid::new();
    grid.job(1_000, quorum_of(2));
    let (greedy, other) = (grid.host(), grid.host());
    let own = grid.lease(greedy, 900);
    assert_eq!(own.len(), 900);
    assert_eq!(grid.lease(other, 1).len(), 1);
    // The first 900 ready units are the greedy one's own; 100 fresh ones are found behind them.
    let fresh = grid.lease(greedy, 100);
    assert_eq!(fresh.len(), 100);
    for replica in &fresh {
        grid.answer(greedy, *replica, "42");
    }
    assert_eq!(grid.lease(other, 1_000).len(), 999);
}

/// Two machines are lost together, so the unit wants two others: each of them is called.
#[test]
fn every_replica_that_a_unit_wants_is_announced() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    for _ in 0..2 {
        let lost = grid.host();
        grid.lease_one(lost);
    }
    grid.wait(Span::minutes(10));
    assert_eq!(grid.take_aborts().len(), 2);
    grid.take_effects();
    grid.wait(Span::seconds(2));
    let one = [Effect::WorkReady { job, count: 1 }];
    assert_eq!(grid.take_effects(), one, "the unit's pause is over");
    let next = grid.host();
    grid.lease_one(next);
    assert_eq!(grid.take_effects(), one, "it wants another one still");
    let last = grid.host();
    grid.lease_one(last);
    assert_eq!(grid.take_effects(), []);
}

/// A host was cut off for longer than its lease and computes still: it goes on, unless somebody
/// else took the unit up.
#[test]
fn a_late_renewal_gives_the_lease_back() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(1));
    let (cut_off, quick) = (grid.host(), grid.host());
    let leases = grid.request(cut_off, 2).leases;
    grid.wait(Span::hours(1));
    grid.take_aborts();
    let taken = grid.lease_one(quick).replica;
    assert_eq!(taken, job.unit(0).replica(1));

    let [gone, kept] = [leases[0], leases[1]];
    let lost = Renewed::Lost(Refusal::LeaseExpired(gone.replica));
    assert_eq!(grid.renew(cut_off, gone.replica, None), lost);
    let until = Renewed::Until(grid.now.plus(Span::minutes(10)));
    assert_eq!(grid.renew(cut_off, kept.replica, None), until);
    assert_eq!(grid.host_row(cut_off).leases[0].hard_deadline_at, kept.hard_deadline_at);
    assert_eq!(grid.request(quick, 5).idle, Some(Idle::NothingLeft), "nobody else gets it");

    // It ends like any other lease.
    grid.wait(Span::minutes(10));
    assert_eq!(grid.take_aborts().len(), 2);
    assert_eq!(grid.host_row(cut_off).leases, []);
    assert_eq!(
        grid.renew(cut_off, kept.replica, None),
        Renewed::Until(grid.now.plus(Span::minutes(10)))
    );
    grid.answer(cut_off, kept.replica, "1");
    assert_eq!(grid.assimilate(), [job.unit(1)]);
}

/// The hard deadline holds for a lease that was given back too, and a job that is taken back gives
/// nothing back.
#[test]
fn a_lease_does_not_come_back_after_its_end() {
    let mut grid = Grid::new();
    let deadline_ms = Span::minutes(25);
    let job = grid.job(1, Policy { deadline_ms, ..quorum_of(1) });
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    let lost = Renewed::Lost(Refusal::LeaseExpired(replica));
    grid.wait(Span::minutes(24));
    let until = Renewed::Until(grid.now.plus(Span::minutes(1)));
    assert_eq!(grid.renew(host, replica, None), until);
    grid.wait(Span::minutes(1));
    assert_eq!(grid.renew(host, replica, None), lost);
    assert_eq!(grid.take_aborts().len(), 2);

    grid.wait(Span::seconds(5));
    let other = grid.host();
    let replica = grid.lease_one(other).replica;
    grid.wait(Span::minutes(11));
    grid.take_aborts();
    grid.cancel(job);
    let lost = Renewed::Lost(Refusal::LeaseExpired(replica));
    assert_eq!(grid.renew(other, replica, None), lost);
    grid.wait(Span(1));
}

/// A volunteer who had a hand in every unit of many jobs still finds the one unit of the last job
/// that others began.
#[test]
fn many_foreign_jobs_do_not_starve_a_volunteer() {
    let mut grid = Grid::new();
    let (greedy, other) = (grid.host(), grid.host());
    let last = grid.job(1, quorum_of(2));
    grid.lease_one(other);
    for _ in 0..50 {
        grid.job(10, Policy { priority: 1, ..quorum_of(2) });
    }
    assert_eq!(grid.lease(greedy, 500).len(), 500);
    assert_eq!(grid.lease(greedy, 100), [last.unit(0).replica(1)]);
}

/// The machine's clock is set back: who waits for a unit still hears that its pause is over.
#[test]
fn a_clock_set_back_loses_no_call() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(1));
    let start = grid.now;
    grid.wait(Span::hours(2));
    grid.tell(Command::Expire);
    grid.now = start;
    grid.tell(Command::Expire);
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    grid.report(host, replica, host_error("disk full"));
    grid.take_effects();
    grid.wait(Span::seconds(2));
    assert_eq!(grid.take_effects(), [Effect::WorkReady { job, count: 1 }]);
}

/// More hosts are lost at once than one `Expire` looks at.
#[test]
fn a_lost_room_of_hosts_is_given_up_piece_by_piece() {
    let mut grid = Grid::new();
    grid.job(250, quorum_of(1));
    for _ in 0..250 {
        let host = grid.host();
        grid.lease_one(host);
    }
    grid.wait(Span::minutes(10));
    assert_eq!(grid.take_aborts().len(), 250);
}
