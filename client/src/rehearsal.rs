//! One unit of a job, run on this machine exactly as a worker would run it.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::manifest::{Artefact, UnitSpec};
use manyhands_prepare::{Prepared, Refusal, prepare};
use manyhands_worker::guest;
use manyhands_worker::sandbox::{
    CheckReport, HostError, Input, Sandbox, SandboxError, Unit, check,
};
use thiserror::Error;

use crate::job_file::JobFile;
use crate::upload::{Content, LocalBlob};

/// What two runs of a unit told.
#[derive(Debug)]
pub struct Rehearsal {
    /// Digest of the prepared module.
    pub prepared: [u8; 32],
    /// The first run, and whether the second one agreed.
    pub report: CheckReport,
}

/// Why a unit could not be tried.
#[derive(Debug, Error)]
pub enum RehearsalError {
    /// The job has fewer units.
    #[error("the job has no unit {unit}: its {total} units are numbered from 0")]
    NoSuchUnit {
        /// What was asked for.
        unit: u32,
        /// How many units there are.
        total: u32,
    },
    /// This machine cannot run guests.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The module cannot be loaded.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The module is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An input cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Runs unit `index` twice and compares.
///
/// # Errors
/// When there is no such unit, or this machine cannot run it; a program's own failure is part of
/// the report.
pub fn rehearse(job: &JobFile, index: u32) -> Result<Rehearsal, RehearsalError> {
    let total = job.manifest.units_total();
    let Some(spec) = job.manifest.unit(index) else {
        return Err(RehearsalError::NoSuchUnit { unit: index, total });
    };
    let unit = unit(job, &spec)?;
    let Prepared { bytes, digest, .. } = prepare(&job.module.bytes)?;
    let program = Sandbox::new(None)?.load(&digest, || Ok(bytes))?;
    Ok(Rehearsal { prepared: digest, report: check(&program, &unit) })
}

/// The unit as the sandbox takes it.
fn unit(job: &JobFile, spec: &UnitSpec) -> Result<Unit, RehearsalError> {
    let blobs: BTreeMap<Digest, &LocalBlob> =
        job.blobs.iter().map(|blob| (blob.digest, blob)).collect();
    let read = |artefact: &Artefact| match blobs.get(&artefact.digest).map(|blob| &blob.content) {
        Some(Content::Memory(bytes)) => Ok(bytes.clone()),
        Some(Content::File(path, _)) => match std::fs::read(path) {
            Ok(bytes) => Ok(Bytes::from(bytes)),
            Err(error) => Err(RehearsalError::Read { path: path.clone(), error }),
        },
        // A job file holds every blob that its manifest names.
        None => Ok(Bytes::new()),
    };
    let inputs = spec.inputs.iter().map(|(path, artefact)| Ok(Input::new(path, read(artefact)?)));
    Ok(Unit {
        args: guest::args(spec),
        stdin: spec.stdin.as_ref().map(read).transpose()?.unwrap_or_default(),
        inputs: inputs.collect::<Result<_, RehearsalError>>()?,
        seed: guest::seed(&job.digest, spec.index),
        limits: guest::limits(job.manifest.draft()),
    })
}
