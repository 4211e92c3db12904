//! How long a checkpoint of 64 MiB holds a guest up.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use manyhands_prepare::prepare;
use manyhands_worker::sandbox::{
    CheckpointPlan, Control, Limits, Outcome, Requests, RunEvent, Sandbox, Unit, run,
};

use super::Failure;

const CHECKPOINTS: usize = 9;

/// 64 MiB of memory, all of it filled with noise in the first step; each step after it goes over it once.
const FILLED: &str = r#"(module
    (memory (export "memory") 1024)
    (global $word (mut i64) (i64.const 0x9e3779b97f4a7c15))
    (func (export "manyhands_step") (result i32)
        (local $at i32)
        (loop $next
            (global.set $word (i64.add
                (i64.mul (global.get $word) (i64.const 6364136223846793005))
                (i64.const 1442695040888963407)))
            (i64.store (local.get $at) (global.get $word))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 0x4000000))))
        (i32.const 0)))"#;

/// The median pause, in milliseconds.
pub(super) fn measure(folder: &Path) -> Result<f64, Failure> {
    let prepared = prepare(&wat::parse_str(FILLED)?)?;
    let sandbox = Sandbox::new(None)?;
    let program = sandbox.load(&prepared.digest, || Ok(prepared.bytes))?;
    let unit = Unit {
        args: vec!["filled".to_owned()],
        stdin: Bytes::new(),
        inputs: Vec::new(),
        seed: [1; 32],
        limits: Limits::default(),
    };
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::new(Requests::default());
    requests.checkpoint();
    let control = Control {
        requests: Arc::clone(&requests),
        checkpoints: Some(CheckpointPlan {
            folder: folder.to_owned(),
            interval: Duration::from_secs(3600),
        }),
        on_event: Some(hook(Arc::clone(&pauses), requests)),
        ..Control::default()
    };
    let report = run(&program, unit, control);
    if !matches!(report.outcome, Outcome::Drained(_)) {
        return Err(format!("no checkpoint: {:?}", report.outcome).into());
    }
    let mut pauses = pauses.lock().unwrap_or_else(PoisonError::into_inner).clone();
    pauses.sort_unstable();
    let millis = |at: usize| pauses[at].as_secs_f64() * 1e3;
    let (best, median, worst) = (millis(0), millis(CHECKPOINTS / 2), millis(CHECKPOINTS - 1));
    println!(
        "pause for a checkpoint of 64 MiB, ms: best {best:.1}, median {median:.1}, worst {worst:.1}"
    );
    Ok(median)
}

/// Collects pauses and asks for the next, and ends the run when there are enough.
fn hook(
    pauses: Arc<Mutex<Vec<Duration>>>,
    requests: Arc<Requests>,
) -> Box<dyn FnMut(RunEvent) + Send> {
    Box::new(move |event| {
        let RunEvent::Checkpointed { pause, .. } = event else { return };
        let mut pauses = pauses.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.push(pause);
        if pauses.len() < CHECKPOINTS { requests.checkpoint() } else { requests.drain() }
    })
}
