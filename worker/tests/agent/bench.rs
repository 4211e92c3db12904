//! A worker to test, and jobs for it.

use std::path::Path;

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::manifest::{AppVersion, Axis, Draft, Manifest, Values};
use manyhands_core::policy::Policy;
use manyhands_core::requirement::Kind;
use manyhands_core::trust::Confidence;
use manyhands_proto::convert::encode_manifest;
use manyhands_proto::identity::{Context, Identity};
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as Out;
use manyhands_worker::config::{Slots, Written};
use manyhands_worker::control::Status;
use manyhands_worker::slots::Priority;
use manyhands_worker::{Config, SlotProgram, Stop, WorkerError};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::coordinator::{Coordinator, Stream};

const MANIFEST: Context = Context::new("manyhands manifest v1");

/// A command that writes its argument vector's size and one line.
pub(crate) const HELLO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\06\00\00\00")
    (data (i32.const 16) "hello\n")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))"#;

/// A command that writes 64 KiB of zeros.
pub(crate) const LARGE: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "\10\00\00\00\00\00\01\00")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

/// A command that never ends.
pub(crate) const LOOP: &str =
    r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;

/// A command that fails.
pub(crate) const TRAP: &str =
    r#"(module (memory (export "memory") 1) (func (export "_start") (unreachable)))"#;

/// What [`COUNT`] takes.
pub(crate) const COUNT_STEPS: u64 = 1000;

/// [`COUNT_STEPS`] steps of a few milliseconds each, so that it lasts for several checkpoints on any
/// machine, and then a number that depends on all of them.
pub(crate) const COUNT: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (global $steps (mut i32) (i32.const 0))
    (data (i32.const 0) "\10\00\00\00\08\00\00\00")
    (func (export "manyhands_step") (result i32) (local $i i32) (local $sum i64)
        (local.set $sum (i64.load (i32.const 16)))
        (loop
            (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 6364136223846793005))
                (i64.const 1442695040888963407)))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                (i32.const 2000000))))
        (i64.store (i32.const 16) (local.get $sum))
        (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
        (if (i32.lt_u (global.get $steps) (i32.const 1000)) (then (return (i32.const 0))))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
        (i32.const 1)))"#;

/// A running worker.
pub(crate) struct Worker {
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) stop: watch::Sender<Stop>,
    ended: JoinSet<Result<(), WorkerError>>,
}

impl Worker {
    /// One slot, and data in `dir`.
    pub(crate) fn start(dir: &Path, invite: &str) -> Self {
        Self::with(one_slot(dir, invite))
    }

    pub(crate) fn with(config: Config) -> Self {
        let slot = env!("CARGO_BIN_EXE_manyhands-slot").into();
        Self::with_slots(config, SlotProgram { program: slot, args: Vec::new() })
    }

    pub(crate) fn with_slots(config: Config, slot: SlotProgram) -> Self {
        let (shown, status) = watch::channel(Status::default());
        let (stop, stopped) = watch::channel(Stop::Run);
        let mut ended = JoinSet::new();
        ended.spawn(manyhands_worker::run(config, slot, shown, stopped));
        Self { status, stop, ended }
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(self, how: Stop) -> Result<(), WorkerError> {
        self.stop.send_replace(how);
        self.ended().await
    }

    pub(crate) async fn ended(mut self) -> Result<(), WorkerError> {
        self.ended.join_next().await.unwrap().unwrap()
    }
}

/// One slot, and data in `dir`.
pub(crate) fn one_slot(dir: &Path, invite: &str) -> Config {
    Config::new(Written {
        always: Some(true),
        invite: Some(invite.parse().unwrap()),
        data_dir: Some(dir.to_owned()),
        slots: Some(Slots::Count(1.try_into().unwrap())),
        slot_memory: Some(64 << 20),
        // Whatever else runs here must not decide how long a test takes.
        priority: Some(Priority::Inherited),
        ..Written::default()
    })
    .unwrap()
}

/// A coordinator, a worker, and the stream between them.
pub(crate) struct Bench {
    pub(crate) dir: TempDir,
    pub(crate) coordinator: Coordinator,
    pub(crate) worker: Worker,
    pub(crate) stream: Stream,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut coordinator = Coordinator::start().await;
        let worker = Worker::start(dir.path(), &coordinator.invite());
        let stream = coordinator.accept().await;
        Self { dir, coordinator, worker, stream }
    }

