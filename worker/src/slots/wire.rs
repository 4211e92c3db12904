//! Orders and notes as messages, and back.
//!
//! A slot may have been taken over by its guest, so the worker reads notes as carefully as any input;
//! what is not understood is a fault of the slot.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use manyhands_core::private::InputKey;
use manyhands_proto::slot::v1;

use crate::sandbox::checkpoint::Checkpointed;
use crate::sandbox::{
    AppError, AppErrorKind, Content, Halt, Halted, HostError, HostErrorKind, Limit, Limits,
    Outcome, Output, RunEvent, RunReport, Trap, Usage,
};
use crate::slots::command::{InputFile, RunSpec};

/// The other end said something that has no meaning.
#[derive(Debug, thiserror::Error)]
#[error("the slot's message makes no sense: {0}")]
pub(super) struct WireError(pub(super) &'static str);

pub(super) fn order(order: v1::order::Order) -> v1::Order {
    v1::Order { order: Some(order) }
}

pub(super) fn note(note: v1::note::Note) -> v1::Note {
    v1::Note { note: Some(note) }
}

pub(super) fn path_bytes(path: &Path) -> Bytes {
    Bytes::copy_from_slice(path.as_os_str().as_bytes())
}

pub(super) fn path(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

/// An empty path stands for none.
fn optional_path(bytes: &[u8]) -> Option<PathBuf> {
    (!bytes.is_empty()).then(|| path(bytes))
}

fn digest(bytes: &[u8]) -> Result<[u8; 32], WireError> {
    bytes.try_into().map_err(|_length| WireError("a digest that is not 32 bytes long"))
}

/// No bytes stand for none.
fn optional_key(bytes: &[u8]) -> Result<Option<InputKey>, WireError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let length = |_| WireError("a key that is not 32 bytes long");
    bytes.try_into().map(|key| Some(InputKey(key))).map_err(length)
}

pub(super) fn from_spec(spec: &RunSpec, number: u64) -> v1::Run {
    let optional = |path: &Option<PathBuf>| path.as_deref().map(path_bytes).unwrap_or_default();
    let inputs = spec.inputs.iter().map(|input| v1::Input {
        guest_path: input.guest_path.clone(),
        host_path: path_bytes(&input.host_path),
        digest: Bytes::copy_from_slice(&input.digest),
        key: input.key.map_or_else(Bytes::new, |key| Bytes::copy_from_slice(&key.0)),
    });
    let Limits { memory_bytes, output_bytes, scratch_bytes, files, log_bytes, cpu_ms } =
        spec.limits;
    v1::Run {
        module_path: path_bytes(&spec.module_path),
        module_digest: Bytes::copy_from_slice(&spec.module_digest),
        args: spec.args.clone(),
        stdin: spec.stdin.clone(),
        inputs: inputs.collect(),
        seed: Bytes::copy_from_slice(&spec.seed),
        limits: Some(v1::Limits {
            memory_bytes,
            output_bytes,
            scratch_bytes,
            files,
            log_bytes,
            cpu_ms,
        }),
        resume_path: optional(&spec.resume),
        checkpoint_folder: optional(&spec.checkpoint_folder),
        checkpoint_interval_ms: u64::try_from(spec.checkpoint_interval.as_millis())
            .unwrap_or(u64::MAX),
        output_folder: path_bytes(&spec.output_folder),
        wants_state_hash: spec.wants_state_hash,
        halt: spec
            .halt
            .as_ref()
            .map(|halt| v1::Halt { step: halt.step, folder: optional(&halt.folder) }),
        number,
    }
}

pub(super) fn to_spec(run: v1::Run) -> Result<RunSpec, WireError> {
    let limits = run.limits.ok_or(WireError("a run without limits"))?;
    let inputs = run.inputs.into_iter().map(|input| {
        Ok(InputFile {
            host_path: path(&input.host_path),
            digest: digest(&input.digest)?,
            key: optional_key(&input.key)?,
            guest_path: input.guest_path,
        })
    });
    Ok(RunSpec {
        module_path: path(&run.module_path),
        module_digest: digest(&run.module_digest)?,
        inputs: inputs.collect::<Result<_, _>>()?,
        seed: digest(&run.seed)?,
        args: run.args,
        stdin: run.stdin,
        limits: Limits {
            memory_bytes: limits.memory_bytes,
            output_bytes: limits.output_bytes,
            scratch_bytes: limits.scratch_bytes,
            files: limits.files,
            log_bytes: limits.log_bytes,
            cpu_ms: limits.cpu_ms,
        },
        resume: optional_path(&run.resume_path),
        checkpoint_folder: optional_path(&run.checkpoint_folder),
        checkpoint_interval: Duration::from_millis(run.checkpoint_interval_ms),
        output_folder: path(&run.output_folder),
        wants_state_hash: run.wants_state_hash,
        halt: run.halt.map(|halt| Halt { step: halt.step, folder: optional_path(&halt.folder) }),
    })
}

pub(super) fn from_event(event: RunEvent) -> v1::Note {
    note(match event {
        RunEvent::Started { step } => v1::note::Note::Started(v1::Started { step }),
        RunEvent::Progress { ppm, step } => v1::note::Note::Progress(v1::Progress { ppm, step }),
        RunEvent::Checkpointed { checkpointed, pause: _ } => {
            v1::note::Note::Checkpointed(from_checkpointed(&checkpointed))
        }
    })
}

fn from_checkpointed(checkpointed: &Checkpointed) -> v1::Checkpointed {
    v1::Checkpointed {
        path: path_bytes(&checkpointed.path),
        step: checkpointed.step,
        state_hash: Bytes::copy_from_slice(&checkpointed.state_hash),
        size_bytes: checkpointed.size_bytes,
    }
}

pub(super) fn to_checkpointed(from: &v1::Checkpointed) -> Result<Checkpointed, WireError> {
    Ok(Checkpointed {
        path: path(&from.path),
        step: from.step,
        state_hash: digest(&from.state_hash)?,
        size_bytes: from.size_bytes,
    })
}

fn from_halted(halted: &Halted) -> v1::Halted {
    v1::Halted {
        step: halted.step,
        state_hash: Bytes::copy_from_slice(&halted.state_hash),
        checkpoint: halted.checkpoint.as_ref().map(from_checkpointed),
    }
}

fn to_halted(from: &v1::Halted) -> Result<Halted, WireError> {
    Ok(Halted {
        step: from.step,
        state_hash: digest(&from.state_hash)?,
        checkpoint: from.checkpoint.as_ref().map(to_checkpointed).transpose()?,
    })
}

pub(super) fn from_report(report: RunReport) -> v1::Note {
    use v1::ended::Outcome as O;
    let outcome = match report.outcome {
        Outcome::Success(outputs) => {
            O::Success(v1::Success { outputs: outputs.into_iter().map(from_output).collect() })
        }
        Outcome::AppError(error) => O::AppError(from_app_error(error)),
        Outcome::HostError(error) => O::HostError(v1::HostError {
            kind: error.kind.name().to_owned(),
            message: error.message,
        }),
        Outcome::Drained(checkpointed) => O::Drained(from_checkpointed(&checkpointed)),
        Outcome::Halted(halted) => O::Halted(from_halted(&halted)),
    };
    let state_hash = report.state_hash.map(|hash| Bytes::copy_from_slice(&hash));
    note(v1::note::Note::Ended(v1::Ended {
        outcome: Some(outcome),
        cpu_ms: report.usage.cpu_ms,
        wall_ms: report.usage.wall_ms,
        memory_bytes_peak: report.usage.memory_bytes_peak,
        steps: report.usage.steps,
        work: report.usage.work,
        state_hash: state_hash.unwrap_or_default(),
        log: report.log.into_bytes().into(),
    }))
}

fn from_output(output: Output) -> v1::Output {
    let content = match output.content {
        Content::Inline(bytes) => v1::output::Content::Inline(bytes),
        Content::File(path) => v1::output::Content::Path(path.into_os_string().into_vec().into()),
    };
    v1::Output {
        name: output.name,
        digest: Bytes::copy_from_slice(&output.digest),
        size_bytes: output.size_bytes,
        content: Some(content),
    }
}

fn from_app_error(error: AppError) -> v1::AppError {
    use v1::app_error::Kind;
    let kind = match error.kind {
        AppErrorKind::Exit(code) => Kind::ExitCode(code),
        AppErrorKind::Trap(trap) => Kind::Trap(trap.name().to_owned()),
        AppErrorKind::Limit(limit) => Kind::Limit(limit.name().to_owned()),
        AppErrorKind::Step(value) => Kind::StepValue(value),
    };
    v1::AppError { kind: Some(kind), message: error.message.into_bytes().into() }
}

pub(super) fn to_report(ended: v1::Ended) -> Result<RunReport, WireError> {
    use v1::ended::Outcome as O;
    let outcome = match ended.outcome.ok_or(WireError("an end without outcome"))? {
        O::Success(success) => {
            let outputs = success.outputs.into_iter().map(to_output);
            Outcome::Success(outputs.collect::<Result<_, _>>()?)
        }
        O::AppError(error) => Outcome::AppError(to_app_error(error)?),
        O::HostError(error) => Outcome::HostError(HostError {
            kind: HostErrorKind::from_name(&error.kind)
                .ok_or(WireError("an unknown host error"))?,
            message: error.message,
        }),
        O::Drained(checkpointed) => Outcome::Drained(to_checkpointed(&checkpointed)?),
        O::Halted(halted) => Outcome::Halted(to_halted(&halted)?),
    };
    let state_hash = match ended.state_hash.is_empty() {
        true => None,
        false => Some(digest(&ended.state_hash)?),
    };
    let usage = Usage {
        cpu_ms: ended.cpu_ms,
        wall_ms: ended.wall_ms,
        memory_bytes_peak: ended.memory_bytes_peak,
        steps: ended.steps,
        work: ended.work,
    };
    let log = String::from_utf8_lossy(&ended.log).into_owned();
    Ok(RunReport { outcome, usage, state_hash, log })
}

fn to_output(output: v1::Output) -> Result<Output, WireError> {
    let digest = digest(&output.digest)?;
    let content = match output.content.ok_or(WireError("an output without content"))? {
        v1::output::Content::Inline(bytes) => {
            // What is short is checked at once; who takes over a file hashes it anyway.
            if blake3::hash(&bytes) != digest || bytes.len() as u64 != output.size_bytes {
                return Err(WireError("an output that is not what its digest says"));
            }
            Content::Inline(bytes)
        }
        v1::output::Content::Path(bytes) => Content::File(path(&bytes)),
    };
    Ok(Output { name: output.name, digest, size_bytes: output.size_bytes, content })
}

fn to_app_error(error: v1::AppError) -> Result<AppError, WireError> {
    use v1::app_error::Kind;
    let kind = match error.kind.ok_or(WireError("an app error without kind"))? {
        Kind::ExitCode(code) => AppErrorKind::Exit(code),
        Kind::Trap(name) => {
            AppErrorKind::Trap(Trap::from_name(&name).ok_or(WireError("an unknown trap"))?)
        }
        Kind::Limit(name) => {
            AppErrorKind::Limit(Limit::from_name(&name).ok_or(WireError("an unknown limit"))?)
        }
        Kind::StepValue(value) => AppErrorKind::Step(value),
    };
    Ok(AppError { kind, message: String::from_utf8_lossy(&error.message).into_owned() })
}

#[cfg(test)]
mod tests;
