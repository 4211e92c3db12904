//! Dividing the slots among the projects: `core/src/agent/share.rs` decides whose turn it is.

use std::collections::BTreeSet;

use manyhands_core::agent::share;
use manyhands_core::time::Span;

use super::Agent;
use super::project::ProjectIndex;
use crate::WorkerError;

/// What a unit is taken to need before one of its project has ended.
const RUN_TIME_GUESS: Span = Span::minutes(1);

impl Agent {
    /// Each project begins where an earlier process left it.
    pub(super) fn recall_shares(&mut self) {
        for at in self.indices() {
            let project = &self.projects[at.0];
            self.machine.shares.set(at, project.share, project.earnings.ahead());
        }
    }

    /// Writes down where the next process begins. Who is alone has no share to keep.
    pub(super) fn write_shares(&self) {
        for at in self.indices().filter(|_| self.projects.len() > 1) {
            self.projects[at.0].earnings.write_ahead(self.machine.shares.ahead(&at));
        }
    }

    /// Gives each free slot the next replica that can run.
    pub(super) async fn fill_slots(&mut self) -> Result<(), WorkerError> {
        if self.machine.draining.is_some() {
            return Ok(());
        }
        self.machine.shares.look(&self.with_work());
        while self.machine.may_start()
            && let Some(slot) = self.machine.seats.iter().position(Option::is_none)
            && let Some(at) = self.next_in_turn()
            && let Some((replica, ready)) = self.projects[at.0].board.run_next(slot)
        {
            self.machine.release(slot);
            let expected = self.projects[at.0].run_time.average().unwrap_or(RUN_TIME_GUESS);
            self.turn(at).start_run(slot, replica, ready, expected).await?;
        }
        Ok(())
    }

    /// For how many slots a project is to have leases.
    pub(super) fn slots_for(&self, at: ProjectIndex) -> u32 {
        let others = self.projects.iter().enumerate().filter(|(index, _)| *index != at.0);
        let others = others.filter(|(_, other)| other.has_work()).map(|(_, other)| other.share);
        let others: Vec<u32> = others.collect();
        let slots = self.machine.governing.decision.slots;
        share::slots_for(self.projects[at.0].share, &others, slots)
    }

    fn with_work(&self) -> BTreeSet<ProjectIndex> {
        self.indices().filter(|at| self.projects[at.0].has_work()).collect()
    }

    fn next_in_turn(&mut self) -> Option<ProjectIndex> {
        let mut ready = Vec::new();
        for at in self.indices() {
            if self.projects[at.0].board.has_ready() {
                ready.push(at);
            }
        }
        self.machine.shares.next(ready)
    }
}
