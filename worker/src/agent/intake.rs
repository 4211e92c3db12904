//! What the coordinator says, and what is said to it about leases.

use manyhands_core::agent::selfchosen::is_unnumbered;
use manyhands_core::command::Renewal;
use manyhands_core::id::{JobId, ReplicaId};
use manyhands_core::limits::{BATCH_MAX, INLINE_BYTES_MAX};
use manyhands_core::private::InputKey;
use manyhands_core::reply::LeaseGrant;
use manyhands_proto::v1::coordinator_message::Message as Said;
use manyhands_proto::v1::worker_message::Message;
use manyhands_proto::{convert, v1};

use super::board::Phase;
use super::{HELD_MAX, Turn, ending, heartbeat};
use crate::WorkerError;
use crate::link::{Attached, LinkEvent};
use crate::spool::{Change, Enrolment};

impl Turn<'_> {
    pub(super) async fn on_link(&mut self, event: LinkEvent) -> Result<(), WorkerError> {
        match event {
            LinkEvent::Enrolled(host) => self.on_enrolled(host).await,
            LinkEvent::Hello(answer) => {
                // Whoever asked may have given up.
                drop(answer.send(self.hello()));
                Ok(())
            }
            LinkEvent::Attached(attached) => {
                self.on_attached(attached);
                Ok(())
            }
            LinkEvent::Message(message) => self.on_message(message).await,
            LinkEvent::Detached(reason) => {
                if self.project.coordinator.take().is_some() {
                    self.project.chosen.detached();
                }
                self.project.wished = 0;
                self.project.refused = reason.pushback().map(|_| reason.to_string());
                self.project.away =
                    Some(reason.to_string()).filter(|_| self.project.refused.is_none());
                // Others go on, and whoever looks is told.
                if self.is_alone && !self.project.enrolled && reason.needs_a_person() {
                    return Err(WorkerError::Refused(Box::new(reason)));
                }
                Ok(())
            }
        }
    }

    async fn on_enrolled(&mut self, host: u64) -> Result<(), WorkerError> {
        tracing::info!(host, "enrolled");
        self.project.enrolled = true;
        let coordinator = crate::coordinator_name(&self.project.invite);
        self.append(Change::Enrolled(Enrolment { coordinator, host })).await?;
        Ok(())
    }

    fn hello(&mut self) -> v1::Hello {
        let numbered = self.project.board.leases().filter(|(replica, _)| !is_unnumbered(*replica));
        let held = numbered.map(|(replica, _)| replica.into()).collect();
        let claims = self.claims();
        v1::Hello { capabilities: Some(self.project.capabilities.clone()), held, claims }
    }

    fn on_attached(&mut self, attached: Attached) {
        let welcome = &attached.welcome;
        tracing::info!(host = welcome.host, "attached to the coordinator");
        self.project.heartbeat = heartbeat(welcome.heartbeat_ms);
        self.project.terms.inline_bytes_max = welcome.inline_bytes_max.min(INLINE_BYTES_MAX as u64);
        let batch_max = usize::try_from(welcome.batch_max).unwrap_or(BATCH_MAX);
        self.project.batch_max = batch_max.clamp(1, BATCH_MAX);
        self.project.outbox.attached(self.project.batch_max);
        self.project.board.forget_unused_jobs();
        self.project.wished = 0;
        self.project.fetching.pause.end();
        self.project.uploading.pause.end();
        self.project.coordinator = Some(attached);
        self.project.chosen.attached();
        self.machine.pilot.meets();
        (self.project.refused, self.project.away) = (None, None);
        self.renew();
        self.save_checkpoints();
    }

    async fn on_message(&mut self, message: Said) -> Result<(), WorkerError> {
        match message {
            Said::Leases(leases) => self.on_leases(leases).await,
            Said::Claimed(claimed) => self.on_claimed(claimed).await,
            Said::Acknowledged(acknowledged) => self.on_acknowledged(acknowledged).await,
            Said::Renewed(renewed) => {
                self.on_renewed(renewed);
                Ok(())
            }
            Said::Abort(abort) => {
                for replica in abort.replicas {
                    let Ok(replica) = ReplicaId::try_from(replica) else { continue };
                    self.drop_lease(replica).await?;
                }
                Ok(())
            }
            Said::Ended(v1::JobEnded { job }) => {
                self.project.board.job_ended(JobId(job));
                Ok(())
            }
            // It will close the stream; reports go on until then, and the link comes back later.
            Said::Drain(v1::Drain {}) => {
                tracing::info!("the coordinator is about to stop");
                Ok(())
            }
            // Only the first message is one.
            Said::Welcome(_) => Ok(()),
        }
    }

    async fn on_leases(&mut self, leases: v1::Leases) -> Result<(), WorkerError> {
        let count = u32::try_from(leases.leases.len()).unwrap_or(u32::MAX);
        self.project.wished = self.project.wished.saturating_sub(count);
        for job in leases.jobs.into_iter().take(BATCH_MAX) {
            self.project.board.name(job);
        }
        for lease in leases.leases {
            let read = convert::input_keys(&lease);
            match read.and_then(|keys| Ok((LeaseGrant::try_from(lease.clone())?, keys))) {
                Ok((grant, keys)) => self.on_lease(grant, keys, lease).await?,
                // Without a number it cannot even be given back.
                Err(error) => tracing::warn!(%error, "the coordinator sent a lease that is none"),
            }
        }
        Ok(())
    }

    async fn on_lease(
        &mut self,
        grant: LeaseGrant,
        keys: Vec<InputKey>,
        wire: v1::Lease,
    ) -> Result<(), WorkerError> {
        let replica = grant.replica;
        if self.project.board.get(replica).is_some() {
            return Ok(());
        }
        if self.project.board.len() >= HELD_MAX || self.machine.draining.is_some() {
            self.project.outbox.push(replica, ending::aborted(replica));
            return Ok(());
        }
        if !self.project.board.grant(grant, keys) {
            let message = "the coordinator leased a unit of a job that it did not describe";
            self.project.outbox.push(replica, ending::host_error(replica, message.to_owned()));
            return Ok(());
        }
        self.spool_job(replica.unit.job).await?;
        self.append(Change::Leased(replica, wire)).await?;
        Ok(())
    }

    pub(super) async fn spool_job(&mut self, id: JobId) -> Result<(), WorkerError> {
        let Some(job) = self.project.board.job_mut(id).filter(|job| !job.spooled) else {
            return Ok(());
        };
        job.spooled = true;
        let leased = job.leased.clone();
        self.append(Change::Job(leased)).await?;
        Ok(())
    }

    async fn on_acknowledged(&mut self, acknowledged: v1::Acknowledged) -> Result<(), WorkerError> {
        for refused in acknowledged.refused {
            let replica = refused.replica.map(ReplicaId::try_from);
            tracing::warn!(?replica, reason = refused.reason, "a report was refused");
        }
        let settled = self.project.outbox.acknowledged(acknowledged.batch);
        self.tell_acknowledged(settled.len(), acknowledged.credit_micro);
        for replica in settled {
            self.settle(replica).await?;
        }
        Ok(())
    }

    fn on_renewed(&mut self, renewed: v1::Renewed) {
        for lease in renewed.leases {
            let Ok(renewed) = LeaseGrant::try_from(lease) else { continue };
            if let Some(held) = self.project.board.get_mut(renewed.replica) {
                held.grant.deadline_at = renewed.deadline_at;
            }
        }
    }

    /// Stops and forgets a replica that is no longer ours. A report of it that is under way stays:
    /// its acknowledgement will end it.
    async fn drop_lease(&mut self, replica: ReplicaId) -> Result<(), WorkerError> {
        let Some(held) = self.project.board.get(replica) else { return Ok(()) };
        match held.phase {
            Phase::Ended => return Ok(()),
            Phase::Running(slot) => self.machine.crew.kill(slot),
            Phase::Waiting | Phase::Fetching | Phase::Ready(_) => {}
        }
        tracing::info!(%replica, "the coordinator took a replica back");
        self.settle(replica).await
    }

    /// Nothing is left to do or say about a replica.
    pub(super) async fn settle(&mut self, replica: ReplicaId) -> Result<(), WorkerError> {
        let settled = self.project.board.settle(replica);
        self.append(Change::Settled(replica)).await?;
        if let Some((_, Some(left))) = settled {
            self.leave_job(left).await?;
        }
        Ok(())
    }

    pub(super) async fn leave_job(&mut self, id: JobId) -> Result<(), WorkerError> {
        if let Some(job) = self.project.board.job_mut(id) {
            job.spooled = false;
        }
        self.append(Change::JobLeft(id.0)).await?;
        Ok(())
    }

    /// Says that all open leases are still computed, and how far they are.
    pub(super) fn renew(&mut self) {
        let open = self.project.board.leases().filter(|(replica, held)| {
            !matches!(held.phase, Phase::Ended) && !is_unnumbered(*replica)
        });
        let renewals: Vec<v1::Renewal> = open
            .map(|(replica, held)| {
                let (progress_ppm, checkpoint) = (held.progress_ppm, held.uploaded);
                Renewal { replica, progress_ppm, checkpoint }.into()
            })
            .collect();
        for renewals in renewals.chunks(self.project.batch_max) {
            if !self.say(Message::Renew(v1::Renew { renewals: renewals.to_vec() })) {
                tracing::debug!("a heartbeat was left out: the coordinator reads too slowly");
                return;
            }
        }
        for (_, held) in self.project.board.leases_mut() {
            held.uploaded = None;
        }
    }
}
