//! From a lease that is ready to what a slot is told.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use manyhands_core::id::ReplicaId;
use manyhands_core::requirement::Kind;
use manyhands_core::time::Span;

use super::fetch::{FetchError, Ready};
use super::job::Job;
use crate::cache::{CacheError, Pin};
use crate::slots::{InputFile, RunSpec};
use crate::{clock, guest};

/// Why a replica cannot be put into a slot.
#[derive(Debug, thiserror::Error)]
pub(super) enum AssignmentError {
    /// Its unit is none.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its standard input cannot be read.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// What to run for `replica`, with `folder` for what the slot writes.
///
/// # Errors
/// [`AssignmentError`].
pub(super) async fn make(
    replica: ReplicaId,
    job: &Arc<Job>,
    ready: &Ready,
    folder: &Path,
    checkpoint_interval: Span,
) -> Result<RunSpec, AssignmentError> {
    let index = replica.unit.index;
    let unit = job.manifest.unit(index).ok_or(FetchError::NoSuchUnit(index))?;
    let draft = job.manifest.draft();
    let stdin = match &ready.stdin {
        Some(pin) => pin.read().await?,
        None => Bytes::new(),
    };
    let input = |(path, pin): &(String, Arc<Pin>)| InputFile {
        guest_path: path.clone(),
        host_path: pin.path(),
        digest: pin.digest().0,
    };
    Ok(RunSpec {
        module_path: job.module.path(),
        module_digest: job.module.digest().0,
        args: guest::args(&unit),
        stdin,
        inputs: ready.inputs.iter().map(input).collect(),
        seed: guest::seed(&job.digest, index),
        limits: guest::limits(draft),
        resume: ready.resume.as_ref().map(|pin| pin.path()),
        checkpoint_folder: (draft.app.kind == Kind::Step).then(|| folder.to_owned()),
        checkpoint_interval: clock::duration(checkpoint_interval),
        output_folder: folder.to_owned(),
        wants_state_hash: false,
        halt: None,
    })
}
