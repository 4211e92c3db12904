//! A step program that moves between code generators has, at every step, the state of one that stayed.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use manyhands_prepare::{Kind, prepare};
use manyhands_twin::{Answer, Case, Machine, corpus};
use manyhands_worker::sandbox::{
    CheckpointPlan, Control, Outcome, Program, Requests, RunEvent, RunReport, Sandbox, Unit, run,
};
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::{collection, prop_assert_eq};

static NATIVE: LazyLock<Sandbox> = LazyLock::new(|| Machine::Native.sandbox().unwrap());
static PULLEY: LazyLock<Sandbox> = LazyLock::new(|| Machine::Pulley.sandbox().unwrap());

/// A guest on both machines.
struct Guest {
    unit: Unit,
    native: Program,
    pulley: Program,
}

impl Guest {
    fn new(case: Case) -> Self {
        let prepared = prepare(&case.wasm).unwrap();
        let load = |on: &Sandbox| on.load(&prepared.digest, || Ok(prepared.bytes.clone())).unwrap();
        Self { unit: case.unit, native: load(&NATIVE), pulley: load(&PULLEY) }
    }

    fn on(&self, machine: Machine) -> &Program {
        match machine {
            Machine::Native => &self.native,
            Machine::Pulley => &self.pulley,
        }
    }
}

type States = BTreeMap<u64, [u8; 32]>;

/// Runs on one machine, writes down the state hash after every step, and drains after `steps_max`.
fn stretch(
    program: &Program,
    unit: &Unit,
    folder: &Path,
    resume: Option<PathBuf>,
    steps_max: usize,
) -> (RunReport, States) {
    let requests = Arc::new(Requests::default());
    let states = Arc::new(Mutex::new(States::new()));
    let (asked, seen) = (Arc::clone(&requests), Arc::clone(&states));
    let control = Control {
        requests,
        checkpoints: Some(CheckpointPlan { folder: folder.to_owned(), interval: Duration::ZERO }),
        resume,
        wants_state_hash: true,
        halt: None,
        on_event: Some(Box::new(move |event| {
            if let RunEvent::Checkpointed { checkpointed: state, .. } = event {
                let mut seen = seen.lock().unwrap();
                seen.insert(state.step, state.state_hash);
                if seen.len() == steps_max {
                    asked.drain();
                }
            }
        })),
    };
    let report = run(program, unit.clone(), control);
    let mut states = states.lock().unwrap().clone();
    if let Outcome::Drained(last) = &report.outcome {
        states.insert(last.step, last.state_hash);
    }
    (report, states)
}

/// Runs in stretches of these lengths, each on its machine, and the rest where it began.
fn moved(guest: &Guest, stretches: &[(bool, usize)]) -> (RunReport, States) {
    let folder = tempfile::tempdir().unwrap();
    let mut states = States::new();
    let mut resume = None;
    for &(on_pulley, length) in stretches {
        let machine = if on_pulley { Machine::Pulley } else { Machine::Native };
        let (report, seen) =
            stretch(guest.on(machine), &guest.unit, folder.path(), resume.take(), length);
        states.extend(seen);
        let Outcome::Drained(checkpointed) = report.outcome else { return (report, states) };
        // Another machine has another folder.
        let path = folder.path().join(format!("moved-{}", checkpointed.step));
        fs::rename(checkpointed.path, &path).unwrap();
        resume = Some(path);
    }
    let (report, seen) =
        stretch(guest.on(Machine::Native), &guest.unit, folder.path(), resume, usize::MAX);
    states.extend(seen);
    (report, states)
}

/// The step programs of the corpus, and what they are without any interruption.
static GUESTS: LazyLock<Vec<(Guest, Answer, States)>> = LazyLock::new(|| {
    let names = ["programs/walk", "programs/mersenne-1277", "programs/collatz-200000"];
    let programs = corpus::programs().into_iter().filter(|c| names.contains(&c.name.as_str()));
    // Made guests take few steps, but keep floats in globals and in memory.
    let made = (0..200).step_by(2).map(corpus::smith);
    let runs = |case: &Case| prepare(&case.wasm).is_ok_and(|p| p.report.kind == Kind::Step);
    programs
        .chain(made)
        .filter(runs)
        .map(|case| {
            let guest = Guest::new(case);
            let folder = tempfile::tempdir().unwrap();
            let (report, states) =
                stretch(&guest.native, &guest.unit, folder.path(), None, usize::MAX);
            (guest, Answer::of(&report), states)
        })
        .filter(|(_, _, states)| !states.is_empty())
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_state_at_every_step_is_that_of_a_guest_that_stayed(
        which in any::<proptest::sample::Index>(),
        stretches in collection::vec((any::<bool>(), 1usize..40), 1..5),
    ) {
        let (guest, expected, whole) = which.get(&GUESTS);
        let (report, states) = moved(guest, &stretches);
        prop_assert_eq!(&states, whole);
        prop_assert_eq!(&Answer::of(&report), expected);
    }
}

/// Without checkpoints in between, the end is the same; and there were steps to be cut between.
#[test]
fn looking_at_the_state_changes_nothing() {
    assert!(GUESTS.len() > 20, "{} guests", GUESTS.len());
    for (guest, expected, states) in GUESTS.iter() {
        let control = Control { wants_state_hash: true, ..Control::default() };
        let report = run(&guest.pulley, guest.unit.clone(), control);
        assert_eq!(&Answer::of(&report), expected);
        assert!(!states.is_empty());
    }
}
