//! The coordinator is away, and the worker goes on with units that it chooses.

use manyhands_core::agent::selfchosen::{Commitment, is_unnumbered};
use manyhands_core::digest::Digest;
use manyhands_core::id::JobId;
use manyhands_core::key::Key;
use manyhands_core::time::Span;
use manyhands_proto::identity::Identity;
use manyhands_proto::v1::coordinator_message::Message as Out;
use manyhands_proto::v1::worker_message::Message as In;
use manyhands_proto::{statement, v1};
use manyhands_worker::{Config, Stop};
use tempfile::TempDir;

use super::bench::{HELLO, Job, Worker, lease, one_slot};
use super::coordinator::{Coordinator, Stream};

/// A worker that had work of a job and was found right, and a coordinator that is away now.
struct Cut {
    dir: TempDir,
    coordinator: Coordinator,
    worker: Worker,
}

fn config(dir: &TempDir, coordinator: &Coordinator) -> Config {
    let choose_after = Some(Span::ZERO);
    Config { choose_after, ..one_slot(dir.path(), &coordinator.invite()) }
}

impl Cut {
    async fn off(job: &Job) -> Self {
        Self::off_after(job, None).await
    }

    /// The same, after the coordinator has said one thing more.
    async fn off_after(job: &Job, said: Option<Out>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut coordinator = Coordinator::start().await;
        job.put(&coordinator);
        let worker = Worker::with(config(&dir, &coordinator));
        let mut stream = coordinator.accept().await;
        stream.say(job.leases([0])).await;
        stream.report().await;
        let mut status = worker.status.clone();
        status.wait_for(|status| status.credit_micro > 0).await.unwrap();
        coordinator.be_away(true);
        if let Some(said) = said {
            stream.say(said).await;
        }
        drop(stream);
        status.wait_for(|status| !status.coordinators[0].connected).await.unwrap();
        Self { dir, coordinator, worker }
    }

    /// Waits until it computes a unit of its own choice, or has done so.
    async fn chooses(&mut self) {
        let is_chosen = |status: &manyhands_worker::control::Status| {
            status.slots.iter().flatten().any(|running| is_unnumbered(running.replica))
        };
        self.worker.status.wait_for(is_chosen).await.unwrap();
    }

    async fn is_met_again(&mut self) -> Stream {
        self.coordinator.be_away(false);
        self.coordinator.accept().await
    }

    fn identity(&self) -> Identity {
        Identity::load_or_create(&self.dir.path().join("key")).unwrap()
    }

    fn key(&self) -> Key {
        Key(*self.identity().public_key().as_bytes())
    }
}

/// The first unit that is claimed, in the greeting or later.
async fn claimed(stream: &mut Stream) -> v1::ChosenUnit {
    if let Some(claim) = stream.hello.claims.first() {
        return claim.units[0].clone();
    }
    loop {
        match stream.hear().await {
            Some(In::Claim(claim)) => return claim.units[0].clone(),
            Some(_) => {}
            None => panic!("the stream ended before a claim"),
        }
    }
}

#[tokio::test]
async fn a_unit_of_its_own_choice_is_claimed_and_reported_with_what_opens_the_seal() {
    let job = Job::with_confidence(HELLO);
    let mut cut = Cut::off(&job).await;
    cut.chooses().await;
    let mut stream = cut.is_met_again().await;
    assert_eq!(stream.hello.held, [], "nobody has granted it anything");
    let chosen = claimed(&mut stream).await;
    assert_ne!(chosen.unit, 0, "that one it had");

    let replica = v1::ReplicaId { job: 1, unit: chosen.unit, number: 3 };
    let leases = vec![lease(replica)];
    stream.say(Out::Claimed(v1::Claimed { job: 1, leases, taken: vec![] })).await;
    let batch = stream.reports().await;
    let report = statement::take(&cut.identity().public_key(), batch).remove(0).unwrap();
    assert_eq!(report.replica, JobId(1).unit(chosen.unit).replica(3));
    let (class, salt) = (report.outcome.class().unwrap(), *report.salt.unwrap());
    let manifest = Digest(job.leased.manifest[..].try_into().unwrap());
    let made = Commitment::new(manifest, chosen.unit, cut.key(), class, &salt);
    assert_eq!(made.sealed.as_bytes(), &chosen.sealed[..]);
}

#[tokio::test]
async fn what_others_have_is_dropped_and_the_next_lease_is_computed() {
    let job = Job::with_confidence(HELLO);
    let mut cut = Cut::off(&job).await;
    cut.chooses().await;
    let mut stream = cut.is_met_again().await;
    let chosen = claimed(&mut stream).await;
    let taken = vec![chosen.unit];
    stream.say(Out::Claimed(v1::Claimed { job: 1, leases: vec![], taken })).await;
    let replica = v1::ReplicaId { job: 1, unit: chosen.unit, number: 1 };
    let leases = v1::Leases { leases: vec![lease(replica)], jobs: vec![job.leased.clone()] };
    stream.say(Out::Leases(leases)).await;
    let report = stream.report().await;
    assert_eq!((report.replica, report.salt.len()), (Some(replica), 0));
}

#[tokio::test]
async fn a_choice_outlives_the_worker() {
    let job = Job::with_confidence(HELLO);
    let mut cut = Cut::off(&job).await;
    cut.chooses().await;
    let Cut { dir, mut coordinator, worker } = cut;
    worker.stop(Stop::Now).await.unwrap();
    coordinator.be_away(false);
    // It would choose nothing now.
    let config = Config { choose_after: None, ..config(&dir, &coordinator) };
    let worker = Worker::with(config);
    let mut stream = coordinator.accept().await;
    assert_ne!(claimed(&mut stream).await.unit, 0);
    worker.stop(Stop::Now).await.unwrap();
}

/// In a job with a quorum, who chooses alike could make an answer.
#[tokio::test]
async fn nothing_is_chosen_of_a_job_that_has_a_quorum() {
    let job = Job::of(HELLO);
    let mut cut = Cut::off(&job).await;
    let mut stream = cut.is_met_again().await;
    assert_eq!(stream.hello.claims, []);
    stream.say(job.leases([7])).await;
    assert_eq!(stream.report().await.replica.unwrap().unit, 7);
}

/// Its other units have answers: to choose one would be for nothing.
#[tokio::test]
async fn nothing_is_chosen_of_a_job_that_has_ended() {
    let job = Job::with_confidence(HELLO);
    let ended = Out::Ended(v1::JobEnded { job: 1 });
    let mut cut = Cut::off_after(&job, Some(ended)).await;
    let mut stream = cut.is_met_again().await;
    assert_eq!(stream.hello.claims, []);
    stream.say(job.leases([7])).await;
    assert_eq!(stream.report().await.replica.unwrap().unit, 7);
}
