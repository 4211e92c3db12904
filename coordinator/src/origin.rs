//! The coordinator as the origin of swarms: a large blob that somebody asks for in pieces is dealt out, until nobody wants
//! it any more.
//!
//! Whoever is enrolled may have any blob in pieces, as it may have it whole from `Blobs`: the digest of a blob is known only
//! to those who were told of it, with a lease or a job, so a second list of who may have what would protect nothing. What one
//! caller can take is bounded by the swarm: a piece at a time, and beyond the budget only what nobody else has.

use std::sync::Arc;

use manyhands_core::digest::Digest;
use manyhands_core::swarm::WHOLE_BYTES_MAX;
use manyhands_proto::identity::Identity;
use manyhands_swarm::{ExchangeStream, FetchError, Known, Opening, Pace, Settings, Swarm};
use tokio::sync::Mutex;
use tonic::{Response, Status};

use crate::blobs::{BlobError, Blobs};

/// See the module.
#[derive(Debug)]
pub(crate) struct Origin {
    swarm: Swarm,
    blobs: Blobs,
    budget_percent: u32,
    /// Blobs are read for the first time one after the other.
    turn: Mutex<()>,
}

/// Why a blob is not dealt out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OriginError {
    /// It comes whole.
    #[error(
        "a blob of {0} bytes comes whole: in pieces there are those of more than {WHOLE_BYTES_MAX}"
    )]
    Small(u64),
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error(transparent)]
    Swarm(#[from] FetchError),
    /// The disk was being read when everything ended.
    #[error("the coordinator stops")]
    Stopped,
}

impl Origin {
    /// Nothing is dealt yet. Of each blob it will send so many percent of its size, and more only to those for whom
    /// nobody else has anything.
    pub(crate) fn new(
        identity: &Identity,
        known: Known,
        blobs: Blobs,
        budget_percent: u32,
    ) -> Self {
        // It is there to send.
        let pace = Arc::new(Pace::new(None));
        let settings = Settings { identity: identity.clone(), known, is_near_only: false, pace };
        Self { swarm: Swarm::new(settings), blobs, budget_percent, turn: Mutex::new(()) }
    }

    /// Lets an enrolled caller take part in the swarm of a blob, which begins if nobody was there.
    ///
    /// # Errors
    /// Why not.
    pub(crate) async fn admit(
        &self,
        opening: Opening,
    ) -> Result<Result<Response<ExchangeStream>, Status>, OriginError> {
        self.offer(opening.digest(), opening.size_bytes()).await?;
        Ok(self.swarm.admit(opening).await)
    }

    /// Begins to leave all swarms.
    pub(crate) fn close(&self) {
        self.swarm.close();
    }

    /// Leaves all swarms.
    pub(crate) async fn shut_down(&self) {
        self.swarm.shut_down().await;
    }

    async fn offer(&self, digest: Digest, size_bytes: u64) -> Result<(), OriginError> {
        if size_bytes <= WHOLE_BYTES_MAX {
            return Err(OriginError::Small(size_bytes));
        }
        if self.swarm.status(digest).is_some() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        if self.swarm.status(digest).is_some() {
            return Ok(());
        }
        let blobs = self.blobs.clone();
        let blob = tokio::task::spawn_blocking(move || blobs.in_pieces(&digest)).await;
        let blob = blob.map_err(|_stopped| OriginError::Stopped)??;
        let size_bytes = blob.geometry().size_bytes();
        let budget_bytes = size_bytes.saturating_mul(self.budget_percent.into()) / 100;
        tracing::info!(%digest, size_bytes, "a blob is dealt out in pieces");
        Ok(self.swarm.deal(blob, budget_bytes)?)
    }
}
