//! Checkpoints: from the slot's folder into the cache, noted in the spool, and to the coordinator, so
//! that this process, the next one, or another host can go on from there.

use std::sync::Arc;

use manyhands_core::agent::selfchosen::is_unnumbered;
use manyhands_core::digest::Digest;
use manyhands_core::id::ReplicaId;
use manyhands_core::replica::CheckpointRef;

use super::board::{Held, Phase};
use super::{Awaiting, Done, Turn};
use crate::WorkerError;
use crate::cache::{self, CacheError, Pin, UploadError};
use crate::sandbox::checkpoint::{self, CheckpointError, Checkpointed};
use crate::spool::Change;

/// Why a checkpoint is not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    /// There is no room for it.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// It is none.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl Turn<'_> {
    /// Moves a checkpoint from the slot's folder into the cache.
    pub(super) fn keep_checkpoint(&mut self, replica: ReplicaId, checkpointed: &Checkpointed) {
        let adopted = self.project.cache.adopt(&checkpointed.path);
        self.project.tasks.spawn(async move {
            let kept = match adopted.await {
                Ok(pin) => described(pin).await,
                Err(error) => Err(KeepError::Cache(error)),
            };
            Done::Kept(replica, kept)
        });
    }

    pub(super) async fn on_kept(
        &mut self,
        replica: ReplicaId,
        kept: Result<(CheckpointRef, Pin), KeepError>,
    ) -> Result<(), WorkerError> {
        let (checkpoint, pin) = match kept {
            Ok((checkpoint, pin)) => (checkpoint, Arc::new(pin)),
            Err(error) => {
                tracing::warn!(%replica, %error, "a checkpoint cannot be kept");
                self.on_drained(replica);
                return Ok(());
            }
        };
        // Ended meanwhile, or a newer one was faster.
        let outdated = |held: &Held| {
            let newest = held.checkpoint.as_ref().map(|(newest, _)| newest.step);
            matches!(held.phase, Phase::Ended) || newest > Some(checkpoint.step)
        };
        let Some(held) = self.project.board.get_mut(replica).filter(|held| !outdated(held)) else {
            return Ok(());
        };
        let older = held.checkpoint.replace((checkpoint, Arc::clone(&pin)));
        let written = self.append(Change::Checkpointed(replica, checkpoint.into())).await?;
        if let Some((older, pin)) = older
            && older.digest != checkpoint.digest
        {
            self.project.awaiting.push_back((written, Awaiting::Unneeded(pin)));
        }
        if !self.save_checkpoint(replica, checkpoint, pin) {
            self.on_drained(replica);
        }
        Ok(())
    }

    /// Uploads the newest checkpoints, so that other hosts can go on from them.
    pub(super) fn save_checkpoints(&mut self) {
        let kept: Vec<_> = self
            .project
            .board
            .leases()
            .filter_map(|(replica, held)| Some((replica, held.checkpoint.clone()?)))
            .collect();
        for (replica, (checkpoint, pin)) in kept {
            self.save_checkpoint(replica, checkpoint, pin);
        }
    }

    /// `false` if it is not uploaded now: too large, not allowed, or nobody is there.
    fn save_checkpoint(
        &mut self,
        replica: ReplicaId,
        checkpoint: CheckpointRef,
        pin: Arc<Pin>,
    ) -> bool {
        let may_be_sent =
            self.machine.governing.decision.no_network.is_none() && !is_unnumbered(replica);
        let small =
            may_be_sent && checkpoint.bytes <= self.machine.config.checkpoint_upload_bytes_max;
        let Some(coordinator) = self.project.coordinator.as_ref().filter(|_| small) else {
            return false;
        };
        let channel = coordinator.channel.clone();
        self.project.tasks.spawn(async move {
            let saved = cache::upload(&channel, &pin).await;
            Done::Saved(replica, checkpoint, saved)
        });
        true
    }

    pub(super) fn on_saved(
        &mut self,
        replica: ReplicaId,
        checkpoint: CheckpointRef,
        saved: Result<(), UploadError>,
    ) {
        match saved {
            Ok(()) => {
                if let Some(held) = self.project.board.get_mut(replica) {
                    held.uploaded = Some(checkpoint);
                    // Not with the next heartbeat: from now on another host can go on from it.
                    self.renew();
                }
            }
            Err(error) => tracing::info!(%replica, %error, "a checkpoint stays here"),
        }
        self.on_drained(replica);
    }
}

/// The checkpoint in a blob. What the slot told is not used: it may have written a newer one since,
/// in the same place.
async fn described(pin: Pin) -> Result<(CheckpointRef, Pin), KeepError> {
    let path = pin.path();
    let found = cache::blocking(move || checkpoint::inspect(&path)).await?;
    let (step, state_hash) = (found.step, Digest(found.state_hash));
    let checkpoint = CheckpointRef { digest: pin.digest(), step, bytes: pin.bytes(), state_hash };
    Ok((checkpoint, pin))
}
