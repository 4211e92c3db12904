//! What a worker does for a coordinator that keeps to the contract.

use manyhands_core::digest::Digest;
use manyhands_proto::identity::Identity;
use manyhands_proto::statement;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as Out;
use manyhands_proto::v1::report::Outcome;
use manyhands_worker::config::Fault;
use manyhands_worker::{Config, SlotProgram, Stop, WorkerError};

use super::bench::{
    Bench, COUNT, COUNT_STEPS, HELLO, Job, LARGE, LOOP, TRAP, Worker, lease, one_slot, output,
    replica,
};
use super::coordinator::Coordinator;

#[tokio::test]
async fn a_unit_is_computed_and_reported() {
    let mut bench = Bench::start().await;
    assert_eq!(bench.stream.hello.held, []);
    assert!(bench.stream.want().await > 0);
    bench.lease(HELLO, [3]).await;
    let report = bench.stream.report().await;
    assert_eq!(report.replica, Some(replica(3)));
    assert!(report.usage.is_some());
    let output = output(report);
    assert_eq!((output.name.as_str(), output.inline.as_deref()), ("stdout", Some(&b"hello\n"[..])));
    let reported = bench.worker.status.wait_for(|status| status.reported == 1).await;
    assert_eq!(reported.unwrap().credit_micro, 5);
    bench.worker.stop(Stop::Drain).await.unwrap();
}

#[tokio::test]
async fn many_units_are_reported_in_batches_and_each_once() {
    let mut bench = Bench::start().await;
    bench.lease(HELLO, 0..100).await;
    let mut units = Vec::new();
    while units.len() < 100 {
        let batch = bench.stream.reports().await;
        bench.stream.acknowledge(batch.batch).await;
        units.extend(batch.reports.into_iter().map(|report| report.replica.unwrap().unit));
    }
    assert_eq!(units, Vec::from_iter(0..100));
}

#[tokio::test]
async fn large_outputs_are_put_as_blobs_before_the_report() {
    let mut bench = Bench::start().await;
    bench.lease(LARGE, [0]).await;
    let output = output(bench.stream.report().await);
    assert_eq!((output.inline, output.size_bytes), (None, 65_536));
    let content = bench.coordinator.blob(&output.digest).unwrap();
    assert_eq!(Digest::of(&content).as_bytes(), &*output.digest);
}

#[tokio::test]
async fn a_failure_of_the_program_is_the_same_everywhere() {
    let mut errors = Vec::new();
    for _ in 0..2 {
        let mut bench = Bench::start().await;
        bench.lease(TRAP, [0]).await;
        match bench.stream.report().await.outcome {
            Some(Outcome::AppError(error)) => errors.push(error),
            other => panic!("no app error but {other:?}"),
        }
    }
    assert!(errors[0].message.contains("unreachable"), "{}", errors[0].message);
    assert_eq!(errors[0], errors[1]);
}

#[tokio::test]
async fn answers_are_signed_with_the_hosts_key() {
    let mut bench = Bench::start().await;
    bench.lease(HELLO, [0]).await;
    let batch = bench.stream.reports().await;
    let host = Identity::load_or_create(&bench.dir.path().join("key")).unwrap();
    let report = statement::take(&host.public_key(), batch).remove(0).unwrap();
    let manifest = report.signed.unwrap().manifest;
    assert_eq!(manifest.as_bytes(), &*Job::of(HELLO).leased.manifest);
}

#[tokio::test]
async fn an_abort_frees_the_slot() {
    let mut bench = Bench::start().await;
    bench.lease(LOOP, [0]).await;
    bench.worker.status.wait_for(|status| status.slots.iter().any(Option::is_some)).await.unwrap();
    bench.stream.abort(replica(0)).await;
    let other = Job::of(HELLO);
    other.put(&bench.coordinator);
    let mut leased = other.leased;
    leased.job = 2;
    let replica = v1::ReplicaId { job: 2, unit: 0, number: 0 };
    let leases = v1::Leases { leases: vec![lease(replica)], jobs: vec![leased] };
    bench.stream.say(Out::Leases(leases)).await;
    assert_eq!(bench.stream.report().await.replica, Some(replica));
}

