//! The ordinary life of jobs and units.

use manyhands_core::command::Command;
use manyhands_core::effect::Effect;
use manyhands_core::job::{Counts, JobState};
use manyhands_core::policy::Policy;
use manyhands_core::reply::{Assimilated, Idle, Reply};
use manyhands_core::time::Span;
use manyhands_core::work_unit::UnitState;

use crate::grid::{Grid, quorum_of, success};

/// Two volunteers compute a unit, agree, and the job ends with its output.
#[test]
fn a_unit_goes_from_submission_to_its_output() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    let work = Effect::WorkReady { job, count: 2 };
    assert_eq!(grid.take_effects(), [Effect::JobChanged { job }, work]);

    let (alice, bob) = (grid.host(), grid.host());
    let first = grid.lease_one(alice).replica;
    assert_eq!(grid.take_effects(), [Effect::WorkReady { job, count: 1 }]);
    let second = grid.lease_one(bob).replica;
    assert_eq!((first, second), (job.unit(0).replica(0), job.unit(0).replica(1)));
    assert_eq!(grid.take_effects(), []);

    grid.answer(alice, first, "42");
    assert_eq!(grid.take_effects(), []);
    grid.answer(bob, second, "42");
    assert_eq!(grid.take_effects(), [Effect::Assimilate { units: vec![job.unit(0)] }]);
    assert_eq!(grid.job_row(job).state, JobState::Open);

    let reply = grid.tell(Command::Assimilate(vec![job.unit(0)]));
    assert_eq!(reply, Reply::Assimilated(vec![Assimilated::Done]));
    let ended = [Effect::JobChanged { job }, Effect::JobEnded { job }];
    assert_eq!(grid.take_effects(), ended);
    let row = grid.job_row(job);
    assert_eq!(row.state, JobState::Finished);
    assert_eq!(row.ended_at, Some(grid.now));
    assert_eq!(row.counts, Counts { done: 1, ..Counts::default() });
    assert_eq!((row.tally.leased, row.tally.valid, row.tally.invalid), (2, 2, 0));
}

/// Only the canonical output's bytes are kept once the job has them.
#[test]
fn assimilation_keeps_the_canonical_bytes_only() {
    let mut grid = Grid::new();
    let job = grid.job(1, quorum_of(2));
    for _ in 0..2 {
        let host = grid.host();
        let replica = grid.lease_one(host).replica;
        grid.answer(host, replica, "42");
    }
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    let unit = grid.unit_row(job.unit(0));
    assert_eq!(unit.state, UnitState::Done { canonical: 0 });
    assert_eq!(unit.replicas[0].outputs()[0].inline.as_deref(), Some(&b"42"[..]));
    assert_eq!(unit.replicas[1].outputs()[0].inline, None);
}

/// The shell may say twice that it has a unit's outputs.
#[test]
fn assimilating_twice_changes_nothing() {
    let mut grid = Grid::new();
    let job = grid.job(2, quorum_of(1));
    let host = grid.host();
    let replica = grid.lease_one(host).replica;
    grid.answer(host, replica, "1");
    assert_eq!(grid.assimilate(), [job.unit(0)]);
    let units = vec![job.unit(0), job.unit(0), job.unit(1)];
    let reply = grid.tell(Command::Assimilate(units));
    let not_yet = Assimilated::NotValidated(job.unit(1));
    let expected = vec![Assimilated::AlreadyDone, Assimilated::AlreadyDone, not_yet];
    assert_eq!(reply, Reply::Assimilated(expected));
}

/// A whole job by two hosts in batches.
#[test]
fn a_job_is_computed_in_batches() {
    let mut grid = Grid::new();
    let job = grid.job(25, quorum_of(2));
    let (alice, bob) = (grid.host(), grid.host());
    loop {
        let mut idle = true;
        for host in [alice, bob] {
            for replica in grid.lease(host, 10) {
                idle = false;
                grid.answer(host, replica, &replica.unit.index.to_string());
            }
        }
        grid.assimilate();
        if idle {
            break;
        }
    }
    assert_eq!(grid.job_row(job).state, JobState::Finished);
    assert_eq!(grid.job_row(job).tally.leased, 50);
    assert_eq!(grid.request(alice, 1).idle, Some(Idle::NoJobs));
}

/// Jobs of equal priority take turns; a more urgent one goes before them.
#[test]
fn jobs_take_turns() {
    let mut grid = Grid::new();
    let [one, other] = [grid.job(9, quorum_of(1)), grid.job(9, quorum_of(1))];
    let host = grid.host();
    let served = |grid: &mut Grid| grid.lease_one(host).replica.unit.job;
    assert_eq!([(); 4].map(|()| served(&mut grid)), [one, other, one, other]);
    let urgent = grid.job(2, Policy { priority: 9, ..quorum_of(1) });
    assert_eq!([(); 4].map(|()| served(&mut grid)), [urgent, urgent, one, other]);
}

/// A crash swallows effects and timers; a new engine finds them again in the store.
#[test]
fn a_restart_loses_nothing() {
    let mut grid = Grid::new();
    let job = grid.job(3, quorum_of(1));
    let host = grid.host();
    let replicas = grid.lease(host, 2);
    grid.answer(host, replicas[0], "0");
    grid.restart();
    let waiting = Effect::WorkReady { job, count: 2 };
    let found = grid.take_effects();
    assert_eq!(found, [Effect::Assimilate { units: vec![job.unit(0)] }, waiting]);
    grid.tell(Command::Assimilate(vec![job.unit(0)]));

    // The lease that was in flight is still good, and so is its deadline.
    grid.answer(host, replicas[1], "1");
    assert_eq!(grid.assimilate(), [job.unit(1)]);
    let last = grid.lease_one(host).replica;
    grid.restart();
    grid.wait(Span::minutes(11));
    assert_eq!(grid.take_aborts(), [(host, vec![last])]);
    assert_eq!(grid.report(host, last, success("2")), manyhands_core::reply::Reported::Accepted);
    assert_eq!(grid.assimilate(), [job.unit(2)]);
    assert_eq!(grid.job_row(job).state, JobState::Finished);
}
