//! When a step program is saved: between two steps, if it is time or someone asks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::sandbox::checkpoint::{self, CheckpointError, Checkpointed, Identity, Writing};
use crate::sandbox::control::{CheckpointPlan, Requests, RunEvent};
use crate::sandbox::instance::Running;
use crate::sandbox::program::Program;

/// Saves one run. At most one checkpoint is being written at a time.
pub(super) struct Saver {
    plan: CheckpointPlan,
    requests: Arc<Requests>,
    identity: Identity,
    /// When the last checkpoint was begun or was on disk, or the run began.
    saved_at: Instant,
    writing: Option<(Writing, Duration)>,
}

impl Saver {
    pub(super) fn new(plan: CheckpointPlan, requests: Arc<Requests>, identity: Identity) -> Self {
        Self { plan, requests, identity, saved_at: Instant::now(), writing: None }
    }

    /// To be called after each step. Returns the checkpoint with which the run is to stop.
    pub(super) fn after_step(
        &mut self,
        program: &Program,
        running: &mut Running,
        step: u64,
    ) -> Result<Option<Checkpointed>, CheckpointError> {
        let is_waited_for = self.is_due() || self.requests.wants_drain();
        if self.writing.as_ref().is_some_and(|(writing, _)| is_waited_for || writing.is_finished())
        {
            self.finish(running)?;
        }
        if self.requests.wants_drain() {
            let folder = &self.plan.folder;
            return checkpoint::write(folder, &self.identity, program, running, step).map(Some);
        }
        // What was asked for during a write is a checkpoint of what came after it.
        if self.writing.is_none() && (self.requests.take_checkpoint() || self.is_due()) {
            self.begin(program, running, step)?;
        }
        Ok(None)
    }

    fn is_due(&self) -> bool {
        self.saved_at.elapsed() >= self.plan.interval
    }

    fn begin(
        &mut self,
        program: &Program,
        running: &mut Running,
        step: u64,
    ) -> Result<(), CheckpointError> {
        let paused_at = Instant::now();
        self.saved_at = paused_at;
        let folder = self.plan.folder.clone();
        let failed = |error| CheckpointError::File { path: self.plan.folder.clone(), error };
        if let Some(copied) = checkpoint::copy(program, running, step).map_err(failed)? {
            let writing = Writing::begin(folder, self.identity, copied).map_err(failed)?;
            self.writing = Some((writing, paused_at.elapsed()));
            return Ok(());
        }
        let checkpointed = checkpoint::write(&folder, &self.identity, program, running, step)?;
        self.tell(running, checkpointed, paused_at.elapsed());
        Ok(())
    }

    /// Waits for the checkpoint that is being written, if there is one, and tells of it.
    pub(super) fn finish(&mut self, running: &mut Running) -> Result<(), CheckpointError> {
        let Some((writing, pause)) = self.writing.take() else { return Ok(()) };
        let paused_at = Instant::now();
        let checkpointed = writing.wait()?;
        self.tell(running, checkpointed, pause + paused_at.elapsed());
        Ok(())
    }

    fn tell(&mut self, running: &mut Running, checkpointed: Checkpointed, pause: Duration) {
        // Counted from the end, so that a slow disk does not take all the time there is.
        self.saved_at = Instant::now();
        let teller = running.store.data_mut().teller();
        teller.tell(RunEvent::Checkpointed { checkpointed, pause });
    }
}
