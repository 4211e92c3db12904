//! A coordinator in a temporary folder, and the people around it.

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use manyhands_coordinator::{Config, Coordinator, RunError};
use manyhands_core::digest::Digest;
use manyhands_core::manifest::{AppVersion, Axis, Draft, Manifest, Values};
use manyhands_core::policy::Policy;
use manyhands_core::requirement::Kind;
use manyhands_proto::convert::encode_manifest;
use manyhands_proto::document::receipt::Receipt;
use manyhands_proto::identity::{Context, Identity};
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{self, Channel};
use manyhands_proto::v1;
use manyhands_proto::v1::admin_client::AdminClient;
use manyhands_proto::v1::blobs_client::BlobsClient;
use manyhands_proto::v1::jobs_client::JobsClient;
use manyhands_proto::v1::work_client::WorkClient;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::worker::Worker;

/// Seeds of identities, so that everybody in a test has their own.
static SEED: AtomicU8 = AtomicU8::new(1);

/// A running coordinator.
pub(crate) struct Grid {
    dir: TempDir,
    pub(crate) invite: Invite,
    stop: CancellationToken,
    running: JoinHandle<Result<(), RunError>>,
}

/// The configuration that tests start from.
pub(crate) fn config(dir: &Path) -> Config {
    let mut config = Config::in_folder(dir.to_owned());
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.open_enrolment = true;
    config
}

pub(crate) fn fresh_identity() -> Identity {
    Identity::from_seed(&[SEED.fetch_add(1, Ordering::Relaxed); 32])
}

impl Grid {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::in_dir(tempfile::tempdir().unwrap(), change).await
    }

    async fn in_dir(dir: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(dir.path());
        change(&mut config);
        let coordinator = Coordinator::start(config).await.unwrap();
        let invite = coordinator.invite().clone();
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        #[expect(clippy::disallowed_methods, reason = "the handle is kept and awaited")]
        let running = tokio::spawn(coordinator.serve(stopped));
        Self { dir, invite, stop, running }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Stops in order and starts again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let dir = self.stop().await;
        Self::in_dir(dir, |_| {}).await
    }

    /// Stops in order; the folder stays.
    pub(crate) async fn stop(self) -> TempDir {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
        self.dir
    }

    pub(crate) async fn connect(&self, identity: &Identity) -> Channel {
        link::connect(self.invite.endpoint(), identity).await.unwrap()
    }

    /// Whoever holds the data folder.
    pub(crate) async fn operator(&self) -> Person {
        let path = self.dir.path().join("coordinator.key");
        Person::new(self, Identity::load_or_create(&path).unwrap()).await
    }

    /// A scientist who was invited and joined.
    pub(crate) async fn scientist(&self) -> Person {
        let token = self.token(v1::Role::Scientist, "").await;
        let mut person = Person::new(self, fresh_identity()).await;
        person.jobs.join(v1::JoinRequest { token }).await.unwrap();
        person
    }

    /// A host of a volunteer of its own, attached.
    pub(crate) async fn host(&self) -> Worker {
        Worker::enrolled(self, fresh_identity(), "").await
    }

    /// A host of this volunteer, attached.
    pub(crate) async fn host_of(&self, volunteer: &str) -> Worker {
        let token = self.token(v1::Role::Host, volunteer).await;
        Worker::enrolled(self, fresh_identity(), &token).await
    }

    pub(crate) async fn token(&self, role: v1::Role, volunteer: &str) -> String {
        let request = v1::InviteRequest {
            role: role.into(),
            volunteer: volunteer.to_owned(),
            uses_max: 1,
            expires_at_ms: 0,
        };
        self.operator().await.admin.invite(request).await.unwrap().into_inner().token
    }
}

/// Somebody with a key, and all that they may call.
pub(crate) struct Person {
    pub(crate) identity: Identity,
    pub(crate) jobs: JobsClient<Channel>,
    pub(crate) blobs: BlobsClient<Channel>,
    pub(crate) admin: AdminClient<Channel>,
    pub(crate) work: WorkClient<Channel>,
}

impl Person {
    pub(crate) async fn new(grid: &Grid, identity: Identity) -> Self {
        let channel = grid.connect(&identity).await;
        Self {
            identity,
            jobs: JobsClient::new(channel.clone()),
            blobs: BlobsClient::new(channel.clone()),
            admin: AdminClient::new(channel.clone()),
            work: WorkClient::new(channel),
        }
    }

    pub(crate) async fn put(&mut self, bytes: &[u8]) -> Result<Digest, Status> {
        self.put_as(Digest::of(bytes), bytes).await
    }

