//! Lost connections, killed workers, and folders that belong to others.

use manyhands_worker::{HomeError, Stop, WorkerError};

use super::bench::{Bench, COUNT, COUNT_STEPS, HELLO, LOOP, Worker, output, replica};
use super::coordinator::Coordinator;

#[tokio::test]
async fn a_report_is_sent_again_until_it_is_acknowledged() {
    let mut bench = Bench::start().await;
    bench.lease(HELLO, [3]).await;
    let first = bench.stream.reports().await;
    // Lost before the answer.
    drop(bench.stream);
    let mut stream = bench.coordinator.accept().await;
    assert_eq!(stream.hello.held, [replica(3)]);
    let second = stream.reports().await;
    assert_eq!(first.reports, second.reports);
    stream.acknowledge(second.batch).await;
    bench.worker.status.wait_for(|status| status.reported == 1).await.unwrap();
    drop(stream);
    assert_eq!(bench.coordinator.accept().await.hello.held, []);
}

#[tokio::test]
async fn work_goes_on_without_a_coordinator() {
    let mut bench = Bench::start().await;
    bench.lease(HELLO, [1, 2]).await;
    let first = bench.stream.reports().await;
    drop(bench.stream);
    let mut stream = bench.coordinator.accept().await;
    let mut reports = Vec::new();
    while reports.len() < 2 {
        let batch = stream.reports().await;
        stream.acknowledge(batch.batch).await;
        reports.extend(batch.reports);
    }
    assert_eq!(reports[0], first.reports[0]);
    let units: Vec<_> = reports.iter().map(|report| report.replica.unwrap().unit).collect();
    assert_eq!(units, [1, 2]);
}

#[tokio::test]
async fn a_stopped_worker_reports_what_it_had_when_it_is_back() {
    let mut bench = Bench::start().await;
    bench.lease(HELLO, [3]).await;
    let before = bench.stream.reports().await;
    bench.worker.stop(Stop::Now).await.unwrap();
    let _worker = Worker::start(bench.dir.path(), &bench.coordinator.invite());
    let mut stream = bench.coordinator.accept().await;
    assert_eq!(stream.hello.held, [replica(3)]);
    assert_eq!(stream.reports().await.reports, before.reports);
}

#[tokio::test]
async fn a_stopped_worker_goes_on_with_what_it_held() {
    let mut bench = Bench::start().await;
    bench.lease(LOOP, [0]).await;
    bench.worker.status.wait_for(|status| status.slots.iter().any(Option::is_some)).await.unwrap();
    bench.worker.stop(Stop::Now).await.unwrap();
    let mut worker = Worker::start(bench.dir.path(), &bench.coordinator.invite());
    let stream = bench.coordinator.accept().await;
    assert_eq!(stream.hello.held, [replica(0)]);
    // It needs nothing from the coordinator to run it again.
    worker.status.wait_for(|status| status.slots.iter().any(Option::is_some)).await.unwrap();
    stream.abort(replica(0)).await;
    worker.status.wait_for(|status| status.slots.iter().all(Option::is_none)).await.unwrap();
}

#[tokio::test]
async fn a_checkpoint_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut coordinator = Coordinator::start().await;
    let config = || {
        let written = manyhands_worker::config::Written {
            invite: Some(coordinator.invite().parse().unwrap()),
            data_dir: Some(dir.path().to_owned()),
            always: Some(true),
            priority: Some(manyhands_worker::slots::Priority::Inherited),
            checkpoint_interval: Some(manyhands_core::time::Span::seconds(1)),
            ..Default::default()
        };
        manyhands_worker::Config::new(written).unwrap()
    };
    let (first, second) = (config(), config());
    let worker = Worker::with(first);
    let mut stream = coordinator.accept().await;
    let job = super::bench::Job::of(COUNT);
    job.put(&coordinator);
    stream.say(job.leases([0])).await;
    // It is uploaded only after it was kept here.
    let checkpoint = stream.checkpoint().await;
    worker.stop(Stop::Now).await.unwrap();
    coordinator.blobs.lock().unwrap().remove(&checkpoint.digest);
    let _worker = Worker::with(second);
    let mut stream = coordinator.accept().await;
    let report = stream.report().await;
    let usage = report.usage.unwrap();
    assert_eq!(usage.steps, COUNT_STEPS);
    assert_eq!(output(report).size_bytes, 8);
}

#[tokio::test]
async fn two_workers_do_not_share_a_folder() {
    let bench = Bench::start().await;
    let second = Worker::start(bench.dir.path(), &bench.coordinator.invite());
    let refused = second.ended().await.unwrap_err();
    assert!(matches!(refused, WorkerError::Home(HomeError::Busy(_))), "{refused}");
}

#[tokio::test]
async fn a_folder_belongs_to_one_coordinator() {
    let bench = Bench::start().await;
    bench.worker.stop(Stop::Drain).await.unwrap();
    let key = "ivwhxdfoakdtjjz3jfchp7bcv5ewoqaqgqwxmxlkx2kvl6cwipda";
    let other = format!("manyhands://192.0.2.1:1/#{key}");
    let refused = Worker::start(bench.dir.path(), &other).ended().await.unwrap_err();
    assert!(matches!(refused, WorkerError::OtherCoordinator { .. }), "{refused}");
}

#[tokio::test]
async fn a_refused_host_says_why_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let coordinator = Coordinator::that_refuses().await;
    let refused = Worker::start(dir.path(), &coordinator.invite()).ended().await.unwrap_err();
    assert!(refused.to_string().contains("an invite is needed"), "{refused}");
}
