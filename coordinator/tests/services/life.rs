//! Whole lives: from a submission to its outputs.

use manyhands_core::digest::Digest;
use manyhands_core::statement::equivocation;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as In;
use manyhands_proto::v1::unit_outputs::End;
use manyhands_proto::v1::worker_message::Message as Out;
use manyhands_proto::{convert, statement};

use crate::grid::{Grid, digest_bytes, manifest};
use crate::worker::{success, with_outputs};

/// What the one output of a unit says.
fn said(unit: &v1::UnitOutputs) -> &[u8] {
    match &unit.end {
        Some(End::Canonical(canonical)) => canonical.outputs[0].inline.as_deref().unwrap(),
        other => panic!("no outputs but {other:?}"),
    }
}

#[tokio::test]
async fn a_job_is_computed_by_two_volunteers_and_its_outputs_come_back() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let reply = scientist.submit(&manifest("life", 2)).await;
    assert!(!reply.existed && reply.missing.is_empty());

    let (mut first, mut second) = (grid.host().await, grid.host().await);
    for worker in [&mut first, &mut second] {
        worker.want(2).await;
        let told = worker.leases().await;
        assert_eq!(told.leases.len(), 2);
        assert_eq!(told.jobs[0].submitter, scientist.identity.public_key().as_bytes().as_slice());
        let replicas = told.leases.iter().map(|lease| lease.replica.unwrap());
        let reports = replicas.map(|replica| success(replica, &replica.unit.to_le_bytes()));
        assert_eq!(worker.report(reports.collect()).await, []);
    }

    let job = scientist.finished(reply.job).await;
    assert_eq!(job.state(), v1::JobState::Finished);
    assert_eq!(job.credit_micro, 4 * 5);
    let outputs = scientist.outputs(reply.job).await;
    assert_eq!(outputs.iter().map(|unit| unit.unit).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(outputs.iter().map(said).collect::<Vec<_>>(), [[0, 0, 0, 0], [1, 0, 0, 0]]);
    let receipt = scientist.receipt(reply.job).await;
    assert_eq!((receipt.volunteers, receipt.replicas.valid), (2, 4));
    assert_eq!(receipt.outputs.unwrap().files, 2);
    grid.stop().await;
}

#[tokio::test]
async fn the_same_manifest_twice_is_one_job() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let first = scientist.submit(&manifest("twice", 3)).await;
    let second = scientist.submit(&manifest("twice", 3)).await;
    assert_eq!((first.existed, second.existed), (false, true));
    assert_eq!(first.job, second.job);
    let list = scientist.jobs.list(v1::ListJobsRequest { before: 0, limit: 0 }).await.unwrap();
    assert_eq!(list.into_inner().jobs.len(), 1);
}

#[tokio::test]
async fn hosts_of_one_volunteer_never_get_two_replicas_of_a_unit() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let reply = scientist.submit(&manifest("twins", 1)).await;
    let (mut left, mut right) = (grid.host_of("ada").await, grid.host_of("ada").await);
    let replica = left.lease().await;
    left.want(5).await;
    right.want(5).await;
    assert!(left.is_silent().await && right.is_silent().await);
    // Not even when the first has reported and asks again.
    assert_eq!(left.report(vec![success(replica, b"x")]).await, []);
    left.want(5).await;
    right.want(5).await;
    assert!(left.is_silent().await && right.is_silent().await);
    // Another volunteer's host gets it at once, though others wait in front of it.
    let mut other = grid.host().await;
    let replica = other.lease().await;
    assert_eq!(other.report(vec![success(replica, b"x")]).await, []);
    assert_eq!(scientist.finished(reply.job).await.state(), v1::JobState::Finished);
}

#[tokio::test]
async fn a_waiting_host_gets_work_as_soon_as_there_is_some() {
    let grid = Grid::start().await;
    let mut waiting = grid.host().await;
    waiting.want(1).await;
    assert!(waiting.is_silent().await);
    grid.scientist().await.submit(&manifest("later", 1)).await;
    assert_eq!(waiting.leases().await.leases.len(), 1);
}

#[tokio::test]
async fn a_report_may_come_twice_but_counts_once() {
    let grid = Grid::start().await;
    grid.scientist().await.submit(&manifest("again", 1)).await;
    let mut worker = grid.host().await;
    let replica = worker.lease().await;
    assert_eq!(worker.report(vec![success(replica, b"a")]).await, []);
    assert_eq!(worker.report(vec![success(replica, b"a")]).await, []);
    let refused = worker.report(vec![success(replica, b"b")]).await;
    assert!(refused[0].reason.contains("another outcome"), "{refused:?}");
}

