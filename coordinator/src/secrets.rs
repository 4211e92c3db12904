//! The secrets of jobs with private inputs: a small file each, for this folder's owner only.
//!
//! A secret is on disk before its job is submitted, so that no unit is ever leased without its keys. There is
//! only one that fits a manifest, so keeping it twice changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use manyhands_core::digest::Digest;
use manyhands_core::manifest::Manifest;
use manyhands_core::private::{InputKey, JobSecret};
use manyhands_proto::convert::{MANIFEST_BYTES_MAX, decode_manifest};
use manyhands_proto::disk;

use crate::blobs::{BlobError, Blobs};
use crate::folder;

/// Jobs that are remembered, with their manifests or as jobs without private inputs.
const KNOWN_MAX: usize = 256;

/// What is asked for each lease: the job's manifest and secret, if it has one.
#[derive(Clone, Debug)]
pub(crate) struct Private(Option<Arc<(Manifest, JobSecret)>>);

impl Private {
    /// The keys of the private inputs of a unit.
    pub(crate) fn keys(&self, unit: u32) -> Vec<InputKey> {
        let Some(job) = &self.0 else { return Vec::new() };
        job.0.input_keys(&job.1, unit)
    }
}

/// All secrets that this coordinator holds.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    root: PathBuf,
    known: Arc<Mutex<BTreeMap<Digest, Private>>>,
}

impl Secrets {
    /// Those in the folder `root`, which is made if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn open(root: PathBuf) -> io::Result<Self> {
        folder::create_private(&root)?;
        Ok(Self { root, known: Arc::default() })
    }

    /// Keeps the secret of the job with that manifest; blocks until it is on disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn keep(&self, manifest: &Digest, secret: &JobSecret) -> io::Result<()> {
        disk::replace(&self.path(manifest), &secret.0)?;
        disk::sync_folder(&self.root)?;
        self.all_known().remove(manifest);
        Ok(())
    }

    /// The private side of a job, if it was asked about lately; reads nothing.
    pub(crate) fn known(&self, manifest: &Digest) -> Option<Private> {
        self.all_known().get(manifest).cloned()
    }

    /// The private side of a job, from the disk; blocks.
    ///
    /// # Errors
    /// When the secret or the manifest cannot be read.
    pub(crate) fn learn(&self, blobs: &Blobs, manifest: &Digest) -> Result<Private, BlobError> {
        let secret = read(&self.path(manifest))?;
        let describe = |secret| {
            let described = decode_manifest(&blobs.get(manifest, MANIFEST_BYTES_MAX as u64)?);
            let described = described.map_err(|error| BlobError::Io(io::Error::other(error)))?;
            Ok::<_, BlobError>(Arc::new((described, secret)))
        };
        let private = Private(secret.map(describe).transpose()?);
        let mut known = self.all_known();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(*manifest, private.clone());
        Ok(private)
    }

    fn path(&self, manifest: &Digest) -> PathBuf {
        self.root.join(manifest.to_string())
    }

    fn all_known(&self) -> MutexGuard<'_, BTreeMap<Digest, Private>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> io::Result<Option<JobSecret>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let spoilt = |_| io::Error::other(format!("{} does not have 32 bytes", path.display()));
    <[u8; 32]>::try_from(bytes).map(|secret| Some(JobSecret(secret))).map_err(spoilt)
}
