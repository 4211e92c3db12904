//! A step program that is stopped, moved and resumed ends as if nothing had happened.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use manyhands_worker::sandbox::{
    CheckpointPlan, Control, HostErrorKind, Input, Outcome, Program, Requests, RunEvent, RunReport,
    Unit, run,
};
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::{collection, prop_assert_eq};

use crate::workbench::{WALK, host_error, load, outputs, run_plain, text, unit};

fn plan(folder: &Path, interval: Duration) -> Option<CheckpointPlan> {
    Some(CheckpointPlan { folder: folder.to_owned(), interval })
}

fn uninterrupted(program: &Program, unit: Unit) -> RunReport {
    run(program, unit, Control { wants_state_hash: true, ..Control::default() })
}

/// Runs until `steps` more steps are done, then drains; `None` if it ended before.
fn run_until(
    program: &Program,
    unit: Unit,
    folder: &Path,
    resume: Option<PathBuf>,
    drain_at_ppm: u32,
) -> RunReport {
    // The guest drains itself: a request is seen at the end of the step under way, and every step of
    // this guest reaches the hook below through its checkpoint event.
    let requests = Arc::new(Requests::default());
    let asked = Arc::clone(&requests);
    let mut seen = 0;
    let control = Control {
        requests,
        checkpoints: plan(folder, Duration::ZERO),
        resume,
        wants_state_hash: true,
        halt: None,
        on_event: Some(Box::new(move |_event| {
            seen += 1;
            if seen > drain_at_ppm {
                asked.drain();
            }
        })),
    };
    run(program, unit, control)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// The state hash, the outputs and the log are those of an uninterrupted run, wherever it was cut.
    #[test]
    fn cut_and_resumed_anywhere(
        cuts in collection::vec(0u32..90, 1..4),
        seed in any::<[u8; 32]>(),
    ) {
        let program = load(WALK);
        let unit = Unit { seed, ..unit() };
        let whole = uninterrupted(&program, unit.clone());
        let folder = tempfile::tempdir().unwrap();
        let mut resume = None;
        for cut in cuts {
            let report = run_until(&program, unit.clone(), folder.path(), resume.take(), cut);
            let Outcome::Drained(checkpointed) = report.outcome else { break };
            // Another machine has another folder.
            let moved = folder.path().join(format!("moved-{}", checkpointed.step));
            fs::rename(checkpointed.path, &moved).unwrap();
            resume = Some(moved);
        }
        let control = Control { resume, wants_state_hash: true, ..Control::default() };
        let rest = run(&program, unit, control);
        prop_assert_eq!(rest.state_hash, whole.state_hash);
        prop_assert_eq!(rest.usage.steps, 200);
        prop_assert_eq!(outputs(&rest), outputs(&whole));
        prop_assert_eq!(rest.log, whole.log);
    }
}

/// The hash in a checkpoint is the hash that a run which never wrote one has at that step.
#[test]
fn a_checkpoint_hashes_to_the_state_at_its_step() {
    let program = load(WALK);
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [straight, detour] = &folders;
    let Outcome::Drained(once) = run_until(&program, unit(), straight.path(), None, 60).outcome
    else {
        panic!("it should have been drained")
    };
    let Outcome::Drained(first) = run_until(&program, unit(), detour.path(), None, 20).outcome
    else {
        panic!("it should have been drained")
    };
    let resumed = run_until(&program, unit(), detour.path(), Some(first.path), 39).outcome;
    let Outcome::Drained(second) = resumed else { panic!("it should have been drained") };
    assert_eq!((once.step, once.state_hash), (second.step, second.state_hash));
}

