//! A worker reduced to its stream: it computes nothing and says what it is told to say.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_proto::identity::Identity;
use manyhands_proto::statement;
use manyhands_proto::v1::coordinator_message::Message as In;
use manyhands_proto::v1::worker_message::Message as Out;
use manyhands_proto::v1::{self, report};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use crate::grid::{Grid, Person, digest_bytes};

/// An attached worker.
pub(crate) struct Worker {
    pub(crate) person: Person,
    pub(crate) host: u64,
    /// How long it may take for coming back.
    pub(crate) return_ms: u64,
    to: mpsc::Sender<v1::WorkerMessage>,
    from: Streaming<v1::CoordinatorMessage>,
    batch: u64,
    /// Manifests of jobs that it was leased.
    manifests: BTreeMap<u64, Digest>,
    /// Jobs of which it heard that they have ended, and that no test has asked for.
    ended: VecDeque<u64>,
}

pub(crate) fn capabilities() -> v1::Capabilities {
    v1::Capabilities {
        slots: 2,
        memory_bytes: 1 << 30,
        profiles: vec![1],
        engine: "test 1".to_owned(),
        isa: "x86_64".to_owned(),
        os: "linux".to_owned(),
    }
}

/// A report of success with one small output.
pub(crate) fn success(replica: v1::ReplicaId, output: &[u8]) -> v1::Report {
    let artefact = v1::Artefact {
        name: "stdout".to_owned(),
        digest: digest_bytes(Digest::of(output)),
        size_bytes: output.len() as u64,
        inline: Some(Bytes::copy_from_slice(output)),
        salt: Bytes::new(),
    };
    with_outputs(replica, vec![artefact])
}

pub(crate) fn with_outputs(replica: v1::ReplicaId, outputs: Vec<v1::Artefact>) -> v1::Report {
    let usage =
        v1::Usage { cpu_ms: 5, wall_ms: 6, memory_peak_bytes: 7, steps: 0, work: 5_000_000 };
    let outcome = Some(report::Outcome::Success(v1::Success { outputs }));
    v1::Report { replica: Some(replica), usage: Some(usage), outcome, ..Default::default() }
}

impl Worker {
    pub(crate) async fn enrolled(grid: &Grid, identity: Identity, token: &str) -> Self {
        let mut person = Person::new(grid, identity).await;
        let request = v1::EnrolRequest {
            token: token.to_owned(),
            nickname: "box".to_owned(),
            capabilities: Some(capabilities()),
        };
        person.work.enrol(request).await.unwrap();
        Self::attached(person, Vec::new()).await.unwrap()
    }

    /// Says Hello and hears Welcome.
    pub(crate) async fn attached(person: Person, held: Vec<v1::ReplicaId>) -> Result<Self, Status> {
        Self::greeted(person, v1::Hello { held, ..Default::default() }).await
    }

    async fn greeted(mut person: Person, hello: v1::Hello) -> Result<Self, Status> {
        let (to, messages) = mpsc::channel(16);
        let hello = v1::Hello { capabilities: Some(capabilities()), ..hello };
        let message = Some(Out::Hello(hello));
        to.send(v1::WorkerMessage { message }).await.unwrap();
        let from = person.work.attach(ReceiverStream::new(messages)).await?.into_inner();
        let manifests = BTreeMap::new();
        let mut worker = Self {
            person,
            host: 0,
            return_ms: 0,
            to,
            from,
            batch: 0,
            manifests,
            ended: VecDeque::new(),
        };
        match worker.next().await? {
            Some(In::Welcome(welcome)) => {
                worker.host = welcome.host;
                worker.return_ms = welcome.return_ms;
            }
            other => panic!("no welcome but {other:?}"),
        }
        Ok(worker)
    }

    /// Comes back with units that it chose itself.
    pub(crate) async fn claiming(self, grid: &Grid, claim: v1::Claim) -> Self {
        let person = Person::new(grid, self.person.identity.clone()).await;
        let manifests = self.manifests.clone();
        drop(self);
        let hello = v1::Hello { claims: vec![claim], ..Default::default() };
        Self { manifests, ..Self::greeted(person, hello).await.unwrap() }
    }

    /// What came of a claim.
    pub(crate) async fn claimed(&mut self) -> v1::Claimed {
        match self.next().await.unwrap() {
            Some(In::Claimed(claimed)) => claimed,
            other => panic!("no answer to the claim but {other:?}"),
        }
    }