    /// Leases these units of the job that `program` makes.
    pub(crate) async fn lease(&self, program: &str, units: impl IntoIterator<Item = u32>) {
        let job = Job::of(program);
        job.put(&self.coordinator);
        self.stream.say(job.leases(units)).await;
    }
}

/// A job whose axis has a hundred numbers.
pub(crate) struct Job {
    pub(crate) leased: v1::LeasedJob,
    pub(crate) manifest: Bytes,
    pub(crate) module: Vec<u8>,
}

impl Job {
    pub(crate) fn of(program: &str) -> Self {
        let kind = if program.contains("manyhands_step") { Kind::Step } else { Kind::Command };
        Self::of_kind(program, kind)
    }

    pub(crate) fn of_kind(program: &str, kind: Kind) -> Self {
        Self::with_memory(program, kind, 8 << 20)
    }

    /// One that has every answer checked that a host chose to give.
    pub(crate) fn with_confidence(program: &str) -> Self {
        let confidence =
            Confidence { error_ppb: 1_000_000, hostile_ppm: 200_000, colluding_ppm: 200_000 };
        let policy = Policy { confidence: Some(confidence), ..Policy::default() };
        Self::with_policy(program, Kind::Command, 8 << 20, policy)
    }

    pub(crate) fn with_memory(program: &str, kind: Kind, memory_bytes_max: u64) -> Self {
        Self::with_policy(program, kind, memory_bytes_max, Policy::default())
    }

    fn with_policy(program: &str, kind: Kind, memory_bytes_max: u64, policy: Policy) -> Self {
        let module = wat::parse_str(program).unwrap();
        let app = AppVersion {
            module: Digest::of(&module),
            module_bytes: module.len() as u64,
            kind,
            memory_bytes_max,
            profile: manyhands_prepare::PROFILE,
        };
        let draft = Draft {
            name: "a job".to_owned(),
            description: String::new(),
            app,
            args: vec!["{n}".to_owned()],
            inputs: Vec::new(),
            stdin: None,
            outputs: Vec::new(),
            axes: vec![Axis {
                name: "n".to_owned(),
                values: Values::Range { start: 1, end: 100, step: 1 },
            }],
            policy,
            secret: None,
        };
        let (manifest, digest) = encode_manifest(&Manifest::new(draft).unwrap()).unwrap();
        let scientist = Identity::from_seed(&[9; 32]);
        let signature = scientist.sign(MANIFEST, digest.as_bytes());
        let leased = v1::LeasedJob {
            job: 1,
            manifest: Bytes::copy_from_slice(digest.as_bytes()),
            manifest_bytes: manifest.len() as u64,
            submitter: Bytes::copy_from_slice(scientist.public_key().as_bytes()),
            signature: Bytes::copy_from_slice(&signature),
            submitter_name: "ada".to_owned(),
        };
        Self { leased, manifest, module }
    }

    /// Gives the coordinator the job's blobs.
    pub(crate) fn put(&self, coordinator: &Coordinator) {
        coordinator.put(&self.leased.manifest, self.manifest.clone());
        coordinator.put(Digest::of(&self.module).as_bytes(), self.module.clone());
    }

    /// Leases of these units.
    pub(crate) fn leases(&self, units: impl IntoIterator<Item = u32>) -> Out {
        let leases = units.into_iter().map(|unit| lease(replica(unit))).collect();
        Out::Leases(v1::Leases { leases, jobs: vec![self.leased.clone()] })
    }
}

pub(crate) fn replica(unit: u32) -> v1::ReplicaId {
    v1::ReplicaId { job: 1, unit, number: 0 }
}

pub(crate) fn lease(replica: v1::ReplicaId) -> v1::Lease {
    let deadline = u64::MAX;
    v1::Lease {
        replica: Some(replica),
        deadline_at_ms: deadline,
        resume: None,
        hard_deadline_at_ms: deadline,
        replay: None,
        input_keys: Vec::new(),
    }
}

/// The message of a host error.
#[track_caller]
pub(crate) fn host_error(report: v1::Report) -> String {
    match report.outcome {
        Some(v1::report::Outcome::HostError(error)) => error.message,
        other => panic!("no host error but {other:?}"),
    }
}

/// The only output.
#[track_caller]
pub(crate) fn output(report: v1::Report) -> v1::Artefact {
    match report.outcome {
        Some(v1::report::Outcome::Success(success)) => {
            let [output] = success.outputs.try_into().unwrap();
            output
        }
        other => panic!("no success but {other:?}"),
    }
}
