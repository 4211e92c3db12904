//! Manifests: the one encoding that a job's name is the digest of.
//!
//! `prost` writes fields in the order of their numbers and leaves defaults out, and the schema has
//! no maps, so one description has one encoding. Decoding refuses any other: unknown fields and
//! unusual encodings would give one description two names.

mod app;
mod axis;
mod policy;
mod source;

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::limits::{
    ARGS_MAX, AXES_MAX, AXIS_VALUES_MAX, DESCRIPTION_BYTES_MAX, INPUTS_MAX, NAME_BYTES_MAX,
    OUTPUTS_MAX,
};
use manyhands_core::manifest::{Draft, Manifest};
use prost::Message as _;

use super::error::{Fault, WireError};
use super::field::{at_most, bounded, digest, digest_bytes, if_any, list, nested, optional};
use super::items::{self, List};
use crate::identity::Context;
use crate::v1;

/// What a submitter signs: the digest of a manifest.
pub const MANIFEST_SIGNATURE: Context = Context::new("manyhands manifest v1");

/// Largest encoding of a manifest. Eight axes of the longest values would be larger: such a sweep
/// is better described by a range, or by a file of its own.
pub const MANIFEST_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What is counted before a manifest is decoded.
const LISTS: [List; 6] = [
    ("args", &[4], ARGS_MAX),
    ("inputs", &[5], INPUTS_MAX),
    ("outputs", &[7], OUTPUTS_MAX),
    ("axes", &[8], AXES_MAX),
    ("axes.list.values", &[8, 2, 1], AXES_MAX * AXIS_VALUES_MAX),
    ("axes.files.files", &[8, 4, 1], AXES_MAX * AXIS_VALUES_MAX),
];

/// A manifest's bytes and their digest, which is the job's name everywhere.
///
/// # Errors
/// When the encoding would be larger than [`MANIFEST_BYTES_MAX`].
pub fn encode_manifest(manifest: &Manifest) -> Result<(Bytes, Digest), WireError> {
    let wire = v1::Manifest::from(manifest.draft().clone());
    let actual = wire.encoded_len();
    if actual > MANIFEST_BYTES_MAX {
        return Err(WireError::new("manifest", Fault::TooLong { max: MANIFEST_BYTES_MAX, actual }));
    }
    let bytes = wire.encode_to_vec();
    let digest = Digest::of(&bytes);
    Ok((bytes.into(), digest))
}

/// The manifest in these bytes.
///
/// # Errors
/// When they are too many, no manifest, not its canonical encoding, or break a rule of the domain.
pub fn decode_manifest(bytes: &[u8]) -> Result<Manifest, WireError> {
    bounded("manifest", MANIFEST_BYTES_MAX, bytes)?;
    items::check(bytes, &LISTS).map_err(|error| error.within("manifest"))?;
    let wire =
        v1::Manifest::decode(bytes).map_err(|error| WireError::undecodable("manifest", error))?;
    if wire.encode_to_vec() != bytes {
        return Err(WireError::new("manifest", Fault::NotCanonical));
    }
    let draft = Draft::try_from(wire).map_err(|error| error.within("manifest"))?;
    Manifest::new(draft).map_err(|error| WireError::domain("manifest", &error))
}

impl From<Draft> for v1::Manifest {
    fn from(draft: Draft) -> Self {
        Self {
            name: draft.name,
            description: draft.description,
            app: Some(draft.app.into()),
            args: draft.args,
            inputs: draft.inputs.into_iter().map(Into::into).collect(),
            stdin: draft.stdin.map(Into::into),
            outputs: draft.outputs,
            axes: draft.axes.into_iter().map(Into::into).collect(),
            policy: Some(draft.policy.into()),
            secret: draft.secret.as_ref().map_or_else(Bytes::new, digest_bytes),
        }
    }
}

impl TryFrom<v1::Manifest> for Draft {
    type Error = WireError;

    /// What was written, with its lists and texts bounded; [`Manifest::new`] checks the rest.
    fn try_from(wire: v1::Manifest) -> Result<Self, WireError> {
        at_most("args", ARGS_MAX, wire.args.len())?;
        at_most("outputs", OUTPUTS_MAX, wire.outputs.len())?;
        Ok(Self {
            name: bounded("name", NAME_BYTES_MAX, wire.name)?,
            description: bounded("description", DESCRIPTION_BYTES_MAX, wire.description)?,
            app: nested("app", wire.app)?,
            args: wire.args,
            inputs: list("inputs", INPUTS_MAX, wire.inputs)?,
            stdin: optional("stdin", wire.stdin)?,
            outputs: wire.outputs,
            axes: list("axes", AXES_MAX, wire.axes)?,
            policy: nested("policy", wire.policy)?,
            secret: if_any(&wire.secret, |bytes| digest("secret", bytes))?,
        })
    }
}
