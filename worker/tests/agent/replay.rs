//! Leases that ask for a state on the way instead of an answer.

use bytes::Bytes;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as Out;
use manyhands_proto::v1::report::Outcome;

use super::bench::{Bench, COUNT, COUNT_STEPS, HELLO, Job, host_error, lease, output};

/// [`COUNT`] in short steps.
fn count() -> Job {
    Job::of(&COUNT.replace("(i32.const 2000000)", "(i32.const 10)"))
}

/// Leases unit 0 until this step, as replica `number`, and waits for the report.
async fn replayed(
    bench: &mut Bench,
    job: &Job,
    number: u32,
    replay: v1::Replay,
    resume: Option<v1::Checkpoint>,
) -> v1::Report {
    let replica = v1::ReplicaId { job: 1, unit: 0, number };
    let lease = v1::Lease { replay: Some(replay), resume, ..lease(replica) };
    let leases = v1::Leases { leases: vec![lease], jobs: vec![job.leased.clone()] };
    bench.stream.say(Out::Leases(leases)).await;
    let report = bench.stream.report().await;
    assert_eq!(report.replica, Some(replica));
    report
}

#[track_caller]
fn state(report: v1::Report) -> v1::Replayed {
    match report.outcome {
        Some(Outcome::Replayed(replayed)) => replayed,
        other => panic!("no state but {other:?}"),
    }
}

#[tokio::test]
async fn a_state_is_told_handed_over_and_gone_on_from_by_one_step() {
    let mut bench = Bench::start().await;
    let job = count();
    job.put(&bench.coordinator);
    let until = |until_step, keep_state| v1::Replay { until_step, keep_state };
    let half = state(replayed(&mut bench, &job, 0, until(500, true), None).await);
    let kept = half.state.unwrap();
    assert_eq!((kept.step, &kept.state_hash), (500, &half.state_hash));
    assert!(bench.coordinator.blob(&kept.digest).is_some(), "put before it is reported");

    let from_there = Some(kept.clone());
    let judged = state(replayed(&mut bench, &job, 1, until(501, false), from_there).await);
    let claimed = state(replayed(&mut bench, &job, 2, until(501, false), None).await);
    assert_eq!(judged, claimed);
    assert!(judged.state.is_none() && judged.state_hash != half.state_hash);

    // A checkpoint of another state than was named is not gone on from.
    let other = v1::Checkpoint { state_hash: Bytes::from_static(&[7; 32]), ..kept };
    let distrusted = state(replayed(&mut bench, &job, 3, until(501, false), Some(other)).await);
    assert_eq!(distrusted, claimed);
}

#[tokio::test]
async fn a_run_that_ends_before_is_told_as_its_end() {
    let mut bench = Bench::start().await;
    let job = count();
    job.put(&bench.coordinator);
    let replay = v1::Replay { until_step: COUNT_STEPS, keep_state: true };
    let report = replayed(&mut bench, &job, 0, replay, None).await;
    assert_eq!(report.usage.unwrap().steps, COUNT_STEPS);
    assert!(!report.statement.is_empty(), "an answer, and signed as one");
    assert_eq!(output(report).size_bytes, 8);
}

#[tokio::test]
async fn a_command_has_no_steps_to_replay() {
    let mut bench = Bench::start().await;
    let job = Job::of(HELLO);
    job.put(&bench.coordinator);
    let replay = v1::Replay { until_step: 1, keep_state: false };
    let report = replayed(&mut bench, &job, 0, replay, None).await;
    assert!(host_error(report).contains("no steps"));
}
