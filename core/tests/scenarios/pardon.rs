//! The operator lets a suspended host on again: it begins anew, and gets back what others confirm.

use manyhands_core::command::{Command, Pardon};
use manyhands_core::credit::MicroCredits;
use manyhands_core::host::{HostState, Pardoned};
use manyhands_core::id::HostId;
use manyhands_core::limits::REASON_BYTES_MAX;
use manyhands_core::policy::Policy;
use manyhands_core::query::{self, Answer, Query, Subject};
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::{Idle, Reply};
use manyhands_core::time::Span;
use manyhands_core::trust::{Confidence, Plan};

use crate::grid::{Grid, quorum_of};

fn pardon(grid: &mut Grid, host: HostId, reason: &str) -> Reply {
    grid.tell(Command::Pardon(Pardon { host, reason: reason.to_owned() }))
}

fn says(grid: &mut Grid, host: HostId, text: &str) {
    let lease = grid.lease_one(host);
    grid.answer(host, lease.replica, text);
}

/// Three wrong answers, each of its own kind, as a bad memory module gives them.
fn suspend(grid: &mut Grid, host: HostId, others: [HostId; 2]) {
    for text in ["x", "y", "z"] {
        grid.job(1, quorum_of(2));
        says(grid, host, text);
        others.into_iter().for_each(|other| says(grid, other, "truth"));
        assert_eq!(grid.assimilate().len(), 1);
    }
    assert!(matches!(grid.host_row(host).state, HostState::Suspended { until: Some(_), .. }));
}

/// Two answers vouched for by a host that is suspended then: both are computed again. One of them is
/// confirmed before the pardon and the other one after it, and both are paid again; the wrong ones are
/// not.
#[test]
fn what_others_confirm_is_paid_again() {
    let mut grid = Grid::new();
    let [alice, bob, carol, dave] = std::array::from_fn(|_| grid.host());
    let before = grid.job(2, quorum_of(2));
    for host in [alice, bob] {
        for replica in grid.lease(host, 2) {
            grid.answer(host, replica, "truth");
        }
    }
    assert_eq!(grid.assimilate().len(), 2);
    let earned = grid.host_row(alice).credit;
    assert!(earned > MicroCredits(0));
    suspend(&mut grid, alice, [bob, carol]);
    grid.wait(Span(0));
    assert_eq!(grid.host_row(alice).credit, MicroCredits(0));
    says(&mut grid, carol, "truth");
    assert_eq!(grid.host_row(alice).credit, MicroCredits(0), "nobody pardoned it yet");

    assert_eq!(pardon(&mut grid, alice, "memory replaced"), Reply::Pardoned);
    grid.wait(Span(0));
    let half = MicroCredits(earned.0 / 2);
    assert_eq!(grid.host_row(alice).credit, half);
    says(&mut grid, dave, "truth");
    assert_eq!(grid.host_row(alice).credit, earned);
    assert_eq!(grid.assimilate(), [before.unit(0), before.unit(1)]);

    let row = grid.host_row(alice);
    assert_eq!((row.state, row.standing.compared), (HostState::Active, 0));
    assert_eq!((row.standing.life, row.standing.pardoned), (1, 1));
    let pardoned = Pardoned { at: grid.now, reason: "memory replaced".to_owned() };
    assert_eq!(row.pardoned.as_deref(), Some(&pardoned));
    grid.restart();
    grid.wait(Span(0));
    assert_eq!(grid.host_row(alice).credit, earned, "no answer is paid twice");
}

/// What nobody computes again, nobody can confirm.
#[test]
fn answers_to_a_cancelled_job_are_not_paid_again() {
    let mut grid = Grid::new();
    let [alice, bob, carol] = std::array::from_fn(|_| grid.host());
    let job = grid.job(2, quorum_of(2));
    for host in [alice, bob] {
        says(&mut grid, host, "truth");
    }
    assert_eq!(grid.assimilate().len(), 1);
    grid.cancel(job);
    grid.wait(Span(0));
    suspend(&mut grid, alice, [bob, carol]);
    grid.wait(Span(0));
    pardon(&mut grid, alice, "it was the judge");
    grid.wait(Span(0));
    assert_eq!(grid.host_row(alice).credit, MicroCredits(0));
}

/// Standing is earned again: the host is compared, not believed. The next fault is punished like a
/// first one.
#[test]
fn a_pardoned_host_is_on_probation() {
    let confidence =
        Confidence { error_ppb: 10_000_000, hostile_ppm: 100_000, colluding_ppm: 50_000 };
    let plan = Plan::new(&confidence);
    let mut grid = Grid::new();
    let alice = grid.host_of_standing(plan.probation);
    for _ in 0..plan.founders() {
        grid.host_of_standing(plan.probation);
    }
    let [bob, carol] = [grid.host(), grid.host()];
    suspend(&mut grid, alice, [bob, carol]);
    pardon(&mut grid, alice, "memory replaced");
    assert_eq!(
        query::ask(&grid.store, &Query::Why(Subject::Host(alice)), grid.now).unwrap(),
        Answer::Why(format!(
            "host {alice} gets no work: no job is open; it was pardoned 0 ms ago: memory replaced"
        ))
    );
    let job = grid.job(5, Policy { confidence: Some(confidence), ..Policy::default() });
    assert_eq!(grid.request(alice, 1).idle, Some(Idle::OnProbation));
    grid.cancel(job);
    suspend(&mut grid, alice, [bob, carol]);
    let HostState::Suspended { suspended_at, until, .. } = grid.host_row(alice).state else {
        panic!("it is suspended")
    };
    assert_eq!(until, Some(suspended_at.plus(Span::hours(1))));
}

/// Whoever told a lie together with somebody is out for good, and only the operator can tell that the
/// judges were wrong. That old answer is not held against the host again.
#[test]
fn whoever_is_out_for_good_may_be_pardoned() {
    let mut grid = Grid::new();
    let [alice, mallory, bob, carol, dave] = std::array::from_fn(|_| grid.host());
    let job = grid.job(1, quorum_of(3));
    for (host, text) in [(alice, "odd"), (mallory, "odd"), (bob, "x"), (carol, "x"), (dave, "x")] {
        says(&mut grid, host, text);
    }
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    assert!(matches!(grid.host_row(alice).state, HostState::Suspended { until: None, .. }));
    assert_eq!(pardon(&mut grid, alice, "a broken engine"), Reply::Pardoned);
    grid.wait(Span(0));
    let row = grid.host_row(alice);
    assert_eq!((row.state, row.credit), (HostState::Active, MicroCredits(0)));
    assert!(!grid.host_row(mallory).is_active());
}

#[test]
fn a_pardon_that_makes_no_sense_is_refused() {
    let mut grid = Grid::new();
    let [alice, bob, carol] = std::array::from_fn(|_| grid.host());
    let nobody = HostId(99);
    let refused = pardon(&mut grid, nobody, "why not");
    assert_eq!(refused, Reply::Refused(Refusal::UnknownHost(nobody)));
    let refused = pardon(&mut grid, alice, "why not");
    assert_eq!(refused, Reply::Refused(Refusal::NotSuspended(alice)));
    assert_eq!(
        Refusal::NotSuspended(alice).to_string(),
        "host 1 is not suspended: there is nothing to pardon"
    );
    suspend(&mut grid, alice, [bob, carol]);
    let text = Refusal::Text { field: "reason", max: REASON_BYTES_MAX };
    for reason in ["", "two\nlines", &"x".repeat(REASON_BYTES_MAX + 1)] {
        assert_eq!(pardon(&mut grid, alice, reason), Reply::Refused(text.clone()));
    }
}
