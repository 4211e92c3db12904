//! What work earns.

use manyhands_core::credit::{MICRO_CREDITS_PER_MS_MAX, MicroCredits, WORK_PER_MICRO_CREDIT};
use manyhands_core::id::{HostId, ReplicaId};
use manyhands_core::ledger::{Entry, Head, Kind};
use manyhands_core::query::{Answer, Query};
use manyhands_core::refusal::Refusal;
use manyhands_core::replica::Usage;
use manyhands_core::reply::Reported;
use manyhands_core::time::Span;

use crate::grid::{Grid, quorum_of, success_with};

const CREDIT: u64 = WORK_PER_MICRO_CREDIT;

fn report(grid: &mut Grid, host: HostId, text: &str, cpu_ms: u64, work: u64) -> ReplicaId {
    let replica = grid.lease_one(host).replica;
    let usage = Usage { cpu_ms, work, ..Usage::default() };
    assert_eq!(grid.report(host, replica, success_with(text, usage)), Reported::Accepted);
    replica
}

fn earned<const N: usize>(grid: &mut Grid, hosts: [HostId; N]) -> [u64; N] {
    hosts.map(|host| grid.host_row(host).credit.0)
}

/// Every valid replica earns what its work is worth, however long its host took; an invalid one earns
/// nothing.
#[test]
fn valid_replicas_earn_their_work() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let hosts = [grid.host(), grid.host(), grid.host()];
    for (host, (text, cpu_ms)) in hosts.into_iter().zip([("42", 3_000), ("43", 9_000), ("42", 1)]) {
        report(&mut grid, host, text, cpu_ms, 1_000 * CREDIT);
    }
    grid.assimilate();
    let entry = |number, host| Entry {
        kind: Kind::Grant,
        replica: job.unit(0).replica(number),
        host,
        volunteer: grid.host_row(host).volunteer,
        amount: MicroCredits(1_000),
        at: grid.now,
    };
    let mut head = Head::EMPTY;
    let rows = [entry(0, hosts[0]), entry(2, hosts[2])].map(|entry| head.append(entry)).to_vec();
    assert_eq!(grid.ask(&Query::Ledger { skip: 0, limit: 10 }), Answer::Ledger(rows));
    assert_eq!(earned(&mut grid, hosts), [1_000, 0, 1_000]);
}

/// Mallory's answer is right, but she says that it was ten times the work. So she agrees with nobody, and
/// earns nothing.
#[test]
fn a_host_that_inflates_its_work_has_no_quorum() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let [mallory, alice, bob] = [grid.host(), grid.host(), grid.host()];
    report(&mut grid, mallory, "42", 10_000, 10_000 * CREDIT);
    report(&mut grid, alice, "42", 1_000, 1_000 * CREDIT);
    assert!(grid.unit_row(job.unit(0)).canonical().is_none());
    report(&mut grid, bob, "42", 1_000, 1_000 * CREDIT);
    grid.assimilate();
    assert_eq!(earned(&mut grid, [mallory, alice, bob]), [0, 1_000, 1_000]);
    assert_eq!(grid.host_row(mallory).counters.invalid, 1);
}

/// The same answer with another count is another report.
#[test]
fn a_report_cannot_be_sent_again_with_more_work() {
    let mut grid = Grid::new();
    grid.job(1, quorum_of(2));
    let host = grid.host();
    let replica = report(&mut grid, host, "42", 1_000, 1_000 * CREDIT);
    for (work, expected) in [
        (1_000 * CREDIT, Reported::Duplicate),
        (1_001 * CREDIT, Reported::Refused(Refusal::ReportedDifferently(replica))),
    ] {
        let usage = Usage { work, ..Usage::default() };
        assert_eq!(grid.report(host, replica, success_with("42", usage)), expected);
    }
}

/// A unit that nobody else computes bears no check, so its claim is bounded by the time that the job allows.
#[test]
fn claims_are_bounded_by_the_policy() {
    let mut grid = Grid::new();
    let cpu_ms_max = Span(5_000);
    grid.job(1, manyhands_core::policy::Policy { cpu_ms_max, ..quorum_of(1) });
    let host = grid.host();
    report(&mut grid, host, "42", 1, u64::MAX);
    grid.assimilate();
    assert_eq!(earned(&mut grid, [host]), [5_000 * MICRO_CREDITS_PER_MS_MAX]);
}
