//! From slot to coordinator: what ran is reported, first on disk, then over the stream; what still
//! runs is saved.

use std::sync::Arc;

use manyhands_core::agent::selfchosen::is_unnumbered;
use manyhands_core::id::ReplicaId;
use manyhands_core::time::Span;
use manyhands_proto::v1::worker_message::Message;
use manyhands_proto::{convert, statement, v1};

use super::board::Phase;
use super::ending::{self, Ending, Terms};
use super::lying;
use super::pause::Pause;
use super::{Awaiting, Done, Turn};
use crate::WorkerError;
use crate::cache::{self, CacheError, UploadError};
use crate::sandbox::{HostErrorKind, Outcome, RunReport};
use crate::slots::SlotEvent;
use crate::spool::Change;

/// Reports and checkpoints whose blobs are uploaded at the same time.
const UPLOADS_MAX: usize = 2;

/// How uploading of reports' blobs goes.
#[derive(Debug)]
pub(super) struct Uploading {
    running: usize,
    pub(super) pause: Pause,
}

impl Uploading {
    pub(super) fn new() -> Self {
        Self { running: 0, pause: Pause::new() }
    }

    fn may_start(&self) -> bool {
        self.running < UPLOADS_MAX && self.pause.is_over()
    }
}

impl Turn<'_> {
    pub(super) async fn on_slot(
        &mut self,
        slot: usize,
        replica: ReplicaId,
        event: SlotEvent,
    ) -> Result<(), WorkerError> {
        match event {
            SlotEvent::Started { .. } => Ok(()),
            SlotEvent::Progress { ppm, cpu_ms, .. } => {
                if let Some(held) = self.project.board.get_mut(replica) {
                    (held.progress_ppm, held.cpu_ms) = (ppm, cpu_ms);
                }
                self.machine.used(slot, cpu_ms);
                Ok(())
            }
            SlotEvent::Checkpointed(checkpointed) => {
                self.keep_checkpoint(replica, &checkpointed);
                self.machine.on_saved_before_stop(slot);
                Ok(())
            }
            SlotEvent::Ended(run) => {
                self.project.run_time.note(Span(run.usage.wall_ms));
                self.project.computed_ms =
                    self.project.computed_ms.saturating_add(run.usage.cpu_ms);
                self.machine.used(slot, run.usage.cpu_ms);
                // Large outputs lie in the slot's folder until they are taken over.
                if ending::is_small(&run, self.project.terms) {
                    self.machine.free(slot);
                }
                self.on_run(slot, replica, run).await
            }
            SlotEvent::Killed => {
                self.machine.free(slot);
                self.on_drained(replica);
                let runs_here = |phase: &Phase| matches!(phase, Phase::Running(at) if *at == slot);
                if self.project.board.get(replica).is_some_and(|held| runs_here(&held.phase)) {
                    // Its memory was wanted back; it goes on from its checkpoint, if it has one.
                    self.project.board.make_waiting(replica);
                }
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
        let held = self.project.board.get(replica);
        // Taken back while it ran, and perhaps granted again since.
        if !held.is_some_and(|held| matches!(held.phase, Phase::Running(at) if at == slot)) {
            self.machine.free(slot);
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
                self.project.board.make_waiting(replica);
                Ok(())
            }
            Outcome::Success(_)
            | Outcome::AppError(_)
            | Outcome::HostError(_)
            | Outcome::Halted(_) => self.make_report(replica, run).await,
        }
    }

    /// Forgets all checkpoints of a replica; `false` if it had none.
    fn forget_checkpoint(&mut self, replica: ReplicaId) -> bool {
        let Some(held) = self.project.board.get_mut(replica) else { return false };
        let resumed = held.grant.resume_from.take().is_some();
        held.checkpoint.take().is_some() || resumed
    }

    async fn make_report(&mut self, replica: ReplicaId, run: RunReport) -> Result<(), WorkerError> {
        let Some(job) = self.loaded_job(replica) else {
            self.free_seat(replica);
            return Ok(());
        };
        let lies =
            lying::lies(self.machine.config.fault.as_ref(), replica.unit).unwrap_or_else(|error| {
                tracing::error!(%error, "the ring's file cannot be used");
                false
            });
        let (terms, cache) = (Terms { lies, ..self.project.terms }, self.project.cache.clone());
        if ending::is_small(&run, terms) {
            let ending = ending::report(replica, job.manifest.draft(), run, terms, &cache).await;
            return self.on_ending(replica, ending).await;
        }
        self.project.tasks.spawn(async move {
            let draft = job.manifest.draft();
            Done::Ended(replica, ending::report(replica, draft, run, terms, &cache).await)
        });
        Ok(())
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
        if let Some(slot) = self.machine.slot_of(self.at, replica) {
            self.machine.free(slot);
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

    async fn finish(&mut self, replica: ReplicaId, mut ending: Ending) -> Result<(), WorkerError> {
        // Taken back while its outputs were kept.
        let Some(held) = self.project.board.get_mut(replica) else { return Ok(()) };
        if is_unnumbered(replica) && !Self::is_worth_claiming(&ending.report) {
            self.project.chosen.begins_anew();
            return self.settle(replica).await;
        }
        let checkpoint = held.checkpoint.take();
        self.state(replica, &mut ending.report);
        self.project.board.end(replica);
        let written = self.append(Change::Finished(replica, ending.report.clone())).await?;
        self.project.awaiting.push_back((written, Awaiting::Report(replica, Box::new(ending))));
        if let Some((_, pin)) = checkpoint {
            self.project.awaiting.push_back((written, Awaiting::Unneeded(pin)));
        }
        Ok(())
    }

    /// Says in a report to which manifest it is the answer. A job that is leased was described.
    pub(super) fn state(&self, replica: ReplicaId, report: &mut v1::Report) {
        let Some(named) = self.project.board.job(replica.unit.job) else { return };
        let stated = convert::digest("manifest", &named.leased.manifest)
            .and_then(|manifest| statement::state(report, &manifest));
        if let Err(error) = stated {
            tracing::error!(%replica, %error, "the coordinator will not take this report");
        }
    }

    /// What waited for the disk and is on it may go on.
    pub(super) fn on_durable(&mut self) {
        let through = *self.project.durable.borrow_and_update();
        while let Some((_, awaiting)) = self.project.awaiting.pop_front_if(|(at, _)| *at <= through)
        {
            match awaiting {
                Awaiting::Report(replica, ending) if is_unnumbered(replica) => {
                    self.project.chosen.ended(replica, *ending);
                }
                Awaiting::Report(replica, ending) if ending.blobs.is_empty() => {
                    self.project.outbox.push(replica, ending.report);
                }
                Awaiting::Report(replica, ending) => {
                    self.project.uploads.push_back((replica, *ending));
                }
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
        let Some(coordinator) = &self.project.coordinator else { return };
        if self.machine.governing.decision.no_network.is_some() {
            return;
        }
        while self.project.uploading.may_start()
            && let Some((replica, ending)) = self.project.uploads.pop_front()
        {
            let channel = coordinator.channel.clone();
            self.project.uploading.running += 1;
            self.project.tasks.spawn(async move {
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
        self.project.uploading.running -= 1;
        match uploaded {
            Ok(()) => {
                self.project.uploading.pause.end();
                self.project.outbox.push(replica, ending.report);
            }
            Err(UploadError::Interrupted) => {
                self.project.uploading.pause.begin();
                self.project.uploads.push_back((replica, ending));
            }
            Err(UploadError::Refused(status)) => {
                tracing::warn!(%replica, %status, "an output is not taken");
                let message =
                    format!("the coordinator did not take an output: {}", status.message());
                self.project.outbox.push(replica, ending::host_error(replica, message));
            }
        }
    }

    pub(super) fn send_reports(&mut self) {
        while self.can_say() {
            let Some(mut reports) = self.project.outbox.next() else { return };
            statement::sign(&self.project.identity, &mut reports);
            self.say(Message::Reports(reports));
        }
    }
}