    /// Computes whatever it gets until it is told to stop.
    pub(crate) async fn computes(mut self, stop: CancellationToken) -> Self {
        self.want(4).await;
        loop {
            let message = tokio::select! {
                message = self.next() => message.unwrap().unwrap(),
                () = stop.cancelled() => return self,
            };
            match message {
                In::Leases(leases) => {
                    self.learn(&leases);
                    let answer = |lease: &v1::Lease| success(lease.replica.unwrap(), b"x");
                    self.batch += 1;
                    let batch = self.signed(leases.leases.iter().map(answer).collect());
                    self.say(Out::Reports(batch)).await;
                    self.want(4).await;
                }
                In::Acknowledged(told) => assert_eq!(told.refused, []),
                _ => {}
            }
        }
    }

    /// Loses the connection and comes back on another one.
    pub(crate) async fn reattached(self, grid: &Grid, held: Vec<v1::ReplicaId>) -> Self {
        let person = Person::new(grid, self.person.identity.clone()).await;
        let manifests = self.manifests.clone();
        drop(self);
        Self { manifests, ..Self::attached(person, held).await.unwrap() }
    }

    pub(crate) async fn say(&mut self, message: Out) {
        self.to.send(v1::WorkerMessage { message: Some(message) }).await.unwrap();
    }

    /// The next message but those that a job has ended: they come at any time.
    pub(crate) async fn next(&mut self) -> Result<Option<In>, Status> {
        loop {
            match self.from.message().await?.and_then(|message| message.message) {
                Some(In::Ended(v1::JobEnded { job })) => self.ended.push_back(job),
                other => return Ok(other),
            }
        }
    }

    /// The next job of which it is told that it has ended.
    pub(crate) async fn ended_job(&mut self) -> u64 {
        while self.ended.is_empty() {
            match self.from.message().await.unwrap().and_then(|message| message.message) {
                Some(In::Ended(v1::JobEnded { job })) => self.ended.push_back(job),
                other => panic!("no end of a job but {other:?}"),
            }
        }
        self.ended.pop_front().unwrap()
    }

    pub(crate) async fn want(&mut self, leases: u32) {
        self.say(Out::Want(v1::Want { leases, outlook: None })).await;
    }

    /// Leases, as soon as they come.
    pub(crate) async fn leases(&mut self) -> v1::Leases {
        match self.next().await.unwrap() {
            Some(In::Leases(leases)) => {
                self.learn(&leases);
                leases
            }
            other => panic!("no leases but {other:?}"),
        }
    }

    /// Takes up which jobs leases are of.
    fn learn(&mut self, leases: &v1::Leases) {
        let digest = |job: &v1::LeasedJob| Digest(job.manifest[..].try_into().unwrap());
        self.manifests.extend(leases.jobs.iter().map(|job| (job.job, digest(job))));
    }

    /// Knows a job's manifest from elsewhere.
    pub(crate) fn knows(&mut self, job: u64, manifest: Digest) {
        self.manifests.insert(job, manifest);
    }

    /// Wants one lease and waits for it.
    pub(crate) async fn lease(&mut self) -> v1::ReplicaId {
        self.want(1).await;
        let leases = self.leases().await.leases;
        leases.first().unwrap().replica.unwrap()
    }

    /// States in reports what they say, and signs them. What is broken stays so.
    pub(crate) fn signed(&self, mut reports: Vec<v1::Report>) -> v1::Reports {
        for report in &mut reports {
            let job = report.replica.map_or(0, |replica| replica.job);
            let manifest = self.manifests.get(&job).copied().unwrap_or(Digest([0; 32]));
            drop(statement::state(report, &manifest));
        }
        let mut batch = v1::Reports { batch: self.batch, reports, signature: Bytes::new() };
        statement::sign(&self.person.identity, &mut batch);
        batch
    }

    pub(crate) async fn report(&mut self, reports: Vec<v1::Report>) -> Vec<v1::RefusedReport> {
        self.batch += 1;
        let batch = self.signed(reports);
        self.hand_in(batch).await
    }

    /// Sends a batch as it is.
    pub(crate) async fn hand_in(&mut self, reports: v1::Reports) -> Vec<v1::RefusedReport> {
        let batch = reports.batch;
        self.say(Out::Reports(reports)).await;
        match self.next().await.unwrap() {
            Some(In::Acknowledged(told)) if told.batch == batch => told.refused,
            other => panic!("no acknowledgement but {other:?}"),
        }
    }

    /// Whether the coordinator has decided everything said so far, and sent nothing else.
    pub(crate) async fn is_silent(&mut self) -> bool {
        self.report(Vec::new()).await.is_empty()
    }
}