#[tokio::test]
async fn a_host_that_contradicts_itself_leaves_a_proof_that_anybody_can_verify() {
    let grid = Grid::start().await;
    grid.scientist().await.submit(&manifest("equivocation", 2)).await;
    let mut worker = grid.host().await;
    worker.want(2).await;
    let replicas: Vec<_> =
        worker.leases().await.leases.iter().map(|lease| lease.replica.unwrap()).collect();
    let reports = replicas.iter().map(|replica| success(*replica, b"a")).collect();
    assert_eq!(worker.report(reports).await, []);
    let mut operator = grid.operator().await;
    let host = worker.host;
    let none = operator.admin.evidence(v1::EvidenceRequest { host }).await.unwrap().into_inner();
    assert_eq!(convert::contradiction(none), Ok(None));

    assert_eq!(worker.report(vec![success(replicas[1], b"b")]).await.len(), 1);
    let found = operator.admin.evidence(v1::EvidenceRequest { host }).await.unwrap().into_inner();
    let found = convert::contradiction(found).unwrap().unwrap();
    assert_eq!(found.first.key.as_bytes(), worker.person.identity.public_key().as_bytes());
    assert_eq!(equivocation(&found.first, &found.second), Ok(()));
    assert_eq!(statement::verify(&found.first), Ok(()));
    assert_eq!(statement::verify(&found.second), Ok(()));
    // It is the operator's to see.
    let refused = worker.person.admin.evidence(v1::EvidenceRequest { host }).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
}

#[tokio::test]
async fn only_the_operator_pardons_and_only_whom_there_is_something_to_pardon() {
    let grid = Grid::start().await;
    let mut worker = grid.host().await;
    let mut operator = grid.operator().await;
    let pardon = |host, reason: &str| v1::PardonRequest { host, reason: reason.to_owned() };
    let host = worker.host;
    let refused = operator.admin.pardon(pardon(host, "memory replaced")).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    assert_eq!(
        refused.message(),
        format!("host {host} is not suspended: there is nothing to pardon")
    );
    let refused = operator.admin.pardon(pardon(host + 1, "why not")).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    let refused = operator.admin.pardon(pardon(host, "")).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    let refused = worker.person.admin.pardon(pardon(host, "mine")).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
}

#[tokio::test]
async fn large_outputs_are_put_before_they_are_reported() {
    let grid = Grid::start().await;
    grid.scientist().await.submit(&manifest("large", 1)).await;
    let mut worker = grid.host().await;
    let replica = worker.lease().await;
    let bytes = vec![3; 300_000];
    let digest = Digest::of(&bytes);
    let output = v1::Artefact {
        name: "big".to_owned(),
        digest: digest_bytes(digest),
        size_bytes: bytes.len() as u64,
        inline: None,
        salt: bytes::Bytes::new(),
    };
    let report = with_outputs(replica, vec![output]);
    let refused = worker.report(vec![report.clone()]).await;
    assert!(refused[0].reason.contains(&digest.to_string()), "{refused:?}");
    worker.person.put(&bytes).await.unwrap();
    assert_eq!(worker.report(vec![report]).await, []);
    assert_eq!(worker.person.read(digest).await.unwrap(), bytes);
}

#[tokio::test]
async fn a_worker_that_comes_back_keeps_what_it_names_and_gives_back_the_rest() {
    let grid = Grid::start().await;
    grid.scientist().await.submit(&manifest("back", 2)).await;
    let mut worker = grid.host().await;
    worker.want(2).await;
    let leases = worker.leases().await.leases;
    let [kept, forgotten] = [0, 1].map(|at| leases[at].replica.unwrap());
    let never = v1::ReplicaId { job: kept.job, unit: kept.unit, number: 7 };
    let mut worker = worker.reattached(&grid, vec![kept, never]).await;
    match worker.next().await.unwrap() {
        Some(In::Renewed(renewed)) => assert_eq!(renewed.leases[0].replica, Some(kept)),
        other => panic!("no renewal but {other:?}"),
    }
    match worker.next().await.unwrap() {
        Some(In::Abort(abort)) => assert_eq!(abort.replicas, [never]),
        other => panic!("no abort but {other:?}"),
    }
    assert_eq!(worker.report(vec![success(kept, b"x")]).await, []);
    let refused = worker.report(vec![success(forgotten, b"x")]).await;
    assert_eq!(refused[0].replica, Some(forgotten));
}

#[tokio::test]
async fn cancelling_a_job_aborts_its_replicas() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let reply = scientist.submit(&manifest("stop", 1)).await;
    let mut worker = grid.host().await;
    let replica = worker.lease().await;
    scientist.jobs.cancel(v1::CancelRequest { job: reply.job }).await.unwrap();
    match worker.next().await.unwrap() {
        Some(In::Abort(abort)) => assert_eq!(abort.replicas, [replica]),
        other => panic!("no abort but {other:?}"),
    }
    // It was told of that job, and of no other one.
    assert_eq!(worker.ended_job().await, reply.job);
    assert_eq!(scientist.finished(reply.job).await.state(), v1::JobState::Cancelled);
}

#[tokio::test]
async fn renewing_moves_the_deadline() {
    let grid = Grid::start().await;
    grid.scientist().await.submit(&manifest("renew", 1)).await;
    let mut worker = grid.host().await;
    worker.want(1).await;
    let lease = worker.leases().await.leases.remove(0);
    let renewal = v1::Renewal { replica: lease.replica, progress_ppm: 500_000, checkpoint: None };
    worker.say(Out::Renew(v1::Renew { renewals: vec![renewal] })).await;
    match worker.next().await.unwrap() {
        Some(In::Renewed(renewed)) => {
            assert!(renewed.leases[0].deadline_at_ms >= lease.deadline_at_ms);
        }
        other => panic!("no renewal but {other:?}"),
    }
}
