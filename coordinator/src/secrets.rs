//! The secrets of jobs with private inputs: a small file each, for this folder's owner only.
//!
//! A secret is on disk before its job is submitted, so that no unit is ever leased without its keys. There is
//! only one that fits a manifest, so keeping it twice changes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use manyhands_core::digest::Digest;
use manyhands_core::manifest::Manifest;
use manyhands_core::private::{InputKey, JobSecret};
use manyhands_proto::convert::{MANIFEST_BYTES_MAX, decode_manifest};

use crate::blobs::{BlobError, Blobs};
use crate::folder;

/// Jobs that are remembered, with their manifests or as jobs without private inputs.
const KNOWN_MAX: usize = 256;

/// What is asked for each lease: the job's manifest and secret, if it has one.
type Known = BTreeMap<Digest, Option<Arc<(Manifest, JobSecret)>>>;

/// All secrets that this coordinator holds.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    root: PathBuf,
    known: Arc<Mutex<Known>>,
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
        // Temporary files are made with mode 600.
        let mut file = tempfile::NamedTempFile::new_in(&self.root)?;
        file.write_all(&secret.0)?;
        file.as_file().sync_all()?;
        file.persist(self.path(manifest)).map_err(|refused| refused.error)?;
        folder::sync(&self.root)?;
        self.known().remove(manifest);
        Ok(())
    }

    /// Whether the job is known to have no private inputs, as nearly all have none. It reads nothing.
    pub(crate) fn is_known_to_have_none(&self, manifest: &Digest) -> bool {
        matches!(self.known().get(manifest), Some(None))
    }

    /// The keys of the private inputs of each of these units of one job; blocks the first time that the job is asked
    /// about.
    ///
    /// # Errors
    /// When the secret or the manifest cannot be read.
    pub(crate) fn keys(
        &self,
        blobs: &Blobs,
        manifest: &Digest,
        units: &[u32],
    ) -> Result<Vec<Vec<InputKey>>, BlobError> {
        let found = self.known().get(manifest).cloned();
        let job = match found {
            Some(job) => job,
            None => self.learn(blobs, manifest)?,
        };
        let keys =
            |unit: &u32| job.as_ref().map_or_else(Vec::new, |job| job.0.input_keys(&job.1, *unit));
        Ok(units.iter().map(keys).collect())
    }

    fn learn(
        &self,
        blobs: &Blobs,
        manifest: &Digest,
    ) -> Result<Option<Arc<(Manifest, JobSecret)>>, BlobError> {
        let job = match read(&self.path(manifest))? {
            Some(secret) => {
                let described = decode_manifest(&blobs.get(manifest, MANIFEST_BYTES_MAX as u64)?);
                let described =
                    described.map_err(|error| BlobError::Io(io::Error::other(error)))?;
                Some(Arc::new((described, secret)))
            }
            None => None,
        };
        let mut known = self.known();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(*manifest, job.clone());
        Ok(job)
    }

    fn path(&self, manifest: &Digest) -> PathBuf {
        self.root.join(manifest.to_string())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
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
