//! What a trivial replica costs beside its computing: from a lease in hand to the outcome in hand, in a
//! warm slot process; and how many of them a whole grid finishes in a second. Prints a table and, last,
//! the figures.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

#[path = "../grid/grid.rs"]
mod grid;
mod trivial;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use manyhands_prepare::prepare;
use manyhands_worker::sandbox::{
    Control, GUEST_THREAD_STACK_BYTES, Limits, Outcome, RunReport, Sandbox, Unit, run_here,
};
use manyhands_worker::slots::{Priority, RunSpec, Slot, SlotCommand, SlotEvent};
use manyhands_worker::wall::Room;

/// Runs before counting, so that modules are compiled and pages are mapped.
const WARM_UP: usize = 50;
const RUNS: usize = 2_000;

type Failure = Box<dyn Error + Send + Sync>;

/// A program that does nothing but end.
const NOTHING: &str = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;

/// A real program in C that reads, sorts, writes and prints.
const TOUR: &[u8] = include_bytes!("../../tests/guests/tour-c.wasm");
/// A step program in C, 200 steps.
const WALK: &[u8] = include_bytes!("../../tests/guests/walk.wasm");

/// One line of the table.
struct Row {
    name: &'static str,
    times: Vec<Duration>,
}

fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let nothing = module(NOTHING)?;
    let rows = [
        Row { name: "nothing, in this process", times: in_process(&nothing)? },
        Row { name: "nothing, warm slot", times: in_slot(folder.path(), &nothing)? },
        Row { name: "walk (C, 200 steps), warm slot", times: in_slot(folder.path(), WALK)? },
        Row { name: "tour (C, files), warm slot", times: in_slot(folder.path(), TOUR)? },
    ];
    println!("{:32} {:>10} {:>10} {:>10}", "one replica, in µs", "median", "mean", "p99");
    for row in &rows {
        let (median, mean, p99) = summary(&row.times);
        println!("{:32} {median:>10.1} {mean:>10.1} {p99:>10.1}", row.name);
    }
    let (_, mean, _) = summary(&rows[1].times);
    let units_per_s = trivial::units_per_s(folder.path(), &nothing)?;
    println!("figure replica_overhead_us {mean:.1} us");
    println!("figure trivial_units_per_s {units_per_s:.0} per_s");
    Ok(())
}

fn module(text: &str) -> Result<Vec<u8>, Failure> {
    Ok(wat::parse_str(text)?)
}

/// The sandbox alone: what is left of a replica if no process is asked.
fn in_process(wasm: &[u8]) -> Result<Vec<Duration>, Failure> {
    let prepared = prepare(wasm)?;
    let sandbox = Sandbox::new(None)?;
    let program = sandbox.load(&prepared.digest, || Ok(prepared.bytes))?;
    let unit = || Unit {
        args: vec!["program".to_owned()],
        stdin: Bytes::new(),
        inputs: Vec::new(),
        seed: [1; 32],
        limits: Limits::default(),
    };
    let work = move || -> Result<Vec<Duration>, Failure> {
        let mut times = Vec::with_capacity(RUNS);
        for _ in 0..WARM_UP + RUNS {
            let begun = Instant::now();
            check(&run_here(&program, unit(), Control::default()))?;
            times.push(begun.elapsed());
        }
        Ok(times.split_off(WARM_UP))
    };
    let thread = std::thread::Builder::new().stack_size(GUEST_THREAD_STACK_BYTES).spawn(work)?;
    thread.join().map_err(|_panic| "the guest's thread panicked")?
}

fn in_slot(folder: &Path, wasm: &[u8]) -> Result<Vec<Duration>, Failure> {
    let spec = spec(folder, wasm)?;
    let mut slot = Slot::new(SlotCommand {
        program: env!("CARGO_BIN_EXE_manyhands-slot").into(),
        args: Vec::new(),
        compiled_folder: folder.join("compiled"),
        room: Room { readable: vec![folder.to_owned()], writable: vec![folder.to_owned()] },
        priority: Priority::Lowest,
        group: None,
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut times = Vec::with_capacity(RUNS);
        for _ in 0..WARM_UP + RUNS {
            let begun = Instant::now();
            let mut run = slot.start(&spec).await?;
            let report = loop {
                match run.next().await {
                    Some(SlotEvent::Ended(report)) => break report,
                    Some(SlotEvent::Killed) | None => return Err("the run vanished".into()),
                    Some(_) => {}
                }
            };
            times.push(begun.elapsed());
            check(&report)?;
        }
        Ok(times.split_off(WARM_UP))
    })
}

fn spec(folder: &Path, wasm: &[u8]) -> Result<RunSpec, Failure> {
    let prepared = prepare(wasm)?;
    let module_path: PathBuf = folder.join("module.wasm");
    fs::write(&module_path, prepared.bytes)?;
    let blob = folder.join("numbers");
    fs::write(&blob, "3 1 2")?;
    let input = manyhands_worker::slots::InputFile {
        guest_path: "numbers.txt".to_owned(),
        digest: blake3::hash(b"3 1 2").into(),
        host_path: blob,
        key: None,
    };
    Ok(RunSpec {
        module_path,
        module_digest: prepared.digest,
        args: vec!["program".to_owned()],
        stdin: Bytes::new(),
        inputs: vec![input],
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

fn check(report: &RunReport) -> Result<(), Failure> {
    match &report.outcome {
        Outcome::Success(_) => Ok(()),
        other => Err(format!("a run failed: {other:?}").into()),
    }
}

/// Median, mean and 99th percentile, in microseconds.
fn summary(times: &[Duration]) -> (f64, f64, f64) {
    let mut micros: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e6).collect();
    micros.sort_by(f64::total_cmp);
    let mean = micros.iter().sum::<f64>() / micros.len() as f64;
    (micros[micros.len() / 2], mean, micros[micros.len() * 99 / 100])
}
