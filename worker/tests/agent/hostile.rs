//! A coordinator that was broken into, or is confused: nothing wrong is computed, and it is told.

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::requirement::Kind;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as Out;
use manyhands_proto::v1::report::Outcome;

use super::bench::{Bench, HELLO, Job, LOOP, host_error, lease, replica};

/// The host error that a lease of `job` ends in.
async fn refusal(job: Job, unit: u32) -> String {
    let mut bench = Bench::start().await;
    job.put(&bench.coordinator);
    bench.stream.say(job.leases([unit])).await;
    host_error(bench.stream.report().await)
}

#[track_caller]
fn check(message: &str, expected: &str) {
    assert!(message.contains(expected), "{message:?} does not say {expected:?}");
}

#[tokio::test]
async fn a_manifest_without_its_submitters_signature_is_not_run() {
    let mut job = Job::of(HELLO);
    let mut signature = job.leased.signature.to_vec();
    signature[5] ^= 1;
    job.leased.signature = signature.into();
    check(&refusal(job, 0).await, "does not bear its submitter's signature");
}

#[tokio::test]
async fn a_manifest_of_another_digest_is_not_run() {
    let mut bench = Bench::start().await;
    let job = Job::of(HELLO);
    job.put(&bench.coordinator);
    let mut other = job.manifest.to_vec();
    *other.last_mut().unwrap() ^= 1;
    bench.coordinator.put(&job.leased.manifest, other);
    bench.stream.say(job.leases([0])).await;
    check(&host_error(bench.stream.report().await), "bytes that are not those of");
}

#[tokio::test]
async fn a_module_of_another_digest_is_not_run() {
    let mut bench = Bench::start().await;
    let job = Job::of(HELLO);
    job.put(&bench.coordinator);
    let mut other = job.module.clone();
    *other.last_mut().unwrap() ^= 1;
    bench.coordinator.put(Digest::of(&job.module).as_bytes(), other);
    bench.stream.say(job.leases([0])).await;
    check(&host_error(bench.stream.report().await), "bytes that are not those of");
}

#[tokio::test]
async fn a_missing_manifest_is_named() {
    let mut bench = Bench::start().await;
    bench.stream.say(Job::of(HELLO).leases([0])).await;
    check(&host_error(bench.stream.report().await), "does not give");
}

#[tokio::test]
async fn a_unit_beyond_the_job_is_refused() {
    check(&refusal(Job::of(HELLO), 100).await, "no unit 100");
}

#[tokio::test]
async fn a_submitter_that_is_no_key_is_refused() {
    let mut job = Job::of(HELLO);
    job.leased.submitter = Bytes::from_static(&[1, 2, 3]);
    check(&refusal(job, 0).await, "submitter");
}

#[tokio::test]
async fn an_absurd_manifest_is_not_fetched() {
    let mut job = Job::of(HELLO);
    job.leased.manifest_bytes = u64::MAX;
    check(&refusal(job, 0).await, "a manifest of");
}

#[tokio::test]
async fn a_module_that_is_unfit_fails_the_unit_for_every_host() {
    let mut bench = Bench::start().await;
    let job = Job::of_kind(LOOP, Kind::Step);
    job.put(&bench.coordinator);
    bench.stream.say(job.leases([0])).await;
    match bench.stream.report().await.outcome {
        Some(Outcome::AppError(error)) => check(&error.message, "the module is refused"),
        other => panic!("no app error but {other:?}"),
    }
}

#[tokio::test]
async fn leases_that_are_none_are_passed_over() {
    let mut bench = Bench::start().await;
    let absurd = [
        v1::Lease::default(),
        lease(v1::ReplicaId { job: u64::MAX, unit: u32::MAX, number: u32::MAX }),
    ];
    let unknown = lease(v1::ReplicaId { job: u64::MAX, unit: u32::MAX, number: 1 });
    let leases = absurd.into_iter().chain([unknown]).collect();
    bench.stream.say(Out::Leases(v1::Leases { leases, jobs: Vec::new() })).await;
    check(&host_error(bench.stream.report().await), "did not describe");
    // And the worker still works.
    bench.lease(HELLO, [0]).await;
    assert_eq!(bench.stream.report().await.replica, Some(replica(0)));
}

#[tokio::test]
async fn messages_that_make_no_sense_change_nothing() {
    let mut bench = Bench::start().await;
    bench.stream.say(Out::Welcome(v1::Welcome::default())).await;
    bench.stream.acknowledge(u64::MAX).await;
    bench.stream.abort(v1::ReplicaId { job: 9, unit: 9, number: u32::MAX }).await;
    bench.stream.say(Out::Renewed(v1::Renewed { leases: vec![v1::Lease::default()] })).await;
    bench.lease(HELLO, [0, 0]).await;
    assert_eq!(bench.stream.report().await.replica, Some(replica(0)));
}

#[tokio::test]
async fn a_unit_that_does_not_fit_is_not_run() {
    let job = Job::with_memory(HELLO, Kind::Command, 1 << 30);
    check(&refusal(job, 0).await, "needs 1073741824 bytes of memory");
}
