//! Taking up what an earlier process left in the spool.

use std::sync::Arc;

use manyhands_core::agent::selfchosen::is_unnumbered;
use manyhands_core::id::{JobId, ReplicaId};
use manyhands_core::replica::CheckpointRef;
use manyhands_core::reply::LeaseGrant;
use manyhands_core::time::Timestamp;
use manyhands_proto::convert;
use manyhands_proto::v1::{self, report};

use super::Turn;
use super::ending::{self, Ending};
use crate::WorkerError;
use crate::cache::{CacheError, Pin};
use crate::spool::{Held, Restored};

impl Turn<'_> {
    /// Pins what is still needed before anything else asks the cache for room, and puts leases and
    /// reports back where they were.
    pub(crate) async fn recover(&mut self, restored: Restored) -> Result<(), WorkerError> {
        let Restored { enrolment: _, jobs, held, reports } = restored;
        if !(held.is_empty() && reports.is_empty()) {
            let (leases, reports) = (held.len(), reports.len());
            tracing::info!(leases, reports, "going on with what an earlier process left");
        }
        for job in jobs {
            let id = job.job;
            self.project.board.name(job);
            if let Some(named) = self.project.board.job_mut(JobId(id)) {
                named.spooled = true;
            }
        }
        for (replica, report) in reports {
            self.recover_report(replica, report).await?;
        }
        for held in held {
            self.recover_lease(held).await?;
        }
        for job in self.project.board.jobs_without_leases() {
            self.leave_job(job).await?;
        }
        Ok(())
    }

    async fn recover_report(
        &mut self,
        replica: ReplicaId,
        report: v1::Report,
    ) -> Result<(), WorkerError> {
        self.project.board.ended_before(LeaseGrant {
            replica,
            deadline_at: Timestamp(0),
            hard_deadline_at: Timestamp(0),
            resume_from: None,
            replay: None,
        });
        let mut blobs = Vec::new();
        for digest in blobs_of(&report) {
            let Some(pin) = self.kept(&digest).await? else {
                if is_unnumbered(replica) {
                    // Nobody waits for it.
                    return self.settle(replica).await;
                }
                let message = "an output was lost before it could be handed over".to_owned();
                self.project.outbox.push(replica, ending::host_error(replica, message));
                return Ok(());
            };
            blobs.push(pin);
        }
        if is_unnumbered(replica) {
            self.project.chosen.ended(replica, Ending { report, blobs });
        } else if blobs.is_empty() {
            self.project.outbox.push(replica, report);
        } else {
            self.project.uploads.push_back((replica, Ending { report, blobs }));
        }
        Ok(())
    }

    async fn recover_lease(&mut self, held: Held) -> Result<(), WorkerError> {
        let Held { replica, lease, checkpoint } = held;
        let keys = convert::input_keys(&lease).unwrap_or_default();
        let granted =
            LeaseGrant::try_from(lease).is_ok_and(|grant| self.project.board.grant(grant, keys));
        if !granted {
            // Without its job it cannot be computed; the coordinator gives it to others.
            return self.settle(replica).await;
        }
        let Some(checkpoint) = checkpoint.and_then(|it| CheckpointRef::try_from(it).ok()) else {
            return Ok(());
        };
        let pin = self.kept(checkpoint.digest.as_bytes()).await?;
        if let Some(pin) = pin
            && let Some(held) = self.project.board.get_mut(replica)
        {
            held.checkpoint = Some((checkpoint, Arc::new(pin)));
        }
        Ok(())
    }

    async fn kept(&self, digest: &[u8]) -> Result<Option<Pin>, CacheError> {
        match convert::digest("digest", digest) {
            Ok(digest) => self.project.cache.get(digest).await,
            Err(_not_ours) => Ok(None),
        }
    }
}

/// The blobs that a report speaks of without bringing them.
fn blobs_of(report: &v1::Report) -> Vec<bytes::Bytes> {
    match &report.outcome {
        Some(report::Outcome::Success(success)) => {
            let blobs = success.outputs.iter().filter(|output| output.inline.is_none());
            blobs.map(|output| output.digest.clone()).collect()
        }
        Some(report::Outcome::Replayed(replayed)) => {
            replayed.state.iter().map(|state| state.digest.clone()).collect()
        }
        _ => Vec::new(),
    }
}
