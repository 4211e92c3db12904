//! Jobs that are taken back.

use manyhands_core::command::{Cancel, Command};
use manyhands_core::job::{Counts, JobState};
use manyhands_core::key::Key;
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::{Idle, Renewed, Reply, Reported};
use manyhands_core::time::Span;

use crate::grid::{Grid, quorum_of, success};

/// Nothing more is handed out, what runs is taken back, what is validated is still delivered.
#[test]
fn a_cancelled_job_ends_with_what_it_has() {
    let mut grid = Grid::new();
    let job = grid.job(10, quorum_of(1));
    let host = grid.host();
    let replicas = grid.lease(host, 3);
    grid.answer(host, replicas[0], "0");
    assert_eq!(grid.cancel(job), Reply::Cancelling { is_new: true });
    assert_eq!(grid.cancel(job), Reply::Cancelling { is_new: false });
    assert_eq!(grid.request(host, 1).idle, Some(Idle::NoJobs));
    assert_eq!(grid.job_row(job).counts.cancelled, 7);

    grid.wait(Span(0));
    assert_eq!(grid.take_aborts(), [(host, replicas[1..].to_vec())]);
    assert_eq!(grid.host_row(host).leases, []);
    let dropped = Refusal::LeaseExpired(replicas[1]);
    assert_eq!(grid.renew(host, replicas[1], None), Renewed::Lost(dropped.clone()));
    assert_eq!(grid.report(host, replicas[1], success("1")), Reported::Refused(dropped));

    assert_eq!(grid.assimilate(), [job.unit(0)]);
    let row = grid.job_row(job);
    assert_eq!(row.state, JobState::Cancelled);
    assert_eq!(row.counts, Counts { done: 1, cancelled: 9, ..Counts::default() });
    assert_eq!(grid.cancel(job), Reply::Cancelling { is_new: false });
}

/// A job that nobody has begun is gone at once.
#[test]
fn a_job_that_nobody_began_is_cancelled_at_once() {
    let mut grid = Grid::new();
    let job = grid.job(1_000_000, quorum_of(2));
    grid.cancel(job);
    assert_eq!(grid.job_row(job).state, JobState::Cancelled);
    assert_eq!(grid.job_row(job).counts.cancelled, 1_000_000);
}

/// A large job is taken back some units at a time, and a crash in between does no harm.
#[test]
fn a_large_job_is_taken_back_piece_by_piece() {
    let mut grid = Grid::new();
    let job = grid.job(5_000, quorum_of(1));
    for _ in 0..3 {
        let host = grid.host();
        assert_eq!(grid.lease(host, 1_000).len(), 1_000);
    }
    grid.cancel(job);
    assert_eq!(grid.tell(Command::Expire), Reply::Expired { leases: 0 });
    assert_eq!(grid.job_row(job).counts.open, 2_000);
    grid.restart();
    grid.wait(Span(0));
    assert_eq!(grid.job_row(job).state, JobState::Cancelled);
    grid.take_aborts();
}

/// Only its submitter may cancel a job.
#[test]
fn nobody_else_may_cancel_a_job() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(1));
    let reply = grid.tell(Command::Cancel(Cancel { job, by: Key([8; 32]) }));
    assert_eq!(reply, Reply::Refused(Refusal::NotSubmitter(job)));
    assert_eq!(grid.job_row(job).state, JobState::Open);
}
