//! Showing what this worker does.

use manyhands_core::agent::governor::Decision;

use super::Agent;
use super::board::{JobState, Phase};
use crate::control::{Governed, Running};

impl Agent {
    /// Tells whoever watches, if something changed.
    pub(super) fn tell_status(&self) {
        let connected = self.coordinator.is_some();
        let draining = self.draining.is_some();
        let busy = self.seats.iter().flatten().count();
        let waiting = self.board.open().saturating_sub(busy);
        self.status.send_if_modified(|status| {
            let mut changed = status.connected != connected || status.draining != draining;
            changed |= (&status.refused, &status.away) != (&self.refused, &self.away);
            status.refused.clone_from(&self.refused);
            status.away.clone_from(&self.away);
            if let Some(coordinator) = &self.coordinator {
                let place = coordinator.endpoint.to_string();
                changed |= status.place != place;
                status.place = place;
            }
            (status.connected, status.draining, status.waiting) = (connected, draining, waiting);
            status.slots.resize(self.seats.len(), None);
            for (slot, shown) in status.slots.iter_mut().enumerate() {
                let replica = self.seats[slot];
                let held = replica.and_then(|replica| self.board.get(replica));
                let progress_ppm = held.map_or(0, |held| held.progress_ppm);
                let stopped = self.governing.is_held(slot);
                match shown {
                    Some(shown) if Some(shown.replica) == replica => {
                        changed |= (shown.progress_ppm, shown.stopped) != (progress_ppm, stopped);
                        (shown.progress_ppm, shown.stopped) = (progress_ppm, stopped);
                    }
                    _ if shown.is_none() && replica.is_none() => {}
                    _ => {
                        changed = true;
                        *shown = self.running(slot);
                    }
                }
            }
            changed | self.tell_governed(&mut status.governed)
        });
    }

    /// Tells what may run; the sentence only when that is something else, since it may tell seconds.
    fn tell_governed(&self, shown: &mut Governed) -> bool {
        let Decision { slots, reason, .. } = &self.governing.decision;
        let is_same = (shown.slots, &shown.reason) == (*slots, reason);
        if is_same && !shown.sentence.is_empty() {
            return false;
        }
        let sentence = self.governing.governor().explain();
        *shown = Governed { slots: *slots, reason: reason.clone(), sentence };
        true
    }

    /// What a slot computes.
    pub(super) fn running(&self, slot: usize) -> Option<Running> {
        let replica = self.seats[slot]?;
        let held = self.board.get(replica)?;
        let JobState::Loaded(job) = &self.board.job(replica.unit.job)?.state else { return None };
        let job = job.manifest.draft().name.clone();
        let (progress_ppm, stopped) = (held.progress_ppm, self.governing.is_held(slot));
        let running = Running { replica, job, progress_ppm, stopped };
        matches!(held.phase, Phase::Running(_)).then_some(running)
    }

    /// Counts reports that were acknowledged; `credit_micro` is all that this host has.
    pub(super) fn tell_acknowledged(&mut self, reports: usize, credit_micro: u64) {
        self.showing.earned(credit_micro);
        let since_start_micro = self.showing.credit().since_start_micro;
        self.status.send_modify(|status| {
            status.reported += reports as u64;
            status.credit_micro = since_start_micro;
        });
    }
}
