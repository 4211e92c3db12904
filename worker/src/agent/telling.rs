//! Showing what this worker does.

use super::Agent;
use super::board::{JobState, Phase};
use crate::control::Running;

impl Agent {
    /// Tells whoever watches, if something changed.
    pub(super) fn tell_status(&self) {
        let connected = self.coordinator.is_some();
        let draining = self.draining.is_some();
        let busy = self.seats.iter().flatten().count();
        let waiting = self.board.open().saturating_sub(busy);
        self.status.send_if_modified(|status| {
            let mut changed = status.connected != connected || status.draining != draining;
            changed |= status.refused != self.refused;
            status.refused.clone_from(&self.refused);
            (status.connected, status.draining, status.waiting) = (connected, draining, waiting);
            status.slots.resize(self.seats.len(), None);
            for (slot, shown) in status.slots.iter_mut().enumerate() {
                let replica = self.seats[slot];
                let held = replica.and_then(|replica| self.board.get(replica));
                let progress_ppm = held.map_or(0, |held| held.progress_ppm);
                match shown {
                    Some(shown) if Some(shown.replica) == replica => {
                        changed |= shown.progress_ppm != progress_ppm;
                        shown.progress_ppm = progress_ppm;
                    }
                    _ if shown.is_none() && replica.is_none() => {}
                    _ => {
                        changed = true;
                        *shown = self.running(slot, progress_ppm);
                    }
                }
            }
            changed
        });
    }

    fn running(&self, slot: usize, progress_ppm: u32) -> Option<Running> {
        let replica = self.seats[slot]?;
        let phase = self.board.get(replica).map(|held| &held.phase);
        let JobState::Loaded(job) = &self.board.job(replica.unit.job)?.state else { return None };
        let job = job.manifest.draft().name.clone();
        matches!(phase, Some(Phase::Running(_))).then_some(Running { replica, job, progress_ppm })
    }

    /// Counts reports that were acknowledged.
    pub(super) fn tell_acknowledged(&self, reports: usize, credit_micro: u64) {
        self.status.send_modify(|status| {
            status.reported += reports as u64;
            status.credit_micro = status.credit_micro.saturating_add(credit_micro);
        });
    }
}
