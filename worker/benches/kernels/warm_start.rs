//! From a unit in hand to the guest's first instruction, in a slot that has run the program before.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use manyhands_prepare::prepare;
use manyhands_worker::sandbox::{Limits, Outcome};
use manyhands_worker::slots::{RunSpec, Slot, SlotCommand, SlotEvent};

use super::{Failure, build};

/// Runs before counting.
const WARM_UP: usize = 50;
const RUNS: usize = 1_000;

/// Median over short units of a shipped program, in µs. Includes the way of the unit to the slot's process,
/// and of the message that the guest is about to be called back from it.
pub(super) fn measure(folder: &Path) -> Result<f64, Failure> {
    let spec = spec(folder)?;
    let mut slot = Slot::new(SlotCommand {
        program: env!("CARGO_BIN_EXE_manyhands-slot").into(),
        args: Vec::new(),
        compiled_folder: folder.join("compiled"),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut times = runtime.block_on(async {
        let mut times = Vec::with_capacity(WARM_UP + RUNS);
        for _ in 0..WARM_UP + RUNS {
            times.push(start(&mut slot, &spec).await?);
        }
        Ok::<_, Failure>(times.split_off(WARM_UP))
    })?;
    times.sort_unstable();
    let micros = |at: usize| times[at].as_secs_f64() * 1e6;
    let (best, median, p99) = (micros(0), micros(RUNS / 2), micros(RUNS * 99 / 100));
    println!("warm start, µs: best {best:.1}, median {median:.1}, 99th percentile {p99:.1}");
    Ok(median)
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

fn spec(folder: &Path) -> Result<RunSpec, Failure> {
    let prepared = prepare(&fs::read(build::tasks().join("wasm/mersenne.wasm"))?)?;
    let module_path = folder.join("mersenne.wasm");
    fs::write(&module_path, prepared.bytes)?;
    Ok(RunSpec {
        module_path,
        module_digest: prepared.digest,
        args: vec!["mersenne".to_owned(), "31".to_owned()],
        stdin: Bytes::new(),
        inputs: Vec::new(),
        seed: [1; 32],
        limits: Limits::default(),
        resume: None,
        checkpoint_folder: None,
        checkpoint_interval: RunSpec::CHECKPOINT_INTERVAL,
        output_folder: folder.to_owned(),
        wants_state_hash: false,
    })
}
