//! What follows from an event of one project, on the machine that it shares with others.

use std::sync::Arc;

use manyhands_core::id::ReplicaId;
use manyhands_proto::v1;
use manyhands_proto::v1::worker_message::Message;

use super::Done;
use super::job::Job;
use super::machine::Machine;
use super::project::{Event, Project, ProjectIndex};
use crate::WorkerError;
use crate::spool::{Change, SpoolStopped};

/// One project, with the machine.
pub(super) struct Turn<'a> {
    pub(super) machine: &'a mut Machine,
    pub(super) project: &'a mut Project,
    pub(super) at: ProjectIndex,
    /// Whether there are others.
    pub(super) is_alone: bool,
}

impl Turn<'_> {
    /// Does what follows from something that happened.
    pub(super) async fn on(&mut self, event: Event) -> Result<(), WorkerError> {
        match event {
            Event::Link(event) => self.on_link(event).await?,
            Event::Done(done) => self.on_done(done).await?,
            Event::Durable => self.on_durable(),
            Event::SpoolStopped => return Err(SpoolStopped.into()),
            Event::Beat => self.renew(),
            Event::Room => self.project.held_back = false,
        }
        Ok(())
    }

    async fn on_done(&mut self, done: Done) -> Result<(), WorkerError> {
        match done {
            Done::Job(id, loaded) => self.on_job(id, *loaded).await,
            Done::Fetched(replica, fetched) => self.on_fetched(replica, fetched).await,
            Done::Ended(replica, ending) => self.on_ending(replica, ending).await,
            Done::Kept(replica, kept) => self.on_kept(replica, kept).await,
            Done::Saved(replica, checkpoint, saved) => {
                self.on_saved(replica, checkpoint, saved);
                Ok(())
            }
            Done::Uploaded(replica, ending, uploaded) => {
                self.on_uploaded(replica, ending, uploaded);
                Ok(())
            }
        }
    }

    /// Says whatever can be said.
    pub(super) fn speak(&mut self, slots: u32) {
        self.start_uploads();
        self.send_claims();
        self.send_reports();
        self.send_want(slots);
    }

    pub(super) async fn append(&mut self, change: Change) -> Result<u64, WorkerError> {
        Ok(self.project.spool.append(change).await?)
    }

    pub(super) fn loaded_job(&self, replica: ReplicaId) -> Option<Arc<Job>> {
        self.project.board.loaded_job(replica)
    }

    /// Says something to the coordinator; `false` if nobody takes it now.
    pub(super) fn say(&self, message: Message) -> bool {
        let Some(coordinator) = &self.project.coordinator else { return false };
        let message = v1::WorkerMessage { message: Some(message) };
        coordinator.outgoing.try_send(message).is_ok()
    }

    /// Whether there is room for a message to the coordinator. If not, the loop waits for some.
    pub(super) fn can_say(&mut self) -> bool {
        let Some(coordinator) = &self.project.coordinator else { return false };
        let open = !coordinator.outgoing.is_closed();
        let can = open && coordinator.outgoing.capacity() > 0;
        self.project.held_back |= open && !can;
        can
    }
}
