//! How a world begins, what breaks in it, and how all is calm again.

use manyhands_core::time::{Span, Timestamp};

use super::World;
use crate::agenda::Event;
use crate::chance::Chance;
use crate::coordinator::Life;
use crate::host::Host;

/// How long a scientist waits before handing a job in again.
const SUBMIT_AGAIN_MS: Span = Span::minutes(1);

/// How long a doomed coordinator may wait for the command of which it dies.
const DOOM_MS: Span = Span::minutes(5);

impl World<'_> {
    /// Puts every host in its place, to join in its time.
    pub(super) fn populate(&mut self, chance: &Chance) {
        let mut place = 0;
        for (number, population) in (0..).zip(&self.scenario.hosts) {
            for _ in 0..population.count {
                let mut own = chance.stream(place.into());
                let late = own.up_to(population.join_over.span());
                let join_at = Timestamp(0).plus(population.join_at.span()).plus(late);
                self.hosts.push(Host::new(place, number, join_at, own));
                self.agenda.put(join_at, Event::Wake(place));
                place += 1;
            }
        }
    }

    /// Puts the submission of every job on the agenda.
    pub(super) fn plan_jobs(&mut self) {
        for (place, job) in self.jobs.iter().enumerate() {
            let at = Timestamp(0).plus(job.submit_at.span());
            self.agenda.put(at, Event::Submit(place));
        }
    }

    /// Puts the first fault and the end of all faults on the agenda.
    pub(super) fn plan_faults(&mut self) {
        if let Some(end_at) = self.scenario.faults.end_at {
            self.agenda.put(Timestamp(0).plus(end_at.span()), Event::Calm);
        }
        self.plan_doom();
    }

    /// The job could not be handed in.
    pub(super) fn submit_later(&mut self, place: usize) {
        self.agenda.put(self.now.plus(SUBMIT_AGAIN_MS), Event::Submit(place));
    }

    /// The coordinator dies of its next command, or soon if there is none.
    pub(super) fn doom(&mut self) {
        if self.coordinator.life() == Life::Up && !self.is_calm {
            self.coordinator.doom();
            let boot = self.coordinator.boot();
            self.agenda.put(self.now.plus(DOOM_MS), Event::Die { boot });
        }
    }

    /// The coordinator dies, if it is doomed still.
    pub(super) fn die(&mut self, boot: u32) {
        if self.coordinator.life() == Life::Doomed && self.coordinator.boot() == boot {
            self.coordinator.die();
        }
    }

    /// If the coordinator has died: when it starts again, and when it dies next.
    pub(super) fn mourn(&mut self) {
        if self.coordinator.life() != Life::Down || self.is_start_planned {
            return;
        }
        self.is_start_planned = true;
        self.crashes += 1;
        let down_for = self.scenario.faults.down_for.span();
        self.agenda.put(self.now.plus(down_for), Event::Start);
        self.plan_doom();
    }

    /// All faults stop.
    pub(super) fn calm(&mut self) {
        self.is_calm = true;
        self.network.calm();
        for place in (0..).take(self.hosts.len()) {
            self.with_host(place, |host, around| host.calm(around));
        }
    }

    fn plan_doom(&mut self) {
        let faults = self.scenario.faults;
        let (Some(every), Some(end_at)) = (faults.crash_every, faults.end_at) else { return };
        let at = self.now.plus(faults.down_for.span()).plus(self.chance.wait(every.span()));
        if at < Timestamp(0).plus(end_at.span()) {
            self.agenda.put(at, Event::Doom);
        }
    }
}
