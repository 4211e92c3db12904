//! Stopping in good order: programs save their state, reports are handed in, and what is unfinished
//! goes back to the coordinator with its checkpoint, so that another host can go on at once.
//!
//! Nothing of this is needed for safety. If the time runs out, or the coordinator is away, leases and
//! reports stay in the spool for the next start.

use manyhands_core::agent::selfchosen::is_unnumbered;
use manyhands_core::id::ReplicaId;
use manyhands_core::time::Span;
use tokio::time::Instant;

use super::board::Phase;
use super::pace::Pace;
use super::project::Project;
use super::turn::Turn;
use super::{Agent, ending};
use crate::clock;

/// A drain under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drain {
    /// Programs that have not ended by then are killed.
    kill_at: Instant,
    killed: bool,
    /// Whatever was not handed in by then is left for the next start.
    end_at: Instant,
}

impl Agent {
    /// Begins to drain.
    pub(super) fn drain(&mut self) {
        if self.machine.draining.is_some() {
            return;
        }
        let (now, grace) = (Instant::now(), self.machine.config.drain_grace);
        let half = clock::duration(Span(grace.0 / 2));
        let end_at = now + clock::duration(grace);
        tracing::info!(%grace, "draining");
        self.machine.draining = Some(Drain { kill_at: now + half, killed: false, end_at });
        for (slot, seat) in self.machine.seats.iter().enumerate() {
            if seat.is_some() {
                self.machine.crew.pace(slot, Pace::FULL);
                self.machine.crew.drain(slot);
            }
        }
        for at in self.indices() {
            self.turn(at).give_idle_back();
        }
    }
}

impl Turn<'_> {
    fn give_idle_back(&mut self) {
        let idle: Vec<ReplicaId> = self
            .project
            .board
            .leases()
            .filter(|(_, held)| !matches!(held.phase, Phase::Ended | Phase::Running(_)))
            .map(|(replica, _)| replica)
            .collect();
        for replica in idle {
            self.give_back(replica);
        }
    }

    /// Reports a replica as unfinished. The spool keeps the lease until that is acknowledged.
    pub(super) fn give_back(&mut self, replica: ReplicaId) {
        let Some(held) = self.project.board.get_mut(replica) else { return };
        // What nobody granted stays for the next start.
        if matches!(held.phase, Phase::Ended) || is_unnumbered(replica) {
            return;
        }
        // A renewal may have had no room.
        let untold = held.uploaded.take();
        self.project.board.end(replica);
        self.project.outbox.push(replica, ending::unfinished(replica, untold));
    }

    /// After a run has drained and its checkpoint was dealt with.
    pub(super) fn on_drained(&mut self, replica: ReplicaId) {
        let is_running = self.machine.slot_of(self.at, replica).is_some();
        if self.machine.draining.is_some() && !is_running {
            self.give_back(replica);
        }
    }
}

impl Agent {
    /// Whether there is nothing left to wait for.
    pub(super) fn is_drained(&self) -> bool {
        let Some(drain) = self.machine.draining else { return false };
        if Instant::now() >= drain.end_at {
            tracing::warn!("the time to drain is over: the rest is kept for the next start");
            return true;
        }
        let is_idle = self.machine.seats.iter().all(Option::is_none);
        is_idle && self.projects.iter().all(|project| self.has_handed_in(project))
    }

    fn has_handed_in(&self, project: &Project) -> bool {
        let is_idle = project.tasks.is_empty() && project.awaiting.is_empty();
        let is_told = project.outbox.is_empty() && project.uploads.is_empty();
        // Who starts again here can hand the rest in then.
        let is_kept = project.coordinator.is_none() && !self.is_pilot();
        is_idle && (is_told || is_kept)
    }

    /// When a drain has to go on by itself.
    pub(super) fn drain_wakes_at(&self) -> Option<Instant> {
        self.machine.draining.map(|drain| if drain.killed { drain.end_at } else { drain.kill_at })
    }

    /// Kills what did not end in its half of the time.
    pub(super) fn kill_late(&mut self) {
        let Some(drain) = &mut self.machine.draining else { return };
        if drain.killed || Instant::now() < drain.kill_at {
            return;
        }
        drain.killed = true;
        for (slot, seat) in self.machine.seats.iter().enumerate() {
            if seat.is_some() {
                self.machine.crew.kill(slot);
            }
        }
    }
}