    pub(crate) async fn put_as(&mut self, digest: Digest, bytes: &[u8]) -> Result<Digest, Status> {
        let head = v1::PutHead { digest: digest_bytes(digest), size_bytes: bytes.len() as u64 };
        let mut chunks = vec![v1::PutChunk { head: Some(head), data: Bytes::new() }];
        let data = bytes.chunks(100_000).map(Bytes::copy_from_slice);
        chunks.extend(data.map(|data| v1::PutChunk { head: None, data }));
        self.blobs.put(tokio_stream::iter(chunks)).await?;
        Ok(digest)
    }

    pub(crate) async fn read(&mut self, digest: Digest) -> Result<Vec<u8>, Status> {
        let request = v1::GetRequest { digest: digest_bytes(digest), offset: 0, length: 0 };
        let mut chunks = self.blobs.get(request).await?.into_inner();
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.message().await? {
            bytes.extend_from_slice(&chunk.data);
        }
        Ok(bytes)
    }

    /// Puts what a job needs and submits it.
    pub(crate) async fn submit(&mut self, manifest: &Manifest) -> v1::SubmitReply {
        self.put(MODULE).await.unwrap();
        let (bytes, _) = encode_manifest(manifest).unwrap();
        self.put(&bytes).await.unwrap();
        self.try_submit(manifest).await.unwrap()
    }

    pub(crate) async fn try_submit(
        &mut self,
        manifest: &Manifest,
    ) -> Result<v1::SubmitReply, Status> {
        self.try_submit_with(manifest, &[]).await
    }

    /// Submits a manifest whose blobs were put, with what is sent as its secret.
    pub(crate) async fn try_submit_with(
        &mut self,
        manifest: &Manifest,
        secret: &[u8],
    ) -> Result<v1::SubmitReply, Status> {
        let (_, digest) = encode_manifest(manifest).unwrap();
        let signature = self.identity.sign(Context::new("manyhands manifest v1"), &digest.0);
        let signature = Bytes::copy_from_slice(&signature);
        let secret = Bytes::copy_from_slice(secret);
        let request = v1::SubmitRequest { manifest: digest_bytes(digest), signature, secret };
        Ok(self.jobs.submit(request).await?.into_inner())
    }

    pub(crate) async fn job(&mut self, job: u64) -> v1::Job {
        self.jobs.get(v1::GetJobRequest { job }).await.unwrap().into_inner()
    }

    /// Waits until the job has ended.
    pub(crate) async fn finished(&mut self, job: u64) -> v1::Job {
        let mut states = self.jobs.watch(v1::GetJobRequest { job }).await.unwrap().into_inner();
        let mut last = None;
        while let Some(state) = states.message().await.unwrap() {
            last = Some(state);
        }
        last.unwrap()
    }

    pub(crate) async fn outputs(&mut self, job: u64) -> Vec<v1::UnitOutputs> {
        let request = v1::OutputsRequest { job, from: 0 };
        let mut units = self.jobs.outputs(request).await.unwrap().into_inner();
        let mut all = Vec::new();
        while let Some(unit) = units.message().await.unwrap() {
            all.push(unit);
        }
        all
    }

    /// The signed receipt of a job, verified.
    pub(crate) async fn receipt(&mut self, job: u64) -> Receipt {
        let request = v1::GetJobRequest { job };
        let mut chunks = self.jobs.receipt(request).await.unwrap().into_inner();
        let mut document = Vec::new();
        while let Some(chunk) = chunks.message().await.unwrap() {
            document.extend_from_slice(&chunk.data);
        }
        Receipt::open(&document).unwrap().body
    }
}

/// The program of all jobs here; nobody runs it.
pub(crate) const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// A job of `units` units, two of whose replicas must agree.
pub(crate) fn manifest(name: &str, units: u32) -> Manifest {
    Manifest::new(draft(name, units)).unwrap()
}

pub(crate) fn draft(name: &str, units: u32) -> Draft {
    let module = Digest::of(MODULE);
    let (module_bytes, memory_bytes_max) = (MODULE.len() as u64, 1 << 20);
    let values = Values::Range { start: 1, end: units.into(), step: 1 };
    Draft {
        name: name.to_owned(),
        description: "a test".to_owned(),
        app: AppVersion { module, module_bytes, kind: Kind::Command, memory_bytes_max, profile: 1 },
        args: vec!["{n}".to_owned()],
        inputs: Vec::new(),
        stdin: None,
        outputs: Vec::new(),
        axes: vec![Axis { name: "n".to_owned(), values }],
        policy: Policy::default(),
        secret: None,
    }
}

pub(crate) fn digest_bytes(digest: Digest) -> Bytes {
    Bytes::copy_from_slice(&digest.0)
}
