//! A slot, modules on disk, and runs of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use manyhands_prepare::prepare;
use manyhands_worker::sandbox::{Limits, RunReport};
use manyhands_worker::slots::{Priority, Run, RunSpec, Slot, SlotCommand, SlotEvent};
use manyhands_worker::wall::Room;
use tempfile::TempDir;

pub(crate) const TOUR_C: &[u8] = include_bytes!("../guests/tour-c.wasm");
pub(crate) const WALK: &[u8] = include_bytes!("../guests/walk.wasm");

/// A step program that never ends, in short steps.
pub(crate) const ENDLESS_STEPS: &str = r#"(module (memory (export "memory") 1)
    (func (export "manyhands_step") (result i32) (local $i i32)
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
            (i32.const 100000))))
        (i32.const 0)))"#;

/// A command that never ends.
pub(crate) const LOOP: &str =
    r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;

/// Counts to some hundred steps of a millisecond or so each, and says so.
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
                (i32.const 1000000))))
        (i64.store (i32.const 16) (local.get $sum))
        (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
        (if (i32.lt_u (global.get $steps) (i32.const 400)) (then (return (i32.const 0))))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
        (i32.const 1)))"#;

/// A folder with everything that a slot needs; gone with the test.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["out", "checkpoints"] {
            fs::create_dir(bench.path(folder)).unwrap();
        }
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn slot(&self) -> Slot {
        Slot::new(SlotCommand {
            program: env!("CARGO_BIN_EXE_manyhands-slot").into(),
            args: Vec::new(),
            compiled_folder: self.path("compiled"),
            room: self.room(),
            priority: Priority::Inherited,
            group: None,
        })
    }

    /// All that a slot may touch: it reads anything here, and writes outputs and checkpoints.
    pub(crate) fn room(&self) -> Room {
        Room {
            readable: vec![self.folder.path().into()],
            writable: vec![self.path("out"), self.path("checkpoints")],
        }
    }

    pub(crate) fn spec_of_text(&self, wat: &str) -> RunSpec {
        self.spec(&wat::parse_str(wat).unwrap())
    }

    pub(crate) fn spec(&self, wasm: &[u8]) -> RunSpec {
        let prepared = prepare(wasm).unwrap();
        let module_path = self.path("module.wasm");
        fs::write(&module_path, prepared.bytes).unwrap();
        RunSpec {
            module_path,
            module_digest: prepared.digest,
            args: vec!["program".to_owned()],
            stdin: Bytes::new(),
            inputs: Vec::new(),
            seed: [3; 32],
            limits: Limits { memory_bytes: 64 << 20, ..Limits::default() },
            resume: None,
            checkpoint_folder: Some(self.path("checkpoints")),
            checkpoint_interval: RunSpec::CHECKPOINT_INTERVAL,
            output_folder: self.path("out"),
            wants_state_hash: true,
            halt: None,
        }
    }
}

/// Waits for the end of a run.
pub(crate) async fn end(run: &mut Run<'_>) -> RunReport {
    loop {
        match run.next().await.expect("a run ends with an event") {
            SlotEvent::Ended(report) => return report,
            SlotEvent::Killed => panic!("nobody asked to kill it"),
            SlotEvent::Started { .. } | SlotEvent::Progress { .. } | SlotEvent::Checkpointed(_) => {
            }
        }
    }
}

pub(crate) async fn run(slot: &mut Slot, spec: &RunSpec) -> RunReport {
    end(&mut slot.start(spec).await.unwrap()).await
}

/// Waits until the guest is called.
pub(crate) async fn started(run: &mut Run<'_>) -> u64 {
    match run.next().await {
        Some(SlotEvent::Started { step }) => step,
        other => panic!("not started but {other:?}"),
    }
}

/// `Started` may be preceded by nothing; a checkpoint may be preceded by progress.
pub(crate) async fn checkpointed(
    run: &mut Run<'_>,
) -> manyhands_worker::sandbox::checkpoint::Checkpointed {
    loop {
        match run.next().await {
            Some(SlotEvent::Checkpointed(checkpointed)) => return checkpointed,
            Some(SlotEvent::Progress { .. }) => {}
            other => panic!("no checkpoint but {other:?}"),
        }
    }
}

pub(crate) const SOON: Duration = Duration::from_millis(1);

/// State letter of a process in the system's table: `T` for stopped.
pub(crate) fn state_of(process: u32) -> char {
    let stat = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
    let stat = stat.unwrap();
    stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
}
