//! Obeying the governor: what may run runs, what may not stands still, and it is told where the time went.

use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::agent::governor::{Doing, Memory, Stop, Wish};
use manyhands_core::requirement::Kind;
use tokio::time::Instant;

use super::Agent;
use super::board::Phase;
use super::governing::{Hold, SAVING_MAX, WARM};
use super::machine::Machine;
use super::pace::Pace;
use super::project::Project;

impl Agent {
    /// Asks the governor, and obeys.
    pub(super) fn govern(&mut self) {
        let doing = self.doing();
        let governing = &mut self.machine.governing;
        for project in &self.projects {
            governing.count(&project.cache, &project.peers);
        }
        let is_due = governing.decide(&doing);
        let is_giving = governing.decision.no_network.is_none();
        self.projects.iter().for_each(|project| project.peers.set_giving(is_giving));
        if is_due {
            self.write_down();
        }
        self.obey();
    }

    /// What the worker does, as the governor counts it.
    fn doing(&self) -> Doing {
        let Machine { seats, governing, draining, .. } = &self.machine;
        let seats = seats.iter().enumerate();
        let running =
            seats.filter(|(slot, seat)| seat.is_some() && !governing.holds[*slot].is_still());
        let running = u32::try_from(running.count()).unwrap_or(u32::MAX);
        if running > 0 {
            return Doing::Computing(running);
        }
        let is_finishing = draining.is_some() || governing.wished() == Wish::Finish;
        let is_any = |what: fn(&Project) -> bool| self.projects.iter().any(what);
        // Work may come from whoever is there; what keeps it is said only where nobody is.
        let is_there = is_any(|project| project.coordinator.is_some());
        Doing::Waiting(match () {
            () if is_finishing => Reason::Finishing,
            () if is_there && is_any(is_fetching) => Reason::Fetching,
            () if is_there => Reason::NoWork,
            () if is_any(|project| project.refused.is_some()) => Reason::Refused,
            () => Reason::Away,
        })
    }

    /// Stops what may not run, and lets go on what may.
    fn obey(&mut self) {
        // A worker that ends is about to give everything back: the sooner the better.
        if self.machine.draining.is_some() {
            return;
        }
        let allowed = self.machine.governing.decision.slots as usize;
        let mut running = 0;
        for slot in 0..self.machine.seats.len() {
            let is_seated = self.machine.seats[slot].is_some();
            let may_run = is_seated && running < allowed;
            running += usize::from(may_run);
            if is_seated {
                self.machine.governing.used_at[slot] = Instant::now();
            }
            if may_run {
                self.machine.release(slot);
            } else {
                let can_be_saved = self.can_be_saved(slot);
                self.machine.hold(slot, can_be_saved);
            }
        }
        if running == 0 {
            self.machine.governing.hurry(false);
        }
        self.give_memory_back();
    }
}

impl Machine {
    /// Lets a slot run at the pace that is allowed.
    pub(super) fn release(&mut self, slot: usize) {
        self.governing.holds[slot] = Hold::Runs;
        self.governing.hurry(true);
        self.crew.pace(slot, Pace::percent(self.governing.decision.cpu_percent));
    }

    /// Keeps a slot from running; what runs there may be saved before, if that disturbs nobody.
    fn hold(&mut self, slot: usize, can_be_saved: bool) {
        let hold = self.governing.holds[slot];
        let is_gentle = self.governing.decision.stop == Stop::Saved;
        let next = match hold {
            Hold::Runs if is_gentle && can_be_saved => {
                self.crew.save(slot);
                Hold::Saving(Instant::now() + SAVING_MAX)
            }
            Hold::Saving(until) if is_gentle && Instant::now() < until => hold,
            Hold::Runs | Hold::Saving(_) => Hold::Stopped,
            Hold::Stopped | Hold::Emptied => hold,
        };
        self.governing.holds[slot] = next;
        if next == Hold::Stopped {
            self.crew.pace(slot, Pace::STOPPED);
        }
    }

    /// After the program in a slot was saved: it need not run any longer.
    pub(super) fn on_saved_before_stop(&mut self, slot: usize) {
        if matches!(self.governing.holds[slot], Hold::Saving(_)) {
            self.governing.holds[slot] = Hold::Stopped;
            self.crew.pace(slot, Pace::STOPPED);
        }
    }
}

impl Agent {
    /// Whether a step program is in the slot: nothing else is ever saved.
    fn can_be_saved(&self, slot: usize) -> bool {
        let seat = self.machine.seats[slot];
        let job =
            seat.and_then(|seat| self.projects[seat.project.0].board.loaded_job(seat.replica));
        job.is_some_and(|job| job.manifest.draft().app.kind == Kind::Step)
    }

    /// Ends the processes of stopped slots, as far as the governor wants their memory, and those of slots that nothing
    /// was in for a while. What ran there goes on from its newest checkpoint, or begins anew.
    fn give_memory_back(&mut self) {
        for slot in 0..self.machine.seats.len() {
            if self.machine.governing.holds[slot] != Hold::Stopped {
                continue;
            }
            let is_saved = self.machine.seats[slot].is_none_or(|seat| {
                let held = self.projects[seat.project.0].board.get(seat.replica);
                held.is_some_and(|held| held.checkpoint.is_some())
            });
            let is_wanted = match self.machine.governing.decision.memory {
                Memory::Kept => false,
                Memory::OfSaved => is_saved,
                Memory::OfAll => true,
            };
            let is_unused = self.machine.governing.used_at[slot].elapsed() > WARM;
            if is_wanted || is_unused {
                self.machine.governing.holds[slot] = Hold::Emptied;
                self.machine.crew.kill(slot);
            }
        }
    }

    /// Ends the worker once it has nothing left, if its owner wants so.
    pub(super) fn end_if_finished(&mut self) {
        let is_wanted = self.machine.governing.wished() == Wish::Finish;
        if is_wanted && self.projects.iter().all(Project::is_empty) {
            self.drain();
        }
    }
}

fn is_fetching(project: &Project) -> bool {
    let phases = project.board.leases().map(|(_, held)| &held.phase);
    phases.into_iter().any(|phase| matches!(phase, Phase::Waiting | Phase::Fetching))
}
