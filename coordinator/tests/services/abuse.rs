//! Bad input: a clear answer, and nothing changes.

use std::time::Duration;

use manyhands_core::digest::Digest;
use manyhands_proto::convert::encode_manifest;
use manyhands_proto::identity::Identity;
use manyhands_proto::link;
use manyhands_proto::v1;
use manyhands_proto::v1::worker_message::Message as Out;
use tonic::Code;

use crate::grid::{Grid, Person, digest_bytes, fresh_identity, manifest};
use crate::worker::{Worker, capabilities, success};

#[tokio::test]
async fn a_server_with_another_key_is_not_talked_to() {
    let grid = Grid::start().await;
    let link::Endpoint::Pinned { address, .. } = grid.invite.endpoint() else { panic!() };
    let key = Identity::from_seed(&[99; 32]).public_key();
    let wrong = link::Endpoint::Pinned { address: address.clone(), key };
    assert!(link::connect(&wrong, &fresh_identity()).await.is_err());
}

#[tokio::test]
async fn strangers_may_neither_work_nor_submit_nor_store() {
    let grid = Grid::with(|config| config.open_enrolment = false).await;
    let mut stranger = Person::new(&grid, fresh_identity()).await;
    let enrol = v1::EnrolRequest {
        token: String::new(),
        nickname: "box".to_owned(),
        capabilities: Some(capabilities()),
    };
    let refused = stranger.work.enrol(enrol.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("invite"), "{refused}");
    let wrong = v1::EnrolRequest { token: "guess".to_owned(), ..enrol };
    assert_eq!(stranger.work.enrol(wrong).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(stranger.put(b"spam").await.unwrap_err().code(), Code::PermissionDenied);
    let submitted = stranger.try_submit(&manifest("spam", 1)).await;
    assert_eq!(submitted.unwrap_err().code(), Code::PermissionDenied);
    let status = stranger.admin.status(v1::StatusRequest {}).await;
    assert_eq!(status.unwrap_err().code(), Code::PermissionDenied);
    let attached = Worker::attached(stranger, Vec::new()).await.err().unwrap();
    assert_eq!(attached.code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn an_invite_lets_one_join_and_then_is_used_up() {
    let grid = Grid::with(|config| config.open_enrolment = false).await;
    let token = grid.token(v1::Role::Scientist, "").await;
    let join = v1::JoinRequest { token };
    let mut first = Person::new(&grid, fresh_identity()).await;
    first.jobs.join(join.clone()).await.unwrap();
    first.jobs.join(join.clone()).await.unwrap();
    let mut second = Person::new(&grid, fresh_identity()).await;
    let refused = second.jobs.join(join).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
}

#[tokio::test]
async fn a_blob_that_is_not_what_it_claims_is_not_kept() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let digest = Digest::of(b"right");
    let refused = scientist.put_as(digest, b"wrong").await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let asked = v1::MissingRequest { digests: vec![digest_bytes(digest)] };
    let missing = scientist.blobs.missing(asked).await.unwrap().into_inner();
    assert_eq!(missing.digests, [digest_bytes(digest)]);
    assert_eq!(scientist.read(digest).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_submission_names_what_is_missing() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let job = manifest("missing", 1);
    let (bytes, digest) = encode_manifest(&job).unwrap();
    let reply = scientist.try_submit(&job).await.unwrap();
    assert_eq!(reply.missing, [digest_bytes(digest)]);
    scientist.put(&bytes).await.unwrap();
    let reply = scientist.try_submit(&job).await.unwrap();
    assert_eq!(reply.missing, [digest_bytes(job.draft().app.module)]);
    assert_eq!(reply.job, 0);
}

#[tokio::test]
async fn a_manifest_must_be_one_and_be_signed_by_the_caller() {
    let grid = Grid::start().await;
    let mut scientist = grid.scientist().await;
    let job = manifest("signed", 1);
    scientist.submit(&job).await;
    let (_, digest) = encode_manifest(&job).unwrap();
    let forged = v1::SubmitRequest {
        manifest: digest_bytes(digest),
        signature: vec![7; 64].into(),
        ..Default::default()
    };
    let refused = scientist.jobs.submit(forged).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().starts_with("signature"), "{refused}");

    let junk = scientist.put(b"no manifest at all").await.unwrap();
    let context = manyhands_proto::identity::Context::new("manyhands manifest v1");
    let signature = scientist.identity.sign(context, &junk.0).to_vec().into();
    let request =
        v1::SubmitRequest { manifest: digest_bytes(junk), signature, ..Default::default() };
    let refused = scientist.jobs.submit(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
}

#[tokio::test]
async fn a_message_above_the_bound_is_refused() {
    let grid = Grid::with(|config| config.limits.message_bytes_max = 64 << 10).await;
    let mut scientist = grid.scientist().await;
    let digests = vec![digest_bytes(Digest::of(b"x")); 5_000];
    let refused = scientist.blobs.missing(v1::MissingRequest { digests }).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused}");
    assert!(refused.message().contains("65536"), "{refused}");
}

#[tokio::test]
async fn reports_on_leases_that_never_were_are_refused_one_by_one() {
    let grid = Grid::start().await;
    grid.scientist().await.submit(&manifest("unknown", 1)).await;
    let (mut worker, mut other) = (grid.host().await, grid.host().await);
    let mine = worker.lease().await;
    let theirs = other.lease().await;
    let never = v1::ReplicaId { number: 9, ..mine };
    let nowhere = v1::ReplicaId { job: 77, ..mine };
    let mut broken = success(mine, b"x");
    broken.outcome = None;
    let reports = [never, nowhere, theirs].map(|replica| success(replica, b"x"));
    let reports = [reports.to_vec(), vec![broken, success(mine, b"x")]].concat();
    let refused = worker.report(reports).await;
    let mut named: Vec<_> =
        refused.iter().map(|r| (r.replica.unwrap().job, r.replica.unwrap().number)).collect();
    named.sort_unstable();
    assert_eq!(refused.len(), 4, "{refused:?}");
    assert!(refused.iter().any(|r| r.reason.contains("outcome")), "{refused:?}");
}

#[tokio::test]
async fn answers_that_their_host_did_not_sign_are_refused() {
    let grid = Grid::start().await;
    grid.scientist().await.submit(&manifest("unsigned", 2)).await;
    let mut worker = grid.host().await;
    worker.want(2).await;
    let replicas: Vec<_> =
        worker.leases().await.leases.iter().map(|lease| lease.replica.unwrap()).collect();
    let reports: Vec<_> = replicas.iter().map(|replica| success(*replica, b"x")).collect();
    let mut forged = worker.signed(reports.clone());
    forged.signature = grid.host().await.signed(reports.clone()).signature;
    let refused = worker.hand_in(forged).await;
    assert_eq!(refused.len(), 2);
    assert!(refused[0].reason.contains("is not this host's"), "{refused:?}");
    // What was signed is one thing and what is said another; its neighbour is not held up.
    let mut turned = worker.signed(reports.clone());
    turned.reports[0].outcome = success(replicas[0], b"y").outcome;
    let refused = worker.hand_in(turned).await;
    assert_eq!(refused.len(), 1);
    assert!(refused[0].reason.contains("not what this report says"), "{refused:?}");
    // Nothing of it was taken: the first can still be reported as it is.
    assert_eq!(worker.report(reports).await, []);
}

#[tokio::test]
async fn a_batch_above_the_bound_ends_the_stream() {
    let grid = Grid::with(|config| config.limits.batch_max = 2).await;
    let mut worker = grid.host().await;
    let replica = v1::ReplicaId { job: 1, unit: 0, number: 0 };
    let reports = vec![success(replica, b"x"); 3];
    let batch = worker.signed(reports);
    worker.say(Out::Reports(batch)).await;
    let refused = worker.next().await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("at most 2"), "{refused}");
}

#[tokio::test]
async fn a_newer_stream_of_a_host_ends_the_older() {
    let grid = Grid::start().await;
    let mut older = grid.host().await;
    let person = Person::new(&grid, older.person.identity.clone()).await;
    let mut newer = Worker::attached(person, Vec::new()).await.unwrap();
    assert_eq!(older.next().await.unwrap_err().code(), Code::Aborted);
    assert!(newer.is_silent().await);
}

#[tokio::test]
async fn a_key_that_calls_too_often_is_slowed_down_alone() {
    let grid = Grid::with(|config| {
        config.limits.requests_per_s = 1;
        config.limits.requests_burst = 3;
    })
    .await;
    let mut busy = Person::new(&grid, fresh_identity()).await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(busy.jobs.get(v1::GetJobRequest { job: 1 }).await.unwrap_err().code());
    }
    assert_eq!(codes[2..], [Code::PermissionDenied, Code::ResourceExhausted]);
    let mut calm = Person::new(&grid, fresh_identity()).await;
    let code = calm.jobs.get(v1::GetJobRequest { job: 1 }).await.unwrap_err().code();
    assert_eq!(code, Code::PermissionDenied);
}

