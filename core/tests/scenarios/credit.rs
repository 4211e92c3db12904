//! What work earns.

use manyhands_core::credit::{LedgerRow, MicroCredits};
use manyhands_core::query::{Answer, Query};
use manyhands_core::reply::Reported;
use manyhands_core::time::Span;

use crate::grid::{Grid, quorum_of, success_in};

/// Every valid replica earns the smallest claim; an invalid one earns nothing.
#[test]
fn valid_replicas_earn_the_smallest_claim() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let hosts = [grid.host(), grid.host(), grid.host()];
    let replicas = [("42", 3_000), ("43", 9_000), ("42", 1_000)];
    for (host, (text, cpu_ms)) in hosts.into_iter().zip(replicas) {
        let replica = grid.lease_one(host).replica;
        assert_eq!(grid.report(host, replica, success_in(text, cpu_ms)), Reported::Accepted);
    }
    grid.assimilate();
    let row = |number, host, claim| LedgerRow {
        replica: job.unit(0).replica(number),
        host,
        volunteer: grid.host_row(host).volunteer,
        claim: MicroCredits(claim),
        grant: MicroCredits(1_000),
        granted_at: grid.now,
    };
    let rows = vec![row(0, hosts[0], 3_000), row(2, hosts[2], 1_000)];
    assert_eq!(grid.ask(&Query::Ledger { skip: 0, limit: 10 }), Answer::Ledger(rows));
    let earned = hosts.map(|host| grid.host_row(host).credit.0);
    assert_eq!(earned, [1_000, 0, 1_000]);
}

/// Nobody can claim more time than the job allows a replica.
#[test]
fn claims_are_bounded_by_the_policy() {
    let mut grid = Grid::new();
    let cpu_ms_max = Span(5_000);
    grid.job(1, manyhands_core::policy::Policy { cpu_ms_max, ..quorum_of(1) });
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    grid.report(host, replica, success_in("42", u64::MAX));
    grid.assimilate();
    assert_eq!(grid.host_row(host).credit, MicroCredits(5_000));
}
