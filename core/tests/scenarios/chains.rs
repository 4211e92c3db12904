//! Step programs that go on from somebody else's checkpoint.

use manyhands_core::command::Outcome;
use manyhands_core::host::Counters;
use manyhands_core::id::HostId;
use manyhands_core::policy::Policy;
use manyhands_core::refusal::Refusal;
use manyhands_core::replica::Verdict;
use manyhands_core::reply::{Renewed, Reported};
use manyhands_core::time::Span;

use crate::grid::{Grid, checkpoint, quorum_of, success};

/// A host goes away; another volunteer goes on where it was, and both have one vote together.
#[test]
fn a_lost_replica_is_continued_from_its_checkpoint() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let (alice, bob, carol) = (grid.host(), grid.host(), grid.host());
    let lost = grid.lease_one(alice).replica;
    assert!(matches!(grid.renew(alice, lost, Some(checkpoint(70))), Renewed::Until(_)));
    grid.wait(Span::minutes(11));
    assert_eq!(grid.take_aborts(), [(alice, vec![lost])]);

    let continued = grid.lease_one(bob);
    assert_eq!(continued.resume_from, Some(checkpoint(70)));
    let replica = &grid.unit_row(job.unit(0)).replicas[1];
    assert_eq!(replica.chain, 0);
    assert_eq!(replica.lineage, [grid.host_row(alice).volunteer]);

    // Alice's machine wakes up with the whole answer, but her chain's vote has moved on to Bob.
    let refused = Reported::Refused(Refusal::LeaseExpired(lost));
    assert_eq!(grid.report(alice, lost, success("42")), refused);
    grid.answer(bob, continued.replica, "42");
    assert_eq!(grid.assimilate(), [], "one chain is no quorum");

    let fresh = grid.lease_one(carol);
    assert_eq!(fresh.resume_from, None, "a second chain begins from nothing");
    grid.answer(carol, fresh.replica, "42");
    assert_eq!(grid.assimilate(), [job.unit(0)]);
}

/// A liar's checkpoint spoils the chain that the liar had anyway, and no other; whoever went on
/// from it in good faith is not blamed.
#[test]
fn a_false_checkpoint_spoils_one_chain() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let liar = grid.host_of("mallory");
    let lost = grid.lease_one(liar).replica;
    grid.renew(liar, lost, Some(checkpoint(99)));
    grid.wait(Span::minutes(11));
    grid.take_aborts();

    let honest = grid.host();
    let continued = grid.lease_one(honest).replica;
    grid.answer(honest, continued, "spoilt");
    for _ in 0..2 {
        let host = grid.host();
        let replica = grid.lease_one(host).replica;
        grid.answer(host, replica, "42");
    }
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    let unit = grid.unit_row(job.unit(0));
    assert_eq!(unit.replicas[1].verdict(), Some(Verdict::Invalid));
    assert_eq!(grid.host_row(honest).counters.invalid, 0);
    assert_eq!(grid.host_row(liar).counters.expired, 1);
}

/// The one that took it over is lost as well: the next goes on from the furthest checkpoint.
#[test]
fn a_chain_goes_on_through_many_hands() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(1));
    for step in [10, 20, 30] {
        let host = grid.host();
        let lease = grid.lease_one(host);
        let before = (step > 10).then(|| checkpoint(step - 10));
        assert_eq!(lease.resume_from, before);
        grid.renew(host, lease.replica, Some(checkpoint(step)));
        // A heartbeat that was held up brings an older one; it changes nothing.
        grid.renew(host, lease.replica, Some(checkpoint(5)));
        grid.wait(Span::hours(1));
        assert_eq!(grid.take_aborts().len(), 1);
    }
    let last = grid.host();
    let lease = grid.lease_one(last);
    assert_eq!(lease.resume_from, Some(checkpoint(30)));
    assert_eq!(grid.unit_row(job.unit(0)).replicas[3].lineage.len(), 3);
    grid.answer(last, lease.replica, "42");
    assert_eq!(grid.assimilate(), [job.unit(0)]);
}

/// What a liar left behind loses its worth with the liar: nobody goes on from it, and who did
/// already has no vote.
#[test]
fn a_suspended_host_takes_its_chains_with_it() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(2));
    let (liar, honest) = (grid.host(), grid.host());
    for replica in grid.lease(liar, 2) {
        grid.renew(liar, replica, Some(checkpoint(99)));
        assert_eq!(grid.report(liar, replica, Outcome::Aborted), Reported::Accepted);
    }
    let continued = grid.lease_one(honest);
    assert_eq!(continued.resume_from, Some(checkpoint(99)));
    grid.answer(honest, continued.replica, "spoilt");
    suspend(&mut grid, liar);

    let partner = grid.host();
    let leases = grid.request(partner, 2).leases;
    assert!(leases.iter().all(|lease| lease.resume_from.is_none()), "{leases:?}");
    assert_eq!(leases[0].replica.unit, continued.replica.unit);
    grid.answer(partner, leases[0].replica, "spoilt");
    assert_eq!(grid.assimilate(), [], "the liar's chain has no vote");

    let last = grid.host();
    for replica in grid.lease(last, 2) {
        grid.answer(last, replica, "spoilt");
    }
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    let verdict = grid.unit_row(job.unit(0)).replicas[1].verdict();
    assert_eq!(verdict, Some(Verdict::Inconclusive));
    assert_eq!(grid.host_row(honest).counters, Counters::default());
}

/// Lets a host lie until it is caught.
fn suspend(grid: &mut Grid, liar: HostId) {
    let job = grid.job(3, Policy { priority: 1, ..quorum_of(2) });
    for (host, text) in [(liar, "lie"), (grid.host(), "truth"), (grid.host(), "truth")] {
        for replica in grid.lease(host, 3) {
            assert_eq!(replica.unit.job, job);
            grid.answer(host, replica, text);
        }
    }
    assert_eq!(grid.assimilate().len(), 3);
    assert!(!grid.host_row(liar).is_active());
}