/// The guest goes on while its state is written, and may end first; the checkpoint is whole all the same.
#[test]
fn a_checkpoint_that_a_short_run_overtakes() {
    let program = load(WALK);
    let folder = tempfile::tempdir().unwrap();
    let requests = Arc::new(Requests::default());
    requests.checkpoint();
    let (told, heard) = mpsc::channel();
    let control = Control {
        requests,
        checkpoints: plan(folder.path(), Duration::from_secs(3600)),
        on_event: Some(Box::new(move |event| {
            if let RunEvent::Checkpointed { checkpointed, .. } = event {
                told.send(checkpointed).unwrap();
            }
        })),
        ..Control::default()
    };
    let whole = run(&program, unit(), control);
    let checkpointed: Vec<_> = heard.iter().collect();
    let [checkpointed] = checkpointed.as_slice() else { panic!("{checkpointed:?}") };
    assert_eq!(checkpointed.step, 1);
    let rest = resume(&program, unit(), &checkpointed.path);
    assert_eq!(outputs(&rest), outputs(&whole));
}

fn checkpoint(folder: &Path) -> (Program, PathBuf) {
    let program = load(WALK);
    let Outcome::Drained(checkpointed) = run_until(&program, unit(), folder, None, 30).outcome
    else {
        panic!("it should have been drained")
    };
    (program, checkpointed.path)
}

fn resume(program: &Program, unit: Unit, path: &Path) -> RunReport {
    run(program, unit, Control { resume: Some(path.to_owned()), ..Control::default() })
}

#[test]
fn checkpoints_of_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let (program, path) = checkpoint(folder.path());
    assert!(text(&resume(&program, unit(), &path), "stdout").contains("sum "));

    let report = resume(&program, Unit { seed: [1; 32], ..unit() }, &path);
    assert_eq!(host_error(&report).kind, HostErrorKind::Checkpoint);
    assert!(host_error(&report).message.contains("another work unit"));

    let other = load(
        &wat::parse_str(
            r#"(module (memory (export "memory") 1)
                (func (export "manyhands_step") (result i32) (i32.const 1)))"#,
        )
        .unwrap(),
    );
    let report = resume(&other, unit(), &path);
    assert!(host_error(&report).message.contains("another module"));
    let report = resume(&program, unit(), &folder.path().join("missing"));
    assert_eq!(host_error(&report).kind, HostErrorKind::Checkpoint);
}

#[test]
fn other_versions_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (program, path) = checkpoint(folder.path());
    let good = fs::read(&path).unwrap();
    for (offset, word) in [(8, "format 9"), (12, "profile 9")] {
        let mut bytes = good.clone();
        bytes[offset] = 9;
        fs::write(&path, &bytes).unwrap();
        let report = resume(&program, unit(), &path);
        assert!(host_error(&report).message.contains(word), "{:?}", report.outcome);
    }
}

/// Every byte counts: damage anywhere, and any truncation, is refused and never panics.
#[test]
fn damaged_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let (program, path) = checkpoint(folder.path());
    let good = fs::read(&path).unwrap();
    let damaged = folder.path().join("damaged");
    let check = |bytes: &[u8], what: String| {
        fs::write(&damaged, bytes).unwrap();
        let report = resume(&program, unit(), &damaged);
        assert_eq!(host_error(&report).kind, HostErrorKind::Checkpoint, "{what}");
    };
    for offset in (0..good.len()).step_by(good.len() / 60 + 1).chain(0..128) {
        let mut bytes = good.clone();
        bytes[offset] ^= 0x10;
        check(&bytes, format!("bit flipped at {offset}"));
    }
    for length in (0..good.len()).step_by(good.len() / 40 + 1) {
        check(&good[..length], format!("cut to {length}"));
    }
}

/// Hidden globals of every type are part of the state.
#[test]
fn globals_of_every_type() {
    let program = load(
        &wat::parse_str(
            r#"(module (memory (export "memory") 1)
                (global $a (mut i32) (i32.const 0)) (global $b (mut i64) (i64.const 0))
                (global $c (mut f32) (f32.const 0)) (global $d (mut f64) (f64.const 0))
                (global $e (mut v128) (v128.const i64x2 0 0))
                (func (export "manyhands_step") (result i32)
                    (global.set $a (i32.sub (global.get $a) (i32.const 1)))
                    (global.set $b (i64.sub (global.get $b) (i64.const 1)))
                    (global.set $c (f32.add (global.get $c) (f32.const 0.5)))
                    (global.set $d (f64.div (global.get $d) (f64.const 0)))
                    (global.set $e (i32x4.sub (global.get $e) (i32x4.splat (i32.const 1))))
                    (i32.eq (global.get $a) (i32.const -50))))"#,
        )
        .unwrap(),
    );
    let folder = tempfile::tempdir().unwrap();
    let whole = uninterrupted(&program, unit());
    let Outcome::Drained(half) = run_until(&program, unit(), folder.path(), None, 20).outcome
    else {
        panic!("it should have been drained")
    };
    let control = Control { resume: Some(half.path), wants_state_hash: true, ..Control::default() };
    assert_eq!(run(&program, unit(), control).state_hash, whole.state_hash);
}

