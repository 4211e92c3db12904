//! Gets a job's outputs as files, with a table of all units beside them.

mod index;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::manifest::Manifest;
use manyhands_core::replica::Output;
use manyhands_core::results::is_kept;
use manyhands_proto::convert::{
    MANIFEST_BYTES_MAX, WireError, canonical_outputs, decode_manifest, digest,
};
use manyhands_proto::v1::{self, unit_outputs};
use thiserror::Error;
use tonic::Status;

use self::index::Index;
use crate::download::{self, DownloadError, Got, Wanted};
use crate::layout::Layout;
use crate::session::Session;

/// Most changed files that a fetch names.
pub const CHANGES_NAMED_MAX: usize = 1_000;

/// What a fetch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Units whose outputs are there.
    pub units_done: u32,
    /// Units that failed; the table says why.
    pub units_failed: u32,
    /// Units of the job.
    pub units_total: u32,
    /// Files that were written.
    pub files_written: u64,
    /// Files that were there with other content, and were replaced: what the coordinator took back
    /// since, or what somebody else wrote.
    pub files_changed: u64,
    /// The first [`CHANGES_NAMED_MAX`] of them.
    pub changes: Vec<String>,
    /// Files that were there already.
    pub files_present: u64,
    /// Bytes of all files.
    pub size_bytes: u64,
}

/// Why a fetch stopped. What it got stays, and the next one goes on from there.
#[derive(Debug, Error)]
pub enum FetchError {
    /// A file could not be had.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The coordinator's answer makes no sense.
    #[error("the coordinator's answer cannot be used: {0}")]
    Wire(#[from] WireError),
    /// The coordinator names a unit twice, out of order, or one that the job does not have.
    #[error("the coordinator's answer cannot be used: unit {0} is out of order")]
    Order(u32),
    /// The table cannot be written.
    #[error("{}: {error}", path.display())]
    Index {
        /// The table.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The coordinator refused.
    #[error("{}", .0.message())]
    Refused(#[from] Status),
}

/// The description of a job, checked against its digest.
///
/// # Errors
/// When it cannot be had or is not what the digest names.
pub async fn manifest(session: &Session, job: &v1::Job) -> Result<Manifest, FetchError> {
    let digest = digest("manifest", &job.manifest)?;
    let bytes = download::get_bytes(&mut session.blobs(), digest, MANIFEST_BYTES_MAX).await?;
    Ok(decode_manifest(&bytes)?)
}

/// Fetches the outputs of all units that have any into `dir`; `on_unit` hears of each unit.
///
/// # Errors
/// [`FetchError`]; what was fetched until then stays.
pub async fn outputs(
    session: &Session,
    job: u64,
    manifest: &Manifest,
    dir: &Path,
    mut on_unit: impl FnMut(u32),
) -> Result<Fetched, FetchError> {
    let layout = Layout::of(manifest);
    let mut index = Index::create(dir, manifest)?;
    let units_total = manifest.units_total();
    let mut fetched = Fetched { units_total, ..Fetched::default() };
    let request = v1::OutputsRequest { job, from: 0 };
    let mut units = session.jobs().outputs(request).await?.into_inner();
    let mut next = 0;
    while let Some(unit) = units.message().await? {
        let number = unit.unit;
        if number < next || number >= units_total {
            return Err(FetchError::Order(number));
        }
        next = number + 1;
        match unit.end {
            Some(unit_outputs::End::Canonical(canonical)) => {
                let outputs = canonical_outputs(canonical)?;
                for output in outputs.into_iter().filter(is_kept) {
                    let path = layout.path(number, &output.name);
                    index.output(number, &output, &path)?;
                    file(session, dir, &path, output, &mut fetched).await?;
                }
                fetched.units_done += 1;
            }
            Some(unit_outputs::End::Failed(reason)) => {
                index.failed(number, &reason)?;
                fetched.units_failed += 1;
            }
            None => {}
        }
        on_unit(number);
    }
    index.finish()?;
    Ok(fetched)
}

async fn file(
    session: &Session,
    dir: &Path,
    path: &str,
    output: Output,
    fetched: &mut Fetched,
) -> Result<(), FetchError> {
    let Output { digest, bytes, inline, .. } = output;
    let wanted =
        Wanted { digest: Digest(digest.0), size_bytes: bytes, inline: inline.map(Bytes::from) };
    match download::get_file(&mut session.blobs(), &wanted, &dir.join(path)).await? {
        Got::Present => fetched.files_present += 1,
        Got::Written => fetched.files_written += 1,
        Got::Changed => {
            fetched.files_changed += 1;
            if fetched.changes.len() < CHANGES_NAMED_MAX {
                fetched.changes.push(path.to_owned());
            }
        }
    }
    fetched.size_bytes += bytes;
    Ok(())
}
