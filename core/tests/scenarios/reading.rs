//! What people are told.

use manyhands_core::id::{HostId, JobId};
use manyhands_core::policy::Policy;
use manyhands_core::query::{Answer, Query, Subject};
use manyhands_core::refusal::Refusal;
use manyhands_core::time::Span;

use crate::grid::{Grid, host_error, quorum_of};

/// The receipt of a job in which somebody lied.
#[test]
fn a_receipt_says_on_whose_word_results_rest() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(2));
    let (ada_1, ada_2, bob, eve) =
        (grid.host_of("ada"), grid.host_of("ada"), grid.host(), grid.host());
    for (host, text) in [(ada_1, "42"), (eve, "43"), (bob, "42"), (ada_2, "42")] {
        for replica in grid.lease(host, 1) {
            grid.answer(host, replica, text);
        }
    }
    grid.assimilate();
    let Answer::Receipt(receipt) = grid.ask(&Query::Receipt(job)) else { panic!("no receipt") };
    assert_eq!(
        receipt.to_string(),
        format!(
            "job 1 ({}): 1 of 2 units done; each on equal answers of 2 different volunteers; \
             2.00 copies a unit, 2 valid, 1 invalid; vouched for by 2 hosts of 2 volunteers, \
             on x86_64",
            grid.job_row(job).name
        )
    );
    let hosts: Vec<HostId> = receipt.vouchers.iter().map(|voucher| voucher.host).collect();
    assert_eq!(hosts, [ada_1, bob]);
}

/// Outputs come page by page, in the order of the grid, as far as there are any.
#[test]
fn outputs_are_paged() {
    let mut grid = Grid::new();
    let job = grid.job(5, quorum_of(1));
    let host = grid.host();
    let replicas = grid.lease(host, 5);
    for replica in [replicas[0], replicas[2], replicas[3]] {
        grid.answer(host, replica, &replica.unit.index.to_string());
    }
    grid.assimilate();
    let page = |from| match grid.ask(&Query::Outputs { job, from, limit: 3 }) {
        Answer::Outputs(page) => {
            let units: Vec<u32> = page.units.iter().map(|(unit, _)| unit.index).collect();
            (units, page.next)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(page(0), (vec![0, 2], Some(3)));
    assert_eq!(page(3), (vec![3], None));
}

/// Things that are not there, and pages that are too long.
#[test]
fn bad_queries_are_refused() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(1));
    let refused = |query| match grid.ask(&query) {
        Answer::Refused(refusal) => refusal.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Query::Job(JobId(9))), "there is no job 9");
    assert_eq!(
        refused(Query::Unit(job.unit(2))),
        "there is no unit 1/2; the job has 2 units, from 0"
    );
    let unknown = Refusal::UnknownHost(HostId(9)).to_string();
    assert_eq!(refused(Query::Why(Subject::Host(HostId(9)))), unknown);
    assert_eq!(
        refused(Query::Hosts { after: None, limit: 1_001 }),
        "limit is 1001; it must be between 1 and 1000"
    );
    assert_eq!(grid.ask(&Query::Unit(job.unit(1))), Answer::Unit(None));
}

/// One sentence on why a unit has no host, all through its life.
#[test]
fn why_has_a_unit_no_host() {
    let mut grid = Grid::new();
    let job = grid.job(2, Policy { replicas_max: 3, ..quorum_of(2) });
    let unit = job.unit(0);
    check(
        &grid,
        Subject::Unit(job.unit(1)),
        "unit 1/1 waits for its first host, behind 1 unit; no host has joined",
    );
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    check(
        &grid,
        Subject::Unit(unit),
        "unit 1/0 wants another volunteer's replica; no host may have it: 1 of volunteers who had it",
    );
    let other = grid.host();
    check(
        &grid,
        Subject::Unit(unit),
        "unit 1/0 wants another volunteer's replica; 1 host may have it, and will when asking next",
    );
    let second = grid.lease_one(other).replica;
    check(&grid, Subject::Unit(unit), "unit 1/0 has its hosts: 1 and 2 compute it");
    grid.report(other, second, host_error("disk full"));
    let Answer::Why(why) = grid.ask(&Query::Why(Subject::Unit(unit))) else { panic!("no why") };
    assert!(why.starts_with("unit 1/0 pauses for ") && why.ends_with(" after disk full"), "{why}");
    grid.wait(Span::minutes(1));
    let third = grid.host();
    let last = grid.lease_one(third).replica;
    grid.answer(host, replica, "42");
    grid.answer(third, last, "42");
    check(&grid, Subject::Unit(unit), "unit 1/0 needs no host: a quorum agrees with replica 1/0.0");
    grid.assimilate();
    grid.take_aborts();
}

/// One sentence on why a host has no work, and on how a job goes.
#[test]
fn why_has_a_host_no_work() {
    let mut grid = Grid::new();
    let host = grid.host();
    let subject = Subject::Host(host);
    check(&grid, subject, "host 1 gets no work: no job is open");
    let job = grid.job(2, quorum_of(2));
    grid.wait(Span::minutes(3));
    check(&grid, subject, "host 1 would get work if it asked; it was last seen 3 min ago");
    let replicas = grid.lease(host, 2);
    check(&grid, subject, "host 1 has work: it holds 2 leases");
    for replica in replicas {
        grid.answer(host, replica, "42");
    }
    check(
        &grid,
        subject,
        "host 1 gets no work: every unit left is being computed, or waits for another volunteer \
         or a later try",
    );
    check(
        &grid,
        Subject::Job(job),
        "job 1 goes on: of 2 units, 0 wait for a host, 2 are being computed or checked, 0 \
         have ended",
    );
}

fn check(grid: &Grid, subject: Subject, expected: &str) {
    assert_eq!(grid.ask(&Query::Why(subject)), Answer::Why(expected.to_owned()));
}