/// What the program took for good memory at its start and then cleared must stay cleared.
#[test]
fn memory_that_was_cleared() {
    let program = load(
        &wat::parse_str(
            r#"(module (memory (export "memory") 3 4) (data (i32.const 70000) "given")
                (func (export "manyhands_step") (result i32)
                    (if (i32.load8_u (i32.const 0)) (then
                        (if (i32.load (i32.const 70000)) (then unreachable))
                        (if (i32.ne (i32.load8_u (i32.const 250000)) (i32.const 5))
                            (then unreachable))
                        (return (i32.const 1))))
                    (drop (memory.grow (i32.const 1)))
                    (i32.store8 (i32.const 0) (i32.const 1))
                    (i32.store8 (i32.const 250000) (i32.const 5))
                    (memory.fill (i32.const 70000) (i32.const 0) (i32.const 5))
                    (i32.const 0)))"#,
        )
        .unwrap(),
    );
    let folder = tempfile::tempdir().unwrap();
    let Outcome::Drained(half) = run_until(&program, unit(), folder.path(), None, 0).outcome else {
        panic!("it should have been drained")
    };
    let rest = resume(&program, unit(), &half.path);
    assert!(outputs(&rest).is_empty());
}

/// A listing half read, longer than all the files that the guest may make, goes on where it was.
#[test]
fn a_listing_half_read() {
    let program = load(
        &wat::parse_str(
            r#"(module
                (import "wasi_snapshot_preview1" "fd_readdir"
                    (func $list (param i32 i32 i32 i64 i32) (result i32)))
                (import "wasi_snapshot_preview1" "fd_write"
                    (func $write (param i32 i32 i32 i32) (result i32)))
                (memory (export "memory") 1) (global $cookie (mut i64) (i64.const 0))
                (data (i32.const 0) "\10\00\00\00\60\00\00\00")
                (func (export "manyhands_step") (result i32)
                    (if (call $list (i32.const 3) (i32.const 16) (i32.const 96)
                            (global.get $cookie) (i32.const 8)) (then unreachable))
                    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                    (global.set $cookie (i64.add (global.get $cookie) (i64.const 2)))
                    (i64.ge_u (global.get $cookie) (i64.const 40))))"#,
        )
        .unwrap(),
    );
    let mut unit = unit();
    unit.inputs = (0..50).map(|n| Input::new(format!("input-{n}"), "")).collect();
    unit.limits.files = 2;
    let folder = tempfile::tempdir().unwrap();
    let whole = uninterrupted(&program, unit.clone());
    let Outcome::Drained(half) = run_until(&program, unit.clone(), folder.path(), None, 7).outcome
    else {
        panic!("it should have been drained")
    };
    let control = Control { resume: Some(half.path), wants_state_hash: true, ..Control::default() };
    let rest = run(&program, unit, control);
    assert_eq!(outputs(&rest), outputs(&whole));
    assert_eq!(rest.state_hash, whole.state_hash);
}

#[test]
fn a_step_that_answers_nonsense() {
    let wat = r#"(module (memory (export "memory") 1)
        (func (export "manyhands_step") (result i32) (i32.const 7)))"#;
    let report = run_plain(&load(&wat::parse_str(wat).unwrap()), unit());
    let error = crate::workbench::app_error(&report);
    assert_eq!(error.to_string(), "manyhands_step returned 7; 0 means more, 1 means done");
}