#[tokio::test]
async fn a_blob_that_never_ends_is_given_up() {
    let grid = Grid::with(|config| config.limits.request_time = Duration::from_millis(50)).await;
    let mut worker = grid.host().await;
    let head = v1::PutHead { digest: digest_bytes(Digest::of(b"")), size_bytes: 10 };
    let first = v1::PutChunk { head: Some(head), data: Vec::new().into() };
    let chunks = tokio_stream::StreamExt::chain(tokio_stream::once(first), tokio_stream::pending());
    let refused = worker.person.blobs.put(chunks).await.unwrap_err();
    assert_eq!(refused.code(), Code::DeadlineExceeded, "{refused}");
}

#[tokio::test]
async fn more_calls_than_may_be_in_progress_are_refused_at_once() {
    let grid = Grid::with(|config| config.limits.requests_max = 1).await;
    let mut worker = grid.host().await;
    let mut other = Person::new(&grid, fresh_identity()).await;
    let head = v1::PutHead { digest: digest_bytes(Digest::of(b"")), size_bytes: 10 };
    let first = v1::PutChunk { head: Some(head), data: Vec::new().into() };
    let chunks = tokio_stream::StreamExt::chain(tokio_stream::once(first), tokio_stream::pending());
    let endless = worker.person.blobs.put(chunks);
    // How soon the server sees the first call is not ours to say: ask until it does.
    let refused = async {
        loop {
            let refused = other.jobs.get(v1::GetJobRequest { job: 1 }).await.unwrap_err();
            if refused.code() == Code::ResourceExhausted {
                return refused;
            }
        }
    };
    tokio::select! {
        _ = endless => panic!("the first call ended"),
        refused = refused => assert!(refused.message().contains("busy"), "{refused}"),
    }
}

#[tokio::test]
async fn health_and_reflection_answer_without_a_project_key() {
    let grid = Grid::start().await;
    let channel = grid.connect(&fresh_identity()).await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel);
    let asked = tonic_health::pb::HealthCheckRequest { service: String::new() };
    let answer = health.check(asked).await.unwrap().into_inner();
    assert_eq!(answer.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);
}
