//! A job as a worker knows it: fetched, and believed only where the submitter's signature and the
//! digests say so. A coordinator that was broken into cannot make this machine run other code.

use std::collections::BTreeMap;
use std::sync::Arc;

use manyhands_core::digest::Digest;
use manyhands_core::limits::MODULE_BYTES_MAX;
use manyhands_core::manifest::{Artefact, Input, Manifest, Source};
use manyhands_core::requirement::{Kind, Misfit, Requirement};
use manyhands_prepare::{Prepared, Refusal};
use manyhands_proto::convert::{self, MANIFEST_BYTES_MAX, WireError};
use manyhands_proto::identity::{BadSignature, Context, KeyError, PublicKey};
use manyhands_proto::v1;

use super::fetch::Source as Blobs;
use crate::cache::{CacheError, DownloadError, Pin};

/// What a submitter signs: the digest of a manifest.
const MANIFEST: Context = Context::new("manyhands manifest v1");

/// A job that can be computed here.
#[derive(Debug)]
pub(super) struct Job {
    /// Its name everywhere.
    pub(super) digest: Digest,
    /// What it is.
    pub(super) manifest: Manifest,
    /// Its program, prepared.
    pub(super) module: Pin,
    /// Blobs that all of its units read.
    pub(super) fixed: BTreeMap<Digest, Arc<Pin>>,
}

/// Why a job cannot be computed here.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobError {
    /// A blob of it did not come.
    #[error(transparent)]
    Blob(#[from] DownloadError),
    /// The prepared module cannot be kept.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The lease's description of it is wrong.
    #[error("the coordinator described the job wrongly: {0}")]
    Described(#[from] WireError),
    /// The submitter's key is none.
    #[error("the coordinator described the job wrongly: submitter: {0}")]
    Submitter(#[from] KeyError),
    /// The manifest is larger than any.
    #[error("a manifest of {0} bytes: at most {MANIFEST_BYTES_MAX} are taken")]
    ManifestBytes(u64),
    /// The signature is not the submitter's.
    #[error("the manifest {0} does not bear its submitter's signature: it is not run")]
    Forged(Digest),
    /// It needs more than this host offers.
    #[error("the unit does not fit this host: {0}")]
    Misfit(#[from] Misfit),
    /// The module is larger than any.
    #[error("a module of {0} bytes: at most {MODULE_BYTES_MAX} are taken")]
    ModuleBytes(u64),
    /// The module is not fit for the sandbox.
    #[error("the module is refused: {0}")]
    Module(#[from] Refusal),
    /// The module is of the other kind.
    #[error("the module is refused: the manifest says {said}, the module is a {found}")]
    Kind {
        /// As in the manifest.
        said: Kind,
        /// As in the module.
        found: manyhands_prepare::Kind,
    },
}

impl JobError {
    /// Whether to try again later.
    pub(super) fn passes(&self) -> bool {
        matches!(self, Self::Blob(error) if error.passes())
    }

    /// Whether every honest host would say the same, since it is the submitter's doing.
    pub(super) fn is_the_programs(&self) -> bool {
        matches!(self, Self::Module(_) | Self::Kind { .. })
    }
}

/// Fetches and verifies what `leased` names, for slots of `slot_memory_bytes`.
///
/// # Errors
/// [`JobError`].
pub(super) async fn load(
    blobs: &Blobs,
    leased: &v1::LeasedJob,
    slot_memory_bytes: u64,
) -> Result<Job, JobError> {
    let digest = convert::digest("manifest", &leased.manifest)?;
    verify(leased, &digest)?;
    if leased.manifest_bytes > MANIFEST_BYTES_MAX as u64 {
        return Err(JobError::ManifestBytes(leased.manifest_bytes));
    }
    let bytes = blobs.obtain(digest, leased.manifest_bytes).await?.read().await?;
    let manifest = convert::decode_manifest(&bytes)?;
    check_fit(&manifest, slot_memory_bytes)?;
    let module = prepared(blobs, &manifest).await?;
    let mut fixed = BTreeMap::new();
    for artefact in fixed_artefacts(&manifest) {
        let pin = blobs.obtain(artefact.digest, artefact.bytes).await?;
        fixed.insert(artefact.digest, Arc::new(pin));
    }
    Ok(Job { digest, manifest, module, fixed })
}

/// The coordinator knows what this host offers; it is not believed.
fn check_fit(manifest: &Manifest, offered_bytes: u64) -> Result<(), Misfit> {
    let Requirement { memory_bytes_max: needed_bytes, profile, .. } = manifest.requirement();
    if profile != manyhands_prepare::PROFILE {
        return Err(Misfit::Profile { needed: profile });
    }
    if needed_bytes > offered_bytes {
        return Err(Misfit::Memory { needed_bytes, offered_bytes });
    }
    Ok(())
}

fn verify(leased: &v1::LeasedJob, digest: &Digest) -> Result<(), JobError> {
    let submitter = PublicKey::from_bytes(&leased.submitter)?;
    submitter
        .verify(MANIFEST, digest.as_bytes(), &leased.signature)
        .map_err(|BadSignature| JobError::Forged(*digest))
}

/// The module in the form that slots compile. It is made anew by each process from the bytes that
/// the manifest names, and its own digest names it in the cache.
async fn prepared(blobs: &Blobs, manifest: &Manifest) -> Result<Pin, JobError> {
    let app = manifest.draft().app;
    if app.module_bytes > MODULE_BYTES_MAX {
        return Err(JobError::ModuleBytes(app.module_bytes));
    }
    let module = blobs.obtain(app.module, app.module_bytes).await?.read().await?;
    let prepared: Prepared =
        crate::cache::blocking(move || manyhands_prepare::prepare(&module)).await?;
    let found = prepared.report.kind;
    match (app.kind, found) {
        (Kind::Command, manyhands_prepare::Kind::Command)
        | (Kind::Step, manyhands_prepare::Kind::Step) => {}
        (said, found) => return Err(JobError::Kind { said, found }),
    }
    Ok(blobs.cache().put(prepared.bytes.into()).await?)
}

fn fixed_artefacts(manifest: &Manifest) -> impl Iterator<Item = &Artefact> {
    let draft = manifest.draft();
    let sources = draft.inputs.iter().map(|Input { source, .. }| source).chain(&draft.stdin);
    sources.filter_map(|source| match source {
        Source::Fixed(artefact) => Some(artefact),
        Source::Axis(_) => None,
    })
}
