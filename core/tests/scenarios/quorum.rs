//! Whose answer stands, and who may have a say.

use manyhands_core::host::HostState;
use manyhands_core::id::{HostId, JobId};
use manyhands_core::policy::Policy;
use manyhands_core::refusal::Refusal;
use manyhands_core::replica::Verdict;
use manyhands_core::reply::{Idle, Reply, Reported};
use manyhands_core::settings::Settings;
use manyhands_core::time::Span;
use manyhands_core::work_unit::{FailReason, UnitState};

use crate::grid::{Grid, app_error, quorum_of, success};

/// One host asks again and again; it never gets a second replica of a unit.
#[test]
fn a_host_cannot_vouch_for_itself() {
    let mut grid = Grid::new();
    let job = grid.job(3, quorum_of(2));
    let host = grid.host();
    let units: Vec<_> = (0..10).flat_map(|_| grid.lease(host, 1)).map(|r| r.unit).collect();
    assert_eq!(units, [job.unit(0), job.unit(1), job.unit(2)]);
    assert_eq!(grid.request(host, 1).idle, Some(Idle::NothingLeft));
}

/// Neither do several hosts of one volunteer, whatever happened to the first replica.
#[test]
fn hosts_of_one_volunteer_count_once() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let hosts = [grid.host_of("mallory"), grid.host_of("mallory"), grid.host_of("mallory")];
    let replica = grid.lease_one(hosts[0]).replica;
    for host in hosts {
        assert_eq!(grid.request(host, 5).leases, []);
    }
    grid.wait(Span::hours(1));
    assert_eq!(grid.take_aborts(), [(hosts[0], vec![replica])]);
    for host in hosts {
        assert_eq!(grid.request(host, 5).idle, Some(Idle::NothingLeft));
    }
    let other = grid.host();
    assert_eq!(grid.lease(other, 5), [job.unit(0).replica(1)]);
}

/// Two answers differ; a third decides, and the liar's is found invalid.
#[test]
fn a_third_replica_decides() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let (alice, mallory, bob) = (grid.host(), grid.host(), grid.host());
    answer(&mut grid, alice, "42");
    answer(&mut grid, mallory, "43");
    assert_eq!(grid.assimilate(), []);
    answer(&mut grid, bob, "42");
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    let unit = grid.unit_row(job.unit(0));
    let verdicts: Vec<_> = unit.replicas.iter().filter_map(|r| r.verdict()).collect();
    assert_eq!(verdicts, [Verdict::Valid, Verdict::Invalid, Verdict::Valid]);
    assert_eq!(grid.host_row(mallory).counters.invalid, 1);
    assert_eq!(grid.host_row(bob).counters.valid, 1);
}

/// Nobody agrees with anybody: the unit fails, and nobody is blamed.
#[test]
fn a_unit_without_agreement_fails() {
    let mut grid = Grid::new();
    let job = grid.job(1, Policy { replicas_max: 3, ..quorum_of(2) });
    let hosts = [grid.host(), grid.host(), grid.host()];
    for (host, text) in hosts.into_iter().zip(["1", "2", "3"]) {
        answer(&mut grid, host, text);
    }
    let reason = FailReason::NoAgreement { replicas: 3, answers: 3 };
    assert_eq!(grid.unit_row(job.unit(0)).state, UnitState::Failed { reason });
    assert!(grid.job_row(job).is_ended());
    assert!(hosts.iter().all(|host| grid.host_row(*host).counters.invalid == 0));
}

/// A quorum may also agree that the program fails; then the unit says so in the program's words.
#[test]
fn a_quorum_of_equal_app_errors_fails_the_unit() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let (alice, mallory, bob) = (grid.host(), grid.host(), grid.host());
    for (host, outcome) in [
        (alice, app_error("division by zero")),
        (mallory, success("0")),
        (bob, app_error("division by zero")),
    ] {
        let replica = grid.lease_one(host).replica;
        assert_eq!(grid.report(host, replica, outcome), Reported::Accepted);
    }
    let unit = grid.unit_row(job.unit(0));
    let reason = FailReason::App { message: "division by zero".to_owned() };
    assert_eq!(unit.state, UnitState::Failed { reason });
    assert_eq!(unit.replicas[1].verdict(), Some(Verdict::Invalid));
    assert_eq!(grid.host_row(alice).counters.valid, 1);
}

