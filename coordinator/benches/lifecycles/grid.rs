//! A coordinator in this process, and what it takes to talk to it.

use std::path::Path;

use bytes::Bytes;
use manyhands_coordinator::{Config, Coordinator};
use manyhands_core::digest::Digest;
use manyhands_core::manifest::{AppVersion, Axis, Draft, Manifest, Values};
use manyhands_core::policy::Policy;
use manyhands_core::requirement::Kind;
use manyhands_proto::convert::encode_manifest;
use manyhands_proto::identity::{Context, Identity};
use manyhands_proto::link::{self, KEY_HEADER};
use manyhands_proto::v1;
use manyhands_proto::v1::blobs_client::BlobsClient;
use manyhands_proto::v1::jobs_client::JobsClient;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};

/// The program of all jobs here; nobody runs it.
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// A running coordinator.
pub(crate) struct Grid {
    pub(crate) dir: tempfile::TempDir,
    address: String,
    endpoint: link::Endpoint,
    stop: oneshot::Sender<()>,
    running: JoinSet<()>,
}

impl Grid {
    pub(crate) async fn start(dir: tempfile::TempDir) -> Self {
        let coordinator = Coordinator::start(config(dir.path())).await.unwrap();
        let address = format!("http://{}", coordinator.address());
        let endpoint = coordinator.invite().endpoint().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut running = JoinSet::new();
        running.spawn(async move {
            let shutdown = async { drop(stopped.await) };
            coordinator.serve(shutdown).await.unwrap();
        });
        Self { dir, address, endpoint, stop, running }
    }

    pub(crate) async fn stop(mut self) -> tempfile::TempDir {
        self.stop.send(()).unwrap();
        self.running.join_next().await.unwrap().unwrap();
        self.dir
    }

    /// A connection that many hosts share.
    pub(crate) async fn channel(&self) -> Channel {
        Endpoint::from_shared(self.address.clone()).unwrap().connect().await.unwrap()
    }

    /// How many units of a job have ended.
    pub(crate) async fn done(&self, job: u64) -> u64 {
        let mut jobs = JobsClient::new(self.operator().await.1);
        let job = jobs.get(v1::GetJobRequest { job }).await.unwrap().into_inner();
        job.units.unwrap().done
    }

    async fn operator(&self) -> (Identity, link::Channel) {
        let path = self.dir.path().join("coordinator.key");
        let operator = Identity::load_or_create(&path).unwrap();
        let channel = link::connect(&self.endpoint, &operator).await.unwrap();
        (operator, channel)
    }

    /// Submits a job of so many units, as the operator.
    pub(crate) async fn submit(&self, units: u32) -> u64 {
        let (operator, channel) = self.operator().await;
        let (manifest, digest) = encode_manifest(&manifest(units)).unwrap();
        let mut blobs = BlobsClient::new(channel.clone());
        for bytes in [Bytes::from_static(MODULE), manifest] {
            let (digest, size_bytes) = (digest_bytes(Digest::of(&bytes)), bytes.len() as u64);
            let head = Some(v1::PutHead { digest, size_bytes });
            blobs.put(tokio_stream::iter([v1::PutChunk { head, data: bytes }])).await.unwrap();
        }
        let signature = operator.sign(Context::new("manyhands manifest v1"), &digest.0);
        let request = v1::SubmitRequest {
            manifest: digest_bytes(digest),
            signature: Bytes::copy_from_slice(&signature),
            secret: Bytes::new(),
        };
        JobsClient::new(channel).submit(request).await.unwrap().into_inner().job
    }
}

fn config(dir: &Path) -> Config {
    let mut config = Config::in_folder(dir.to_owned());
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.plain = true;
    config.open_enrolment = true;
    config
}

/// Two replicas of each unit must agree.
fn manifest(units: u32) -> Manifest {
    let values = Values::Range { start: 1, end: units.into(), step: 1 };
    let draft = Draft {
        name: "lifecycles".to_owned(),
        description: "a benchmark".to_owned(),
        app: AppVersion {
            module: Digest::of(MODULE),
            module_bytes: MODULE.len() as u64,
            kind: Kind::Command,
            memory_bytes_max: 1 << 20,
            profile: 1,
        },
        args: vec!["{n}".to_owned()],
        inputs: Vec::new(),
        stdin: None,
        outputs: Vec::new(),
        axes: vec![Axis { name: "n".to_owned(), values }],
        policy: Policy::default(),
        secret: None,
    };
    Manifest::new(draft).unwrap()
}

pub(crate) fn digest_bytes(digest: Digest) -> Bytes {
    Bytes::copy_from_slice(&digest.0)
}

/// Who host number `host` is.
pub(crate) fn identity(host: usize) -> Identity {
    let mut seed = [1; 32];
    seed[..8].copy_from_slice(&(host as u64).to_le_bytes());
    Identity::from_seed(&seed)
}

/// A request of host number `host`.
pub(crate) fn as_host<T>(host: usize, message: T) -> Request<T> {
    let key = identity(host).public_key().to_string();
    let mut request = Request::new(message);
    request.metadata_mut().insert(KEY_HEADER, key.parse().unwrap());
    request
}
