//! A job comes in: its manifest is read, its signature and blobs are checked, then it is decided.

use std::collections::BTreeSet;

use bytes::Bytes;
use manyhands_core::command::{Command, Submit};
use manyhands_core::digest::Digest;
use manyhands_core::manifest::{Draft, Manifest, Source, Values};
use manyhands_core::private::JobSecret;
use manyhands_core::reply::Reply;
use manyhands_proto::convert::{self, MANIFEST_BYTES_MAX, WireError, decode_manifest};
use manyhands_proto::identity::{Context, PublicKey};
use manyhands_proto::v1;
use tonic::Status;

use crate::blobs::{BlobError, Blobs};
use crate::rpc::blobs::off_runtime;
use crate::rpc::callers::engine_key;
use crate::rpc::{Shared, status};

/// What a submitter signs a manifest's digest for.
const MANIFEST: Context = Context::new("manyhands manifest v1");

/// Submits, or names the blobs that must be put before.
pub(super) async fn submit(
    shared: &Shared,
    submitter: PublicKey,
    request: v1::SubmitRequest,
) -> Result<v1::SubmitReply, Status> {
    let digest = convert::digest("manifest", &request.manifest).map_err(status::wire)?;
    let signature = convert::signature("signature", &request.signature).map_err(status::wire)?;
    let is_signed = submitter.verify(MANIFEST, digest.as_bytes(), &request.signature);
    is_signed.map_err(|error| Status::invalid_argument(format!("signature: {error}")))?;

    let blobs = shared.blobs.clone();
    let Some(read) = off_runtime(move || read(&blobs, digest)).await? else {
        return Ok(lacking(&[digest]));
    };
    let manifest = read.manifest.map_err(status::wire)?;
    if !read.missing.is_empty() {
        return Ok(lacking(&read.missing));
    }
    let secret = secret_of(&manifest, &request.secret)?;
    if let Some(secret) = secret {
        let secrets = shared.secrets.clone();
        off_runtime(move || Ok(secrets.keep(&digest, &secret)?)).await?;
    }
    let submitter = engine_key(submitter);
    let submit = Submit { manifest, digest, submitter, signature };
    match shared.desk.ask(Command::Submit(Box::new(submit))).await.map_err(status::desk)? {
        Reply::Submitted { job, is_new } => {
            Ok(v1::SubmitReply { job: job.0, existed: !is_new, missing: Vec::new() })
        }
        Reply::Refused(refusal) => Err(status::refused(&refusal)),
        _ => Err(status::confused()),
    }
}

/// The secret that came, if it is the one that the manifest commits to.
fn secret_of(manifest: &Manifest, sent: &[u8]) -> Result<Option<JobSecret>, Status> {
    let Some(commitment) = manifest.draft().secret else {
        return match sent.len() {
            0 => Ok(None),
            _ => Err(Status::invalid_argument("secret: the manifest has no private inputs")),
        };
    };
    let length = |_| {
        let length = sent.len();
        Status::invalid_argument(format!("secret: has {length} bytes where 32 are needed"))
    };
    let secret = JobSecret(sent.try_into().map_err(length)?);
    if secret.commitment() != commitment {
        return Err(Status::invalid_argument(
            "secret: is not the one that the manifest commits to",
        ));
    }
    Ok(Some(secret))
}

/// What was found under a manifest's digest.
struct Read {
    manifest: Result<Manifest, WireError>,
    /// Blobs that it names and that are not held.
    missing: Vec<Digest>,
}

/// Reads and checks a manifest, if it is held; blocks.
fn read(blobs: &Blobs, digest: Digest) -> Result<Option<Read>, BlobError> {
    if !blobs.keep(&digest)? {
        return Ok(None);
    }
    let manifest = decode_manifest(&blobs.get(&digest, MANIFEST_BYTES_MAX as u64)?);
    let missing = match &manifest {
        Ok(manifest) => blobs.missing(&named(manifest.draft()))?,
        Err(_) => Vec::new(),
    };
    Ok(Some(Read { manifest, missing }))
}

/// Every blob that a manifest names, each once.
pub(crate) fn named(draft: &Draft) -> Vec<Digest> {
    let mut named = BTreeSet::from([draft.app.module]);
    let sources = draft.inputs.iter().map(|input| &input.source).chain(&draft.stdin);
    named.extend(sources.filter_map(|source| match source {
        Source::Fixed(artefact) => Some(artefact.digest),
        Source::Axis(_) => None,
    }));
    for axis in &draft.axes {
        match &axis.values {
            Values::Files(artefacts) => named.extend(artefacts.iter().map(|a| a.digest)),
            Values::List(_) | Values::Range { .. } => {}
        }
    }
    named.into_iter().collect()
}

fn lacking(missing: &[Digest]) -> v1::SubmitReply {
    let missing = missing.iter().map(|digest| Bytes::copy_from_slice(&digest.0)).collect();
    v1::SubmitReply { job: 0, existed: false, missing }
}
