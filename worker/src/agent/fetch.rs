//! The blobs of one lease, brought here while it waits for a slot.

use std::sync::Arc;

use manyhands_core::digest::Digest;
use manyhands_core::id::ReplicaId;
use manyhands_core::manifest::{Artefact, UnitSpec};
use manyhands_core::replica::CheckpointRef;

use super::job::Job;
use crate::cache::{self, Cache, DownloadError, Origin, Pin};
use crate::sandbox::checkpoint;

/// Where blobs come from: the cache, else other workers and the coordinator, if there is a connection to it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    cache: Cache,
    origin: Option<Origin>,
}

impl Source {
    pub(super) fn new(cache: Cache, origin: Option<Origin>) -> Self {
        Self { cache, origin }
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The blob, verified.
    ///
    /// # Errors
    /// [`DownloadError`]; it passes, if nobody is there who has it.
    pub(super) async fn obtain(&self, digest: Digest, bytes: u64) -> Result<Pin, DownloadError> {
        self.cache.obtain(self.origin.as_ref(), digest, bytes).await
    }
}

/// All that one replica reads, on disk and verified.
#[derive(Clone, Debug, Default)]
pub(super) struct Ready {
    /// Paths below `/in`, each with its blob.
    pub(super) inputs: Vec<(String, Arc<Pin>)>,
    /// The standard input, if it is not empty.
    pub(super) stdin: Option<Arc<Pin>>,
    /// The checkpoint to go on from.
    pub(super) resume: Option<Arc<Pin>>,
}

/// Why a lease's blobs are not there.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// One of them did not come.
    #[error(transparent)]
    Blob(#[from] DownloadError),
    /// The job ends before.
    #[error("the job has no unit {0}")]
    NoSuchUnit(u32),
}

/// What there is to fetch for a lease.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) replica: ReplicaId,
    pub(super) job: Arc<Job>,
    pub(super) resume: Option<CheckpointRef>,
}

impl Order {
    /// What the unit is.
    ///
    /// # Errors
    /// [`FetchError::NoSuchUnit`].
    pub(super) fn spec(&self) -> Result<UnitSpec, FetchError> {
        let index = self.replica.unit.index;
        self.job.manifest.unit(index).ok_or(FetchError::NoSuchUnit(index))
    }

    /// All blobs, if the job's own are all there are: the common case, which needs no waiting.
    pub(super) fn at_once(&self, spec: &UnitSpec) -> Option<Ready> {
        let known = |artefact: &Artefact| self.job.fixed.get(&artefact.digest).map(Arc::clone);
        if self.resume.is_some() {
            return None;
        }
        let inputs = spec.inputs.iter().map(|(path, blob)| Some((path.clone(), known(blob)?)));
        let stdin = match &spec.stdin {
            Some(blob) => Some(known(blob)?),
            None => None,
        };
        Some(Ready { inputs: inputs.collect::<Option<_>>()?, stdin, resume: None })
    }

    /// All blobs, brought here if need be.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(super) async fn fetch(&self, source: &Source, spec: UnitSpec) -> Result<Ready, FetchError> {
        let mut ready = Ready::default();
        for (path, blob) in spec.inputs {
            ready.inputs.push((path, self.blob(source, blob.digest, blob.bytes).await?));
        }
        if let Some(blob) = spec.stdin {
            ready.stdin = Some(self.blob(source, blob.digest, blob.bytes).await?);
        }
        if let Some(checkpoint) = self.resume {
            let fetched = self.blob(source, checkpoint.digest, checkpoint.bytes).await;
            ready.resume = match fetched {
                Ok(pin) if is_state(&pin, &checkpoint).await => Some(pin),
                Ok(_) => {
                    let replica = self.replica;
                    tracing::warn!(%replica, "not the state that was named: starting from the beginning");
                    None
                }
                Err(error) if error.passes() => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(replica = %self.replica, %error, "starting from the beginning");
                    None
                }
            };
        }
        Ok(ready)
    }

    async fn blob(
        &self,
        source: &Source,
        digest: Digest,
        bytes: u64,
    ) -> Result<Arc<Pin>, DownloadError> {
        match self.job.fixed.get(&digest) {
            Some(pin) => Ok(Arc::clone(pin)),
            None => source.obtain(digest, bytes).await.map(Arc::new),
        }
    }
}

/// Whether the blob is a checkpoint of the state that was named. Who computed it may have lied; what it
/// says of itself is checked against what it holds when the run is resumed.
async fn is_state(pin: &Pin, named: &CheckpointRef) -> bool {
    let path = pin.path();
    let found = cache::blocking(move || checkpoint::inspect(&path)).await;
    found.is_ok_and(|it| it.step == named.step && it.state_hash == named.state_hash.0)
}