#[tokio::test]
async fn drained_work_goes_on_elsewhere_and_ends_the_same() {
    let mut bench = Bench::start().await;
    bench.lease(COUNT, [0]).await;
    bench.worker.status.wait_for(|status| status.slots.iter().any(Option::is_some)).await.unwrap();
    bench.worker.stop.send(Stop::Drain).unwrap();
    let checkpoint = bench.stream.checkpoint().await;
    assert!(bench.coordinator.blob(&checkpoint.digest).is_some());
    let report = bench.stream.report().await;
    assert_eq!(report.outcome, Some(Outcome::Aborted(v1::Aborted { checkpoint: None })));
    bench.worker.ended().await.unwrap();

    // A new machine begins where the first one stopped.
    let other = tempfile::tempdir().unwrap();
    let worker = Worker::start(other.path(), &bench.coordinator.invite());
    let mut stream = bench.coordinator.accept().await;
    let Out::Leases(mut leases) = Job::of(COUNT).leases([0, 1]) else { unreachable!() };
    leases.leases[0].resume = Some(checkpoint);
    stream.say(Out::Leases(leases)).await;
    let mut outputs = Vec::new();
    for _ in 0..2 {
        let report = stream.report().await;
        let steps = report.usage.unwrap().steps;
        outputs.push((steps, output(report).digest));
    }
    // The same number of steps and the same bytes as of a unit that was never interrupted: this
    // program does not look at its argument.
    assert_eq!(outputs[0], outputs[1]);
    assert_eq!(outputs[0].0, COUNT_STEPS);
    worker.stop(Stop::Drain).await.unwrap();
}

#[tokio::test]
async fn what_was_not_begun_is_given_back_on_drain() {
    let mut bench = Bench::start().await;
    bench.lease(LOOP, 0..3).await;
    bench.worker.status.wait_for(|status| status.slots.iter().any(Option::is_some)).await.unwrap();
    bench.worker.stop.send(Stop::Drain).unwrap();
    let mut given_back = Vec::new();
    while given_back.len() < 2 {
        let batch = bench.stream.reports().await;
        bench.stream.acknowledge(batch.batch).await;
        for report in batch.reports {
            assert!(matches!(report.outcome, Some(Outcome::Aborted(_))), "{report:?}");
            given_back.push(report.replica.unwrap().unit);
        }
    }
    given_back.sort_unstable();
    assert_eq!(given_back, [1, 2]);
    // The one that runs does not hear a drain; the second signal does not wait for it.
    bench.worker.stop(Stop::Now).await.unwrap();
}

#[tokio::test]
async fn a_liar_lies() {
    let dir = tempfile::tempdir().unwrap();
    let mut coordinator = Coordinator::start().await;
    let worker = Worker::start(dir.path(), &coordinator.invite());
    worker.stop(Stop::Now).await.unwrap();
    let config = manyhands_worker::config::Written {
        invite: Some(coordinator.invite().parse().unwrap()),
        data_dir: Some(dir.path().to_owned()),
        always: Some(true),
        priority: Some(manyhands_worker::slots::Priority::Inherited),
        fault: Some(Fault::Lie),
        ..Default::default()
    };
    let _worker = Worker::with(Config::new(config).unwrap());
    let mut stream = coordinator.accept().await;
    let job = Job::of(HELLO);
    job.put(&coordinator);
    stream.say(job.leases([0])).await;
    let output = output(stream.report().await);
    assert_eq!(output.inline.as_deref(), Some(&b"iello\n"[..]));
    assert_eq!(&*output.digest, Digest::of(b"iello\n").as_bytes());
}

/// What a coordinator hears of the processor is what the slot says of itself, not what the worker is.
#[tokio::test]
async fn slots_of_another_build() {
    // A slot that gets no further than to say what it is.
    const OTHER: &str = r"printf '\000\000\000\011\052\007\012\005other'; exec cat >/dev/null";
    let dir = tempfile::tempdir().unwrap();
    let mut coordinator = Coordinator::start().await;
    let config = one_slot(dir.path(), &coordinator.invite());
    let slot = SlotProgram { program: "/bin/sh".into(), args: vec!["-c".into(), OTHER.into()] };
    let worker = Worker::with_slots(config, slot);
    let stream = coordinator.accept().await;
    assert_eq!(stream.hello.capabilities.unwrap().isa, "other");
    worker.stop(Stop::Now).await.unwrap();
}

/// A worker that could run nothing says so at once, instead of failing every unit.
#[tokio::test]
async fn slots_that_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::start().await;
    let config = one_slot(dir.path(), &coordinator.invite());
    let slot = SlotProgram { program: "/bin/false".into(), args: Vec::new() };
    let error = Worker::with_slots(config, slot).ended().await.unwrap_err();
    assert!(matches!(error, WorkerError::Slot(_)), "{error}");
}
