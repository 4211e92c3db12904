//! From slot to coordinator: what ran is reported, first on disk, then over the stream; what still
//! runs is saved.

use std::sync::Arc;

use manyhands_core::digest::Digest;
use manyhands_core::id::ReplicaId;
use manyhands_core::replica::CheckpointRef;
use manyhands_core::time::Span;
use manyhands_proto::v1;
use manyhands_proto::v1::worker_message::Message;

use super::board::{Held, JobState, Phase};
use super::ending::{self, Ending};
use super::job::Job;
use super::{Agent, Awaiting, Done};
use crate::WorkerError;
use crate::cache::{self, CacheError, Pin, UploadError};
use crate::sandbox::checkpoint::Checkpointed;
use crate::sandbox::{HostErrorKind, Outcome, RunReport};
use crate::slots::SlotEvent;
use crate::spool::Change;

/// Reports and checkpoints whose blobs are uploaded at the same time.
const UPLOADS_MAX: usize = 2;

impl Agent {
    pub(super) async fn on_slot(
        &mut self,
        slot: usize,
        event: SlotEvent,
    ) -> Result<(), WorkerError> {
        let Some(replica) = self.seats[slot] else { return Ok(()) };
        match event {
            SlotEvent::Started { .. } => Ok(()),
            SlotEvent::Progress { ppm, .. } => {
                if let Some(held) = self.board.get_mut(replica) {
                    held.progress_ppm = ppm;
                }
                Ok(())
            }
            SlotEvent::Checkpointed(checkpointed) => {
                self.keep_checkpoint(replica, &checkpointed);
                Ok(())
            }
            SlotEvent::Ended(run) => {
                self.run_time.note(Span(run.usage.wall_ms));
                // Large outputs lie in the slot's folder until they are taken over.
                if ending::is_small(&run, self.terms) {
                    self.seats[slot] = None;
                }
                self.on_run(slot, replica, run).await
            }
            SlotEvent::Killed => {
                self.seats[slot] = None;
                self.on_drained(replica);
                Ok(())
            }
        }
    }

    /// A slot is free again, and this is what its replica came to.
    async fn on_run(
        &mut self,
        slot: usize,
        replica: ReplicaId,
        run: RunReport,
    ) -> Result<(), WorkerError> {
        let held = self.board.get(replica);
        // Taken back while it ran, and perhaps granted again since.
        if !held.is_some_and(|held| matches!(held.phase, Phase::Running(at) if at == slot)) {
            self.seats[slot] = None;
            return Ok(());
        }
        match &run.outcome {
            Outcome::Drained(checkpointed) => {
                self.keep_checkpoint(replica, checkpointed);
                Ok(())
            }
            Outcome::HostError(error)
                if error.kind == HostErrorKind::Checkpoint && self.forget_checkpoint(replica) =>
            {
                tracing::warn!(%replica, %error, "starting from the beginning");
                self.board.make_waiting(replica);
                Ok(())
            }
            Outcome::Success(_) | Outcome::AppError(_) | Outcome::HostError(_) => {
                self.make_report(replica, run).await
            }
        }
    }

    /// Forgets all checkpoints of a replica; `false` if it had none.
    fn forget_checkpoint(&mut self, replica: ReplicaId) -> bool {
        let Some(held) = self.board.get_mut(replica) else { return false };
        let resumed = held.grant.resume_from.take().is_some();
        held.checkpoint.take().is_some() || resumed
    }

    async fn make_report(&mut self, replica: ReplicaId, run: RunReport) -> Result<(), WorkerError> {
        let Some(job) = self.loaded_job(replica) else {
            self.free_seat(replica);
            return Ok(());
        };
        let (terms, cache) = (self.terms, self.cache.clone());
        if ending::is_small(&run, terms) {
            let ending = ending::report(replica, job.manifest.draft(), run, terms, &cache).await;
            return self.on_ending(replica, ending).await;
        }
        self.tasks.spawn(async move {
            let draft = job.manifest.draft();
            Done::Ended(replica, ending::report(replica, draft, run, terms, &cache).await)
        });
        Ok(())
    }

    pub(super) fn loaded_job(&self, replica: ReplicaId) -> Option<Arc<Job>> {
        match &self.board.job(replica.unit.job)?.state {
            JobState::Loaded(job) => Some(Arc::clone(job)),
            JobState::Unknown | JobState::Loading => None,
        }
    }

    pub(super) async fn on_ending(
        &mut self,
        replica: ReplicaId,
        ending: Result<Ending, CacheError>,
    ) -> Result<(), WorkerError> {
        self.free_seat(replica);
        let ending = ending.unwrap_or_else(|error| {
            tracing::error!(%replica, %error, "the outputs cannot be kept");
            Ending::without_blobs(ending::host_error(replica, error.to_string()))
        });
        self.finish(replica, ending).await
    }

    fn free_seat(&mut self, replica: ReplicaId) {
        for seat in &mut self.seats {
            if *seat == Some(replica) {
                *seat = None;
            }
        }
    }

    /// Ends a replica with a report that has no blobs.
    pub(super) async fn report(
        &mut self,
        replica: ReplicaId,
        report: v1::Report,
    ) -> Result<(), WorkerError> {
        self.finish(replica, Ending::without_blobs(report)).await
    }

