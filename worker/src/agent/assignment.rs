//! From a lease that is ready to what a slot is told.

use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use manyhands_core::id::ReplicaId;
use manyhands_core::manifest::{Artefact, UnitSpec};
use manyhands_core::private::InputKey;
use manyhands_core::requirement::Kind;
use manyhands_core::time::Span;
use manyhands_proto::private::Cipher;

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
    /// Private inputs without their keys.
    #[error("the unit has {inputs} private inputs, and {keys} keys came with its lease")]
    Keys {
        /// Inputs that are private.
        inputs: usize,
        /// Keys that came.
        keys: usize,
    },
}

/// What to run for `replica`, with the keys of its private inputs, and with a folder for what the slot writes.
///
/// # Errors
/// [`AssignmentError`].
pub(super) async fn make(
    replica: ReplicaId,
    job: &Arc<Job>,
    ready: &Ready,
    keys: &[InputKey],
    (folder, checkpoint_interval): (&Path, Span),
) -> Result<RunSpec, AssignmentError> {
    let index = replica.unit.index;
    let unit = job.manifest.unit(index).ok_or(FetchError::NoSuchUnit(index))?;
    let draft = job.manifest.draft();
    let mut keys = Keys::of(&unit, keys)?;
    let input =
        |((path, pin), (_, artefact)): (&(String, Arc<Pin>), &(String, Artefact))| InputFile {
            guest_path: path.clone(),
            host_path: pin.path(),
            digest: pin.digest().0,
            key: keys.next_for(artefact),
        };
    let inputs = ready.inputs.iter().zip(&unit.inputs).map(input).collect();
    let stdin = match (&ready.stdin, &unit.stdin) {
        (Some(pin), Some(artefact)) => opened(pin.read().await?, keys.next_for(artefact)),
        _ => Bytes::new(),
    };
    Ok(RunSpec {
        module_path: job.module.path(),
        module_digest: job.module.digest().0,
        args: guest::args(&unit),
        stdin,
        inputs,
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

/// Keys of private inputs, in the order in which a unit has those.
struct Keys<'a>(std::slice::Iter<'a, InputKey>);

impl<'a> Keys<'a> {
    /// As many as the unit needs.
    fn of(unit: &UnitSpec, keys: &'a [InputKey]) -> Result<Self, AssignmentError> {
        let inputs = unit.salts().count();
        if inputs == keys.len() {
            return Ok(Self(keys.iter()));
        }
        Err(AssignmentError::Keys { inputs, keys: keys.len() })
    }

    fn next_for(&mut self, artefact: &Artefact) -> Option<InputKey> {
        artefact.salt.and_then(|_| self.0.next().copied())
    }
}

/// A standard input as the program is to read it.
fn opened(blob: Bytes, key: Option<InputKey>) -> Bytes {
    let Some(key) = key else { return blob };
    let mut plain = BytesMut::from(blob);
    Cipher::new(&key).apply(&mut plain);
    plain.freeze()
}
