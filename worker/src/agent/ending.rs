//! From how a run ended to what is reported.
//!
//! Small outputs travel inside the report. Large ones become blobs of the cache, pinned until the
//! report is acknowledged, and are uploaded before the report goes.

use std::fs;

use manyhands_core::command::{Outcome as Reported, ReplicaReport};
use manyhands_core::digest::Digest;
use manyhands_core::id::ReplicaId;
use manyhands_core::limits::MESSAGE_BYTES_MAX;
use manyhands_core::manifest::Draft;
use manyhands_core::replica::{self, CheckpointRef, Usage};
use manyhands_proto::v1;

use super::job::JobError;
use crate::cache::{Cache, CacheError, Pin};
use crate::sandbox::checkpoint::Checkpointed;
use crate::sandbox::{AppError, Content, Halted, Outcome, Output, RunReport};

/// Where the sandbox puts files below `/out` among the outputs.
const OUT_PREFIX: &str = "out/";

/// Name of the standard output among the outputs.
const STDOUT: &str = "stdout";

/// A report, and the blobs that must be at the coordinator before it.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) report: v1::Report,
    pub(super) blobs: Vec<Pin>,
}

impl Ending {
    pub(super) fn without_blobs(report: v1::Report) -> Self {
        Self { report, blobs: Vec::new() }
    }
}

/// What an ending depends on beside the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Larger outputs are blobs.
    pub(super) inline_bytes_max: u64,
    /// Larger checkpoints stay here.
    pub(super) checkpoint_bytes_max: u64,
    /// Makes outputs wrong, see [`Fault`](crate::config::Fault).
    pub(super) lies: bool,
}

/// Whether making the report touches no disk.
pub(super) fn is_small(run: &RunReport, terms: Terms) -> bool {
    let outputs = match &run.outcome {
        Outcome::Success(outputs) => outputs,
        Outcome::Halted(halted) => return halted.checkpoint.is_none(),
        Outcome::AppError(_) | Outcome::HostError(_) | Outcome::Drained(_) => return true,
    };
    let inline = |output: &Output| {
        matches!(output.content, Content::Inline(_)) && output.size_bytes < terms.inline_bytes_max
    };
    outputs.iter().all(inline)
}

/// The report of a finished run of a unit of `draft`.
///
/// # Errors
/// [`CacheError`] if a large output cannot be kept.
pub(super) async fn report(
    replica: ReplicaId,
    draft: &Draft,
    run: RunReport,
    terms: Terms,
    cache: &Cache,
) -> Result<Ending, CacheError> {
    let usage = Usage {
        cpu_ms: run.usage.cpu_ms,
        wall_ms: run.usage.wall_ms,
        memory_bytes_peak: run.usage.memory_bytes_peak,
        work: run.usage.work,
        steps: run.usage.steps,
    };
    let mut blobs = Vec::new();
    let outcome = match run.outcome {
        Outcome::Success(outputs) => {
            let mut kept = Vec::new();
            for output in outputs {
                let Some(name) = reported_name(&output.name, draft) else {
                    forget(&output);
                    continue;
                };
                let name = name.to_owned();
                kept.push(keep(name, output, terms, cache, &mut blobs).await?);
            }
            Reported::Success { outputs: kept, usage }
        }
        Outcome::AppError(error) => app_error(&error, usage),
        Outcome::HostError(error) => Reported::HostError { message: shortened(error.to_string()) },
        Outcome::Drained(_) => Reported::Aborted,
        Outcome::Halted(halted) => replayed(halted, terms, cache, &mut blobs).await?,
    };
    let report = v1::Report::from(ReplicaReport::unsigned(replica, outcome));
    Ok(Ending { report, blobs })
}

/// How a run stood where it was to halt. A state that is too large to be uploaded stays here.
async fn replayed(
    halted: Halted,
    terms: Terms,
    cache: &Cache,
    blobs: &mut Vec<Pin>,
) -> Result<Reported, CacheError> {
    let mut state_hash = Digest(halted.state_hash);
    if terms.lies {
        state_hash.0[0] ^= 1;
    }
    let small = |kept: &Checkpointed| kept.size_bytes <= terms.checkpoint_bytes_max;
    let Some(kept) = halted.checkpoint.filter(small) else {
        return Ok(Reported::Replayed { state_hash, state: None });
    };
    let pin = cache.adopt(&kept.path).await?;
    let (digest, bytes, step) = (pin.digest(), pin.bytes(), halted.step);
    blobs.push(pin);
    let state = Some(CheckpointRef { digest, step, bytes, state_hash });
    Ok(Reported::Replayed { state_hash, state })
}

