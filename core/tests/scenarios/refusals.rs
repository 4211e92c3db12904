//! Bad input from hosts: each is named, and changes nothing.

use manyhands_core::command::{Command, Outcome, Renew, Renewal, ReplicaReport, Report};
use manyhands_core::digest::Digest;
use manyhands_core::id::{HostId, JobId};
use manyhands_core::limits::BATCH_MAX;
use manyhands_core::manifest::Draft;
use manyhands_core::policy::Policy;
use manyhands_core::refusal::Refusal;
use manyhands_core::replica::{Output, Usage};
use manyhands_core::reply::{Idle, Renewed, Reply, Reported};
use manyhands_core::requirement::Kind;

use crate::grid::{Grid, checkpoint, draft, host_error, quorum_of, submission, success};

/// Ids that mean nothing, or something of somebody else's.
#[test]
fn unknown_and_foreign_leases_are_refused() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(1));
    let (owner, other) = (grid.host(), grid.host());
    let replica = grid.lease_one(owner).replica;
    for unknown in [job.unit(0).replica(1), job.unit(9).replica(0), JobId(9).unit(0).replica(0)] {
        let refusal = Refusal::UnknownLease(unknown);
        let reported = grid.report(owner, unknown, success("42"));
        assert_eq!(reported, Reported::Refused(refusal.clone()));
        assert_eq!(grid.renew(owner, unknown, None), Renewed::Lost(refusal));
    }
    let refusal = Refusal::WrongHost { replica, host: other };
    let reported = grid.report(other, replica, success("42"));
    assert_eq!(reported, Reported::Refused(refusal.clone()));
    assert_eq!(grid.renew(other, replica, None), Renewed::Lost(refusal));
    grid.answer(owner, replica, "42");
    assert_eq!(grid.assimilate(), [job.unit(0)]);
}

/// A host that nobody knows.
#[test]
fn an_unknown_host_is_refused() {
    let mut grid = Grid::new();
    let host = HostId(99);
    let replica = JobId(1).unit(0).replica(0);
    let reports = vec![ReplicaReport::unsigned(replica, Outcome::Aborted)];
    let renewals = vec![Renewal { replica, progress_ppm: 0, checkpoint: None }];
    for command in [
        grid.wish(host, 1),
        Command::Report(Report { host, reports }),
        Command::Renew(Renew { host, renewals }),
    ] {
        assert_eq!(grid.tell(command), Reply::Refused(Refusal::UnknownHost(host)));
    }
}

/// Empty batches and those that are too large.
#[test]
fn batches_are_bounded() {
    let mut grid = Grid::new();
    let host = grid.host();
    let renewal =
        Renewal { replica: JobId(1).unit(0).replica(0), progress_ppm: 0, checkpoint: None };
    for count in [0, BATCH_MAX + 1] {
        let renewals = vec![renewal; count];
        let refusal = Refusal::BatchSize { what: "renewals", count, max: BATCH_MAX };
        let reply = grid.tell(Command::Renew(Renew { host, renewals }));
        assert_eq!(reply, Reply::Refused(refusal));
    }
    let refusal = Refusal::BatchSize { what: "count", count: 0, max: BATCH_MAX };
    let reply = grid.tell(grid.wish(host, 0));
    assert_eq!(reply, Reply::Refused(refusal));
}

/// A host may hold only so many leases.
#[test]
fn leases_per_host_are_bounded() {
    let mut grid = Grid::new();
    grid.job(2_000, quorum_of(1));
    let host = grid.host();
    assert_eq!(grid.lease(host, 600).len(), 600);
    assert_eq!(grid.lease(host, 600).len(), 400);
    assert_eq!(grid.request(host, 1).idle, Some(Idle::LeasesFull { held: 1_000 }));
}

/// Reports that cannot be taken are refused, and the lease goes on.
#[test]
fn outputs_are_checked() {
    let mut grid = Grid::new();
    grid.job(1, Policy { output_bytes_max: 100, ..quorum_of(1) });
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    let forged = Output { digest: Digest::of(b"other"), ..Output::inline("a", b"1".to_vec()) };
    for (outputs, message) in [
        (
            vec![Output::blob("../../etc/passwd", Digest::of(b""), 1)],
            "output \"../../etc/passwd\" of replica 1/0.0: \"../../etc/passwd\" is not a plain \
             relative path; use parts such as a/b.txt, without `..`",
        ),
        (
            vec![forged],
            "output \"a\" of replica 1/0.0: the inline bytes do not match their digest and size",
        ),
        (
            vec![Output::inline("a", vec![1]), Output::inline("a", vec![2])],
            "replica 1/0.0 reports output \"a\" twice",
        ),
        (
            vec![Output::blob("a", Digest::of(b""), 60), Output::blob("b", Digest::of(b""), 60)],
            "outputs.bytes is 120; it must be between 0 and 100",
        ),
    ] {
        let usage = Usage::default();
        let Reported::Refused(refusal) =
            grid.report(host, replica, Outcome::Success { outputs, usage })
        else {
            panic!("it should be refused: {message}");
        };
        assert_eq!(refusal.to_string(), message);
    }
    let long = host_error(&"x".repeat(5_000));
    assert!(matches!(grid.report(host, replica, long), Reported::Refused(_)));
    grid.answer(host, replica, "42");
    grid.assimilate();
}

/// A program without steps has no checkpoints.
#[test]
fn a_command_program_has_no_checkpoints() {
    let mut grid = Grid::new();
    let mut command: Draft = draft("a command", 1, quorum_of(1));
    command.app.kind = Kind::Command;
    grid.tell(submission(command));
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    let refusal = Refusal::NoCheckpoints { replica, kind: Kind::Command };
    let renewed = grid.renew(host, replica, Some(checkpoint(1)));
    assert_eq!(renewed, Renewed::Lost(refusal));
}
