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
        if self.draining.is_some() {
            return;
        }
        let (now, grace) = (Instant::now(), self.config.drain_grace);
        let half = clock::duration(Span(grace.0 / 2));
        let end_at = now + clock::duration(grace);
        tracing::info!(%grace, "draining");
        self.draining = Some(Drain { kill_at: now + half, killed: false, end_at });
        for (slot, seat) in self.seats.iter().enumerate() {
            if seat.is_some() {
                self.crew.pace(slot, Pace::FULL);
                self.crew.drain(slot);
            }
        }
        let idle: Vec<ReplicaId> = self
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
        let Some(held) = self.board.get_mut(replica) else { return };
        // What nobody granted stays for the next start.
        if matches!(held.phase, Phase::Ended) || is_unnumbered(replica) {
            return;
        }
        // A renewal may have had no room.
        let untold = held.uploaded.take();
        self.board.end(replica);
        self.outbox.push(replica, ending::unfinished(replica, untold));
    }

    /// After a run has drained and its checkpoint was dealt with.
    pub(super) fn on_drained(&mut self, replica: ReplicaId) {
        let running = self.seats.contains(&Some(replica));
        if self.draining.is_some() && !running {
            self.give_back(replica);
        }
    }

    /// Whether there is nothing left to wait for.
    pub(super) fn is_drained(&self) -> bool {
        let Some(drain) = self.draining else { return false };
        if Instant::now() >= drain.end_at {
            tracing::warn!("the time to drain is over: the rest is kept for the next start");
            return true;
        }
        let idle = self.seats.iter().all(Option::is_none) && self.tasks.is_empty();
        let told = self.outbox.is_empty() && self.uploads.is_empty();
        // Who starts again here can hand the rest in then.
        let is_kept = self.coordinator.is_none() && !self.is_pilot();
        idle && self.awaiting.is_empty() && (told || is_kept)
    }

    /// When a drain has to go on by itself.
    pub(super) fn drain_wakes_at(&self) -> Option<Instant> {
        self.draining.map(|drain| if drain.killed { drain.end_at } else { drain.kill_at })
    }

    /// Kills what did not end in its half of the time.
    pub(super) fn kill_late(&mut self) {
        let Some(drain) = &mut self.draining else { return };
        if drain.killed || Instant::now() < drain.kill_at {
            return;
        }
        drain.killed = true;
        for (slot, seat) in self.seats.iter().enumerate() {
            if seat.is_some() {
                self.crew.kill(slot);
            }
        }
    }
}