/// A host that lied three times gets no more work; its leases go to others, and what it said of
/// units that are still open does not count.
#[test]
fn a_liar_is_suspended() {
    let mut grid = Grid::with(Settings { open_enrolment: true, ..Settings::default() });
    let job = grid.job(5, quorum_of(2));
    let (mallory, alice, bob) = (grid.host(), grid.host(), grid.host());
    let lies = grid.lease(mallory, 5);
    for replica in &lies[..4] {
        grid.answer(mallory, *replica, "lie");
    }
    for host in [alice, bob] {
        for replica in grid.lease(host, 3) {
            grid.answer(host, replica, "truth");
        }
    }
    assert_eq!(grid.assimilate().len(), 3);
    let (suspended_at, until) = (grid.now, Some(grid.now.plus(Span::hours(1))));
    let unit = Some(job.unit(2));
    let state = HostState::Suspended { suspended_at, until, unit };
    assert_eq!(grid.host_row(mallory).state, state);
    assert_eq!(grid.take_aborts(), [(mallory, vec![lies[4]])]);
    let refusal = Refusal::HostSuspended { host: mallory, invalid: 3, rest: Some(Span::hours(1)) };
    let again = grid.report(mallory, lies[4], success("lie"));
    assert_eq!(again, Reported::Refused(refusal));
    grid.wait(Span(1));
    assert_eq!(grid.take_aborts(), [(mallory, vec![lies[4]])]);
    assert_eq!(grid.host_row(mallory).leases, []);
    assert_eq!(grid.host_row(mallory).counters.expired, 0);

    // The fourth lie waits for a partner. A colluding one comes, and it is not enough.
    let partner = grid.host();
    for replica in grid.lease(partner, 2) {
        grid.answer(partner, replica, "lie");
    }
    assert_eq!(grid.assimilate(), []);
    for host in [alice, bob] {
        for replica in grid.lease(host, 2) {
            grid.answer(host, replica, "truth");
        }
    }
    assert_eq!(grid.assimilate(), [job.unit(3), job.unit(4)]);
    let reply = grid.tell(grid.wish(mallory, 1));
    // Two gave the same lie, so it was no fault.
    let rest = None;
    assert_eq!(reply, Reply::Refused(Refusal::HostSuspended { host: mallory, invalid: 3, rest }));
}

/// A replica that is not needed any more is taken back.
#[test]
fn a_superfluous_replica_is_aborted() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let (slow, alice, bob) = (grid.host(), grid.host(), grid.host());
    let late = grid.lease_one(slow).replica;
    grid.wait(Span::minutes(11));
    assert_eq!(grid.take_aborts(), [(slow, vec![late])]);
    answer(&mut grid, alice, "42");
    let third = grid.lease_one(bob).replica;
    grid.answer(slow, late, "42");
    assert_eq!(grid.take_aborts(), [(bob, vec![third])]);
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    let refused = grid.report(bob, third, success("42"));
    assert_eq!(refused, Reported::Refused(Refusal::LeaseExpired(third)));
}

/// Votes for unit 0 of the only job.
fn answer(grid: &mut Grid, host: HostId, text: &str) {
    let replica = grid.lease_one(host).replica;
    assert_eq!(replica.unit, JobId(1).unit(0));
    grid.answer(host, replica, text);
}

/// A request looks at a bounded number of units. A host that finds nothing among them is told that
/// there are more, and comes to all that it may have by asking again, though nobody calls for it.
#[test]
fn work_behind_the_units_of_others_is_found_by_asking_again() {
    let mut grid = Grid::new();
    grid.job(900, quorum_of(3));
    let [first, second] = [(); 2].map(|()| grid.host());
    assert_eq!(grid.lease(first, 870).len(), 870);
    assert_eq!(grid.lease(second, 900).len(), 900);
    // The first 870 units want a third volunteer; only the 30 behind them are for the first host.
    let mut found = 0;
    for _ in 0..300 {
        let leased = grid.request(first, 30);
        assert_eq!(leased.idle.is_some(), leased.leases.is_empty());
        assert!(leased.idle.is_none_or(|idle| idle == Idle::NotAllSeen), "{:?}", leased.idle);
        found += leased.leases.len();
        if found == 30 {
            return;
        }
    }
    panic!("{found} of 30 units were found");
}
