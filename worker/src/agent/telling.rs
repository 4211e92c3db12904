//! Showing what this worker does.

use manyhands_core::agent::governor::Decision;

use super::Agent;
use super::board::Phase;
use super::machine::Seat;
use super::project::{Project, ProjectIndex};
use super::turn::Turn;
use crate::control::{CoordinatorStatus, Governed, Running};

impl Agent {
    /// Tells whoever watches, if something changed.
    pub(super) fn tell_status(&self) {
        let draining = self.machine.draining.is_some();
        let open: usize = self.projects.iter().map(|project| project.board.open()).sum();
        let waiting = open.saturating_sub(self.machine.seated());
        self.machine.status.send_if_modified(|status| {
            let mut changed = status.draining != draining;
            (status.draining, status.waiting) = (draining, waiting);
            status.coordinators.resize_with(self.projects.len(), Default::default);
            for (shown, project) in status.coordinators.iter_mut().zip(&self.projects) {
                changed |= tell_coordinator(shown, project);
            }
            status.slots.resize(self.machine.seats.len(), None);
            for (slot, shown) in status.slots.iter_mut().enumerate() {
                changed |= self.tell_slot(slot, shown);
            }
            changed | self.tell_governed(&mut status.governed)
        });
    }

    /// Tells what a slot does; whether that is something else than before.
    fn tell_slot(&self, slot: usize, shown: &mut Option<Running>) -> bool {
        let seat = self.machine.seats[slot];
        let is_same =
            |seat: Seat, shown: &Running| seat.is_of(ProjectIndex(shown.project), shown.replica);
        match (shown.as_mut(), seat) {
            // After most events it is only a little further.
            (Some(shown), Some(seat)) if is_same(seat, shown) => {
                let held = self.projects[seat.project.0].board.get(seat.replica);
                let progress_ppm = held.map_or(0, |held| held.progress_ppm);
                let now = (progress_ppm, self.machine.governing.is_held(slot));
                let changed = (shown.progress_ppm, shown.stopped) != now;
                (shown.progress_ppm, shown.stopped) = now;
                changed
            }
            (None, None) => false,
            _ => {
                *shown = self.running(slot);
                true
            }
        }
    }

    /// Tells what may run; the sentence only when that is something else, since it may tell seconds.
    fn tell_governed(&self, shown: &mut Governed) -> bool {
        let Decision { slots, reason, .. } = &self.machine.governing.decision;
        let is_same = (shown.slots, &shown.reason) == (*slots, reason);
        if is_same && !shown.sentence.is_empty() {
            return false;
        }
        let sentence = self.machine.governing.governor().explain();
        *shown = Governed { slots: *slots, reason: reason.clone(), sentence };
        true
    }

    /// What a slot computes.
    pub(super) fn running(&self, slot: usize) -> Option<Running> {
        let Seat { project, replica, .. } = self.machine.seats[slot]?;
        let board = &self.projects[project.0].board;
        let held = board.get(replica)?;
        let job = board.loaded_job(replica)?.manifest.draft().name.clone();
        let (progress_ppm, stopped) = (held.progress_ppm, self.machine.governing.is_held(slot));
        let running = Running { project: project.0, replica, job, progress_ppm, stopped };
        matches!(held.phase, Phase::Running(_)).then_some(running)
    }
}

impl Turn<'_> {
    /// Counts reports that were acknowledged; `credit_micro` is all that this host has.
    pub(super) fn tell_acknowledged(&mut self, reports: usize, credit_micro: u64) {
        let before = self.project.earnings.credit().since_start_micro;
        self.project.earnings.earned(credit_micro);
        let after = self.project.earnings.credit().since_start_micro;
        self.machine.status.send_modify(|status| {
            status.reported += reports as u64;
            let all = status.credit_micro.saturating_add(after);
            status.credit_micro = all.saturating_sub(before);
        });
    }
}

/// Tells of a project's coordinator; whether that is something else than before.
fn tell_coordinator(shown: &mut CoordinatorStatus, project: &Project) -> bool {
    let found = project.coordinator.as_ref();
    let now = CoordinatorStatus {
        connected: found.is_some(),
        place: found.map_or_else(|| shown.place.clone(), |found| found.endpoint.to_string()),
        refused: project.refused.clone(),
        away: project.away.clone(),
    };
    let changed = *shown != now;
    *shown = now;
    changed
}