    async fn finish(&mut self, replica: ReplicaId, ending: Ending) -> Result<(), WorkerError> {
        // Taken back while its outputs were kept.
        let Some(held) = self.board.get_mut(replica) else { return Ok(()) };
        let checkpoint = held.checkpoint.take();
        self.board.end(replica);
        let written = self.append(Change::Finished(replica, ending.report.clone())).await?;
        self.awaiting.push_back((written, Awaiting::Report(replica, ending)));
        if let Some((_, pin)) = checkpoint {
            self.awaiting.push_back((written, Awaiting::Unneeded(pin)));
        }
        Ok(())
    }

    /// What waited for the disk and is on it may go on.
    pub(super) fn on_durable(&mut self) {
        let through = *self.durable.borrow_and_update();
        while let Some((_, awaiting)) = self.awaiting.pop_front_if(|(at, _)| *at <= through) {
            match awaiting {
                Awaiting::Report(replica, ending) if ending.blobs.is_empty() => {
                    self.outbox.push(replica, ending.report);
                }
                Awaiting::Report(replica, ending) => self.uploads.push_back((replica, ending)),
                Awaiting::Unneeded(pin) => {
                    // A slot may still be reading it.
                    if let Some(pin) = Arc::into_inner(pin) {
                        pin.discard();
                    }
                }
            }
        }
    }

    pub(super) fn start_uploads(&mut self) {
        let Some(coordinator) = &self.coordinator else { return };
        while self.uploading < UPLOADS_MAX
            && let Some((replica, ending)) = self.uploads.pop_front()
        {
            let channel = coordinator.channel.clone();
            self.uploading += 1;
            self.tasks.spawn(async move {
                let uploaded = cache::upload_all(&channel, &ending.blobs).await;
                Done::Uploaded(replica, ending, uploaded)
            });
        }
    }

    pub(super) fn on_uploaded(
        &mut self,
        replica: ReplicaId,
        ending: Ending,
        uploaded: Result<(), UploadError>,
    ) {
        self.uploading -= 1;
        match uploaded {
            Ok(()) => self.outbox.push(replica, ending.report),
            // The stream is lost too, and what comes after it starts this again.
            Err(UploadError::Interrupted) => self.uploads.push_back((replica, ending)),
            Err(UploadError::Refused(status)) => {
                tracing::warn!(%replica, %status, "an output is not taken");
                let message =
                    format!("the coordinator did not take an output: {}", status.message());
                self.outbox.push(replica, ending::host_error(replica, message));
            }
        }
    }

    pub(super) fn send_reports(&mut self) {
        while self.can_say() {
            let Some(reports) = self.outbox.next() else { return };
            self.say(Message::Reports(reports));
        }
    }

    /// Moves a checkpoint from the slot's folder into the cache.
    fn keep_checkpoint(&mut self, replica: ReplicaId, checkpointed: &Checkpointed) {
        let Checkpointed { step, state_hash, .. } = *checkpointed;
        let adopted = self.cache.adopt(&checkpointed.path);
        self.tasks.spawn(async move {
            let kept = adopted.await.map(|pin| {
                let (digest, bytes, state_hash) = (pin.digest(), pin.bytes(), Digest(state_hash));
                (CheckpointRef { digest, step, bytes, state_hash }, pin)
            });
            Done::Kept(replica, kept)
        });
    }

    pub(super) async fn on_kept(
        &mut self,
        replica: ReplicaId,
        kept: Result<(CheckpointRef, Pin), CacheError>,
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
        let Some(held) = self.board.get_mut(replica).filter(|held| !outdated(held)) else {
            return Ok(());
        };
        let older = held.checkpoint.replace((checkpoint, Arc::clone(&pin)));
        let written = self.append(Change::Checkpointed(replica, checkpoint.into())).await?;
        if let Some((older, pin)) = older
            && older.digest != checkpoint.digest
        {
            self.awaiting.push_back((written, Awaiting::Unneeded(pin)));
        }
        if !self.save_checkpoint(replica, checkpoint, pin) {
            self.on_drained(replica);
        }
        Ok(())
    }

    /// Uploads the newest checkpoints, so that other hosts can go on from them.
    pub(super) fn save_checkpoints(&mut self) {
        let kept: Vec<_> = self
            .board
            .leases()
            .filter_map(|(replica, held)| Some((replica, held.checkpoint.clone()?)))
            .collect();
        for (replica, (checkpoint, pin)) in kept {
            self.save_checkpoint(replica, checkpoint, pin);
        }
    }

    /// `false` if it is not uploaded now: too large, or nobody is there.
    fn save_checkpoint(
        &mut self,
        replica: ReplicaId,
        checkpoint: CheckpointRef,
        pin: Arc<Pin>,
    ) -> bool {
        let small = checkpoint.bytes <= self.config.checkpoint_upload_bytes_max;
        let Some(coordinator) = self.coordinator.as_ref().filter(|_| small) else { return false };
        let channel = coordinator.channel.clone();
        self.tasks.spawn(async move {
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
                if let Some(held) = self.board.get_mut(replica) {
                    held.uploaded = Some(checkpoint);
                }
            }
            Err(error) => tracing::info!(%replica, %error, "a checkpoint stays here"),
        }
        self.on_drained(replica);
    }
}