/// The report of a replica that could not be run here for this reason.
pub(super) fn host_error(replica: ReplicaId, message: String) -> v1::Report {
    ReplicaReport::unsigned(replica, Reported::HostError { message: shortened(message) }).into()
}

/// The report of a replica whose job cannot be run here.
pub(super) fn job_error(replica: ReplicaId, error: &JobError) -> v1::Report {
    let message = shortened(error.to_string());
    if !error.is_the_programs() {
        return host_error(replica, message);
    }
    // Nothing of this machine is in the message, so a quorum can agree on it.
    let error = Digest::of(message.as_bytes());
    let outcome = Reported::AppError { error, message, usage: Usage::default() };
    ReplicaReport::unsigned(replica, outcome).into()
}

/// The report of a replica that is given back before it began.
pub(super) fn aborted(replica: ReplicaId) -> v1::Report {
    ReplicaReport::unsigned(replica, Reported::Aborted).into()
}

/// The report of a replica that is given back with a checkpoint of which no renewal told.
pub(super) fn unfinished(replica: ReplicaId, untold: Option<CheckpointRef>) -> v1::Report {
    let checkpoint = untold.map(v1::Checkpoint::from);
    let outcome = v1::report::Outcome::Aborted(v1::Aborted { checkpoint });
    v1::Report { outcome: Some(outcome), ..aborted(replica) }
}

/// The name under which the job keeps an output, if it does.
fn reported_name<'a>(name: &'a str, draft: &Draft) -> Option<&'a str> {
    if name == STDOUT {
        return Some(name);
    }
    let path = name.strip_prefix(OUT_PREFIX)?;
    draft.outputs.iter().any(|kept| kept == path).then_some(path)
}

async fn keep(
    name: String,
    output: Output,
    terms: Terms,
    cache: &Cache,
    blobs: &mut Vec<Pin>,
) -> Result<replica::Output, CacheError> {
    let pin = match output.content {
        Content::File(path) => {
            let pin = cache.adopt(&path).await?;
            if terms.lies { cache.put(flipped(&pin.read().await?).into()).await? } else { pin }
        }
        Content::Inline(bytes) => {
            let content = if terms.lies { flipped(&bytes).into() } else { bytes };
            if content.len() as u64 <= terms.inline_bytes_max {
                return Ok(replica::Output::inline(&name, content.into()));
            }
            cache.put(content).await?
        }
    };
    let kept = replica::Output::blob(&name, pin.digest(), pin.bytes());
    blobs.push(pin);
    Ok(kept)
}

/// The same bytes with one bit changed; one byte where there was none.
fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    match bytes.first_mut() {
        Some(first) => *first ^= 1,
        None => bytes.push(1),
    }
    bytes
}

/// Removes an output that the job does not keep.
fn forget(output: &Output) {
    if let Content::File(path) = &output.content
        && let Err(error) = fs::remove_file(path)
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove an output");
    }
}

fn app_error(error: &AppError, usage: Usage) -> Reported {
    let digest = Digest(error.digest());
    Reported::AppError { error: digest, message: shortened(error.to_string()), usage }
}

/// At most [`MESSAGE_BYTES_MAX`] bytes, and the end rather than the beginning: a program's last
/// words say most.
fn shortened(message: String) -> String {
    if message.len() <= MESSAGE_BYTES_MAX {
        return message;
    }
    let from = message.len() - MESSAGE_BYTES_MAX;
    let from = (from..).find(|at| message.is_char_boundary(*at)).unwrap_or(message.len());
    message[from..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_keep_their_end() {
        let long = format!("ä{}the end", "x".repeat(MESSAGE_BYTES_MAX - 7));
        let short = shortened(long);
        assert!(short.starts_with('x') && short.ends_with("the end"), "{short}");
        assert!(short.len() <= MESSAGE_BYTES_MAX);
        assert_eq!(shortened("ä".to_owned()), "ä");
    }

    #[test]
    fn a_lie_differs_from_the_truth() {
        for truth in [&b""[..], b"a", b"ab"] {
            assert_ne!(flipped(truth), truth);
        }
    }
}
