//! Runs that halt at a step: what disputes are decided by.

use std::path::{Path, PathBuf};
use std::time::Duration;

use manyhands_core::digest::Digest;
use manyhands_core::replica::{Class, Output as Reported, answer};
use manyhands_core::trust::bisect::{Bisection, Claim, Finding, Moment, Next};
use manyhands_worker::sandbox::{
    CheckpointPlan, Content, Control, Halt, Halted, HostErrorKind, Outcome, Program, RunReport, run,
};

use crate::workbench::{WALK, host_error, load, outputs, unit};

/// Runs until so many steps are done, and keeps the state if there is a folder.
fn halted(program: &Program, step: u64, folder: Option<&Path>, resume: Option<PathBuf>) -> Halted {
    match replay(program, step, folder, resume).outcome {
        Outcome::Halted(halted) => halted,
        other => panic!("it should have halted, but {other:?}"),
    }
}

fn replay(
    program: &Program,
    step: u64,
    folder: Option<&Path>,
    resume: Option<PathBuf>,
) -> RunReport {
    let halt = Some(Halt { step, folder: folder.map(Path::to_owned) });
    run(program, unit(), Control { halt, resume, ..Control::default() })
}

#[test]
fn the_state_at_a_step_is_the_same_however_it_was_reached() {
    let program = load(WALK);
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [(0, 1), (1, 2), (7, 100), (100, 199), (42, 42)] {
        let begun = halted(&program, from, Some(folder.path()), None);
        let checkpoint = begun.checkpoint.unwrap();
        assert_eq!((begun.step, begun.state_hash), (from, checkpoint.state_hash));
        let resumed = halted(&program, to, None, Some(checkpoint.path));
        let straight = halted(&program, to, None, None);
        assert_eq!(resumed, straight, "from {from} to {to}");
        assert_eq!((straight.step, straight.checkpoint), (to, None));
    }
}

#[test]
fn a_kept_state_goes_on_to_the_same_end() {
    let program = load(WALK);
    let folder = tempfile::tempdir().unwrap();
    // A checkpoint of the run itself may be on its way into the same folder.
    let control = Control {
        checkpoints: Some(CheckpointPlan {
            folder: folder.path().to_owned(),
            interval: Duration::ZERO,
        }),
        halt: Some(Halt { step: 77, folder: Some(folder.path().to_owned()) }),
        ..Control::default()
    };
    let Outcome::Halted(half) = run(&program, unit(), control).outcome else {
        panic!("it should have halted")
    };
    let resume = half.checkpoint.map(|kept| kept.path);
    let rest = run(&program, unit(), Control { resume, ..Control::default() });
    let whole = run(&program, unit(), Control::default());
    assert_eq!((rest.usage.steps, rest.usage.work), (200, whole.usage.work));
    assert_eq!(outputs(&rest), outputs(&whole));
}

#[test]
fn a_run_that_ends_before_ends_as_ever() {
    let program = load(WALK);
    let whole = run(&program, unit(), Control::default());
    for step in [200, 201, u64::MAX] {
        let report = replay(&program, step, None, None);
        assert_eq!(outputs(&report), outputs(&whole));
        assert_eq!(report.usage.steps, 200);
    }
}

#[test]
fn a_checkpoint_beyond_the_step_is_of_no_use() {
    let program = load(WALK);
    let folder = tempfile::tempdir().unwrap();
    let later = halted(&program, 50, Some(folder.path()), None).checkpoint.unwrap();
    let report = replay(&program, 49, None, Some(later.path));
    assert_eq!(host_error(&report).kind, HostErrorKind::Checkpoint);
}

/// Sums up random-looking numbers in 1,000 steps, and adds something of its own in one of them.
fn sum_that_adds(added: i64, at: u32, at_the_end: u8) -> Program {
    let wat = format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write"
            (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (global $steps (mut i32) (i32.const 0))
        (data (i32.const 0) "\10\00\00\00\09\00\00\00")
        (func (export "manyhands_step") (result i32)
            (i64.store (i32.const 16) (i64.add (i64.const 1442695040888963407)
                (i64.mul (i64.load (i32.const 16)) (i64.const 6364136223846793005))))
            (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
            (if (i32.eq (global.get $steps) (i32.const {at})) (then
                (i64.store (i32.const 16) (i64.add (i64.load (i32.const 16)) (i64.const {added})))))
            (if (i32.lt_u (global.get $steps) (i32.const 1000)) (then (return (i32.const 0))))
            (i32.store8 (i32.const 24) (i32.const {at_the_end}))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
            (i32.const 1)))"#
    );
    load(&wat::parse_str(wat).unwrap())
}

/// What a run says of itself after so many calls, as a worker reports it.
fn moment(report: &RunReport) -> Moment {
    match &report.outcome {
        Outcome::Halted(halted) => Moment::Running(Digest(halted.state_hash)),
        _ => Moment::Ended(class(report)),
    }
}

fn class(report: &RunReport) -> Class {
    let outputs = outputs(report).iter().map(|output| match &output.content {
        Content::Inline(bytes) => Reported::inline(&output.name, bytes.to_vec()),
        Content::File(path) => panic!("{} is a file", path.display()),
    });
    Class::Outputs { answer: answer(&outputs.collect::<Vec<_>>()), work: report.usage.work }
}

fn claim(program: &Program) -> Claim {
    let report = run(program, unit(), Control::default());
    Claim { class: class(&report), ended_by: report.usage.steps, told: None }
}

/// Two machines that compute differently from one step on: the step is found, and a judge that makes
/// only this step finds who was wrong.
#[test]
fn the_machine_that_computed_one_step_wrongly_is_found_by_replaying_that_step() {
    // Of the same shape, so that they count the same work: it is part of the state.
    for (added, differ_at, at_the_end) in [
        (1, 637, 0),
        (1, 1, 0),
        (1, 1000, 0),
        // All states are true, and only the output is not.
        (0, 1000, 1),
    ] {
        let honest = sum_that_adds(0, differ_at, 0);
        let liar = sum_that_adds(added, differ_at, at_the_end);
        let parties = [&liar, &honest];
        let mut bisection = Bisection::open(parties.map(claim)).unwrap();
        let mut rounds = 0;
        let (from, calls) = loop {
            match bisection.next() {
                Next::Ask { calls } => {
                    let answers =
                        parties.map(|party| Some(moment(&replay(party, calls, None, None))));
                    assert_eq!(bisection.told(answers), None);
                    rounds += 1;
                }
                Next::Judge { from, calls } => break (from, calls),
            }
        };
        assert_eq!(calls, u64::from(differ_at));
        assert!(rounds <= 10, "{rounds} rounds for 1,000 steps");

        let folder = tempfile::tempdir().unwrap();
        let handed_over = from.map(|agreed| {
            let kept = halted(&honest, calls - 1, Some(folder.path()), None).checkpoint.unwrap();
            assert_eq!(Digest(kept.state_hash), agreed);
            kept.path
        });
        let judged = moment(&replay(&honest, calls, None, handed_over));
        let findings = bisection.judged([judged; 4], 4);
        assert_eq!(findings, Some([Finding::Refuted, Finding::Stands]));
    }
}
