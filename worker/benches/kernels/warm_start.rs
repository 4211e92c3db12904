//! From a unit in hand to the guest's first instruction, in a slot that has run the program before.

mod others;

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use manyhands_prepare::prepare;
use manyhands_worker::sandbox::{
    Control, GUEST_THREAD_STACK_BYTES, Limits, Outcome, Program, RunEvent, Sandbox, Unit, run_here,
};
use manyhands_worker::slots::{Priority, RunSpec, Slot, SlotCommand, SlotEvent};
use manyhands_worker::wall::Room;

use super::{Failure, build};

/// Runs before counting.
const WARM_UP: usize = 50;
const RUNS: usize = 1_000;
/// The round with the least median counts: what disturbs a round is not the worker's.
const ROUNDS: usize = 5;

/// Medians over short units of a shipped program, in µs. They include the way of the unit to the slot's process,
/// and of the message that the guest is about to be called back from it.
pub(super) struct WarmStart {
    /// While the worker's other slots compute, one for each other core: how a unit starts after another.
    pub(super) beside_others: f64,
    /// On a machine where nothing else runs. A core that went to sleep must be woken on each way.
    pub(super) alone: f64,
}

pub(super) fn measure(folder: &Path) -> Result<WarmStart, Failure> {
    let spec = spec(folder, "31")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut alone, mut beside_others) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(runtime.block_on(round(folder, &spec))?);
        let others = others::at_work(&runtime, folder)?;
        beside_others.push(runtime.block_on(round(folder, &spec))?);
        others.leave();
    }
    show("the sandbox alone", vec![Times::of(sandbox_alone(&spec)?)]);
    Ok(WarmStart {
        beside_others: show("to a slot and back, other slots at work", beside_others),
        alone: show("to a slot and back, nothing else at work", alone),
    })
}

/// Starts in one slot, one after the other.
async fn round(folder: &Path, spec: &RunSpec) -> Result<Times, Failure> {
    let mut slot = Slot::new(command(folder));
    let mut times = Vec::with_capacity(WARM_UP + RUNS);
    for _ in 0..WARM_UP + RUNS {
        times.push(start(&mut slot, spec).await?);
    }
    Ok(Times::of(times.split_off(WARM_UP)))
}

fn command(folder: &Path) -> SlotCommand {
    SlotCommand {
        program: env!("CARGO_BIN_EXE_manyhands-slot").into(),
        args: Vec::new(),
        compiled_folder: folder.join("compiled"),
        room: Room { readable: vec![folder.to_owned()], writable: vec![folder.to_owned()] },
        priority: Priority::Lowest,
        group: None,
    }
}

/// What a round showed, in µs.
struct Times {
    best: f64,
    median: f64,
    p99: f64,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let micros = |at: usize| times[at].as_secs_f64() * 1e6;
        Self { best: micros(0), median: micros(RUNS / 2), p99: micros(RUNS * 99 / 100) }
    }
}

/// Prints a line about the best round and returns its median.
fn show(name: &str, mut rounds: Vec<Times>) -> f64 {
    rounds.sort_unstable_by(|one, other| one.median.total_cmp(&other.median));
    let (Times { best, median, p99 }, worst) = (&rounds[0], &rounds[rounds.len() - 1].median);
    println!(
        "warm start in µs, {name}: best {best:.1}, median {median:.1} (of the worst round {worst:.1}), 99th percentile {p99:.1}"
    );
    *median
}

/// The part that is spent in the slot's process, once it has the unit.
fn sandbox_alone(spec: &RunSpec) -> Result<Vec<Duration>, Failure> {
    let sandbox = Sandbox::new(None)?;
    let program = sandbox.load(&spec.module_digest, || fs::read(&spec.module_path))?;
    let unit = Unit {
        args: spec.args.clone(),
        stdin: Bytes::new(),
        inputs: Vec::new(),
        seed: spec.seed,
        limits: spec.limits,
    };
    let work = move || -> Vec<Duration> {
        (0..WARM_UP + RUNS)
            .filter_map(|_| start_here(&program, unit.clone()))
            .skip(WARM_UP)
            .collect()
    };
    let thread = thread::Builder::new().stack_size(GUEST_THREAD_STACK_BYTES).spawn(work)?;
    let times = thread.join().map_err(|_panic| "the guest's thread panicked")?;
    if times.len() < RUNS { Err("a run did not start".into()) } else { Ok(times) }
}

fn start_here(program: &Program, unit: Unit) -> Option<Duration> {
    let (told, heard) = mpsc::channel();
    let begun = Instant::now();
    let on_event = move |event| {
        if let RunEvent::Started { .. } = event {
            assert!(told.send(begun.elapsed()).is_ok(), "the receiver outlives the run");
        }
    };
    let control = Control { on_event: Some(Box::new(on_event)), ..Control::default() };
    drop(run_here(program, unit, control));
    heard.recv().ok()
}

async fn start(slot: &mut Slot, spec: &RunSpec) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let mut run = slot.start(spec).await?;
    let mut started = None;
    loop {
        match run.next().await {
            Some(SlotEvent::Started { .. }) => started = Some(begun.elapsed()),
            Some(SlotEvent::Ended(report)) => {
                if !matches!(report.outcome, Outcome::Success(_)) {
                    return Err(format!("a run failed: {:?}", report.outcome).into());
                }
                return started.ok_or_else(|| "a run ended without a start".into());
            }
            Some(SlotEvent::Killed) | None => return Err("the run vanished".into()),
            Some(_) => {}
        }
    }
}

/// A Lucas-Lehmer test of 2^`p` − 1: takes longer the larger `p` is.
fn spec(folder: &Path, p: &str) -> Result<RunSpec, Failure> {
    let prepared = prepare(&fs::read(build::tasks().join("wasm/mersenne.wasm"))?)?;
    let module_path = folder.join("mersenne.wasm");
    fs::write(&module_path, prepared.bytes)?;
    Ok(RunSpec {
        module_path,
        module_digest: prepared.digest,
        args: vec!["mersenne".to_owned(), p.to_owned()],
        stdin: Bytes::new(),
        inputs: Vec::new(),
        seed: [1; 32],
        limits: Limits::default(),
        resume: None,
        checkpoint_folder: None,
        checkpoint_interval: RunSpec::CHECKPOINT_INTERVAL,
        output_folder: folder.to_owned(),
        wants_state_hash: false,
        halt: None,
    })
}
