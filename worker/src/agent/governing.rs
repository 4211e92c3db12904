//! Obeying the governor: what may run runs, what may not stands still, and it is told where the time went.

use std::time::Duration;

use manyhands_core::agent::availability::Availability;
use manyhands_core::agent::governor::limits::Machine;
use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::agent::governor::{
    Decision, Doing, GAP_MAX, Governor, Memory, Moment, Spent, Stop, Wish,
};
use manyhands_core::outlook::Outlook;
use manyhands_core::requirement::Kind;
use manyhands_core::time::Span;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::Agent;
use super::board::Phase;
use super::pace::Pace;
use crate::clock;
use crate::config::Config;
use crate::diary::Diary;
use crate::probe::{Asked, Probe};

/// Between two questions to the governor, unless someone touches the machine.
const TICK: Duration = Duration::from_secs(1);

/// A program may take so long to be saved before it stands still, if nobody is disturbed by it.
const SAVING_MAX: Duration = Duration::from_secs(10);

/// Between two times that the diary is written.
const DIARY: Duration = Duration::from_secs(300);

/// Between two times that it is written what was spent of the day's budgets: a crash forgets no more.
const BUDGETS: Duration = Duration::from_secs(10);

/// A slot that nothing runs in is kept ready for so long; then its process ends.
const WARM: Duration = Duration::from_secs(60);

/// The governor, its senses, and what it said last.
#[derive(Debug)]
pub(super) struct Governing {
    governor: Governor,
    probe: Probe,
    pub(super) decision: Decision,
    tick: Interval,
    /// How much of the time this machine is free, and for how long at a stretch.
    availability: Availability,
    /// Until when that is known.
    known_until: Span,
    /// What is to be expected of this machine.
    pub(super) outlook: Outlook,
    /// What each slot was told.
    holds: Vec<Hold>,
    /// When something was in each slot last.
    used_at: Vec<Instant>,
    diary: Diary,
    write_at: Instant,
    /// What the diary has of the day's budgets, and when it may be written anew.
    spent: (Option<Spent>, Instant),
}

/// Whether a slot may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    Runs,
    /// It is being saved, and stands still when it is, or then at the latest.
    Saving(Instant),
    Stopped,
    /// Its memory was given back too.
    Emptied,
}

impl Hold {
    const fn is_still(self) -> bool {
        matches!(self, Self::Stopped | Self::Emptied)
    }
}

impl Governing {
    /// Goes on with what an earlier process wrote into its diary.
    pub(super) fn new(config: &Config, diary: Diary) -> Self {
        let owner = &config.owner;
        let slots = config.slots.get();
        let machine = Machine {
            cores: crate::probe::cores().get(),
            slots,
            slot_bytes: config.slot_memory_bytes,
        };
        let (tally, wish) = diary.read();
        let rules = owner.rules.clone();
        let mut governor = Governor::new(machine, owner.limits, rules, tally);
        governor.wish(wish, clock::uptime());
        governor.set_core_power(config.core_power);
        let spent = diary.read_spent();
        if let Some(spent) = spent {
            governor.recall(spent);
        }
        let probe = probe(config, &governor);
        // The first look for a person asks at once; until then nothing is known, and nothing runs.
        let mut tick = interval_at(Instant::now() + TICK, TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let decision = Decision::NOTHING;
        let holds = vec![Hold::Runs; slots as usize];
        let write_at = Instant::now() + DIARY;
        let spent = (spent, Instant::now());
        let (availability, known_until) = (diary.read_availability(), clock::uptime());
        Self {
            governor,
            probe,
            decision,
            tick,
            outlook: availability.outlook(),
            availability,
            known_until,
            holds,
            used_at: vec![Instant::now(); slots as usize],
            diary,
            write_at,
            spent,
        }
    }

    /// Waits until the governor is to be asked.
    pub(super) async fn due(&mut self) {
        tokio::select! {
            _ = self.tick.tick() => {}
            () = self.probe.touched() => {}
        }
    }

    /// Goes by other limits and rules, which may ask for other sensors.
    pub(super) fn adopt(&mut self, config: &Config) {
        self.governor.adopt(config.owner.limits, config.owner.rules.clone());
        self.probe = probe(config, &self.governor);
    }

    /// Takes up what the owner wants.
    pub(super) fn wish(&mut self, wish: Wish) {
        self.governor.wish(wish, clock::uptime());
        self.diary.write_wish(wish);
    }

    /// What the owner wants now.
    pub(super) fn wished(&self) -> Wish {
        self.governor.wished(clock::uptime())
    }

    /// Whether a slot stands still, or is about to.
    pub(super) fn is_held(&self, slot: usize) -> bool {
        self.holds[slot] != Hold::Runs
    }

    /// What a slot was told.
    pub(super) fn holds(&self, slot: usize) -> Hold {
        self.holds[slot]
    }

    pub(super) fn diary(&self) -> &Diary {
        &self.diary
    }

    pub(super) fn governor(&self) -> &Governor {
        &self.governor
    }

    /// Writes down where the time went, and what was spent.
    pub(super) fn close(&mut self) {
        self.diary.write(self.governor.tally());
        self.diary.write_availability(&self.availability);
        // Also if nothing was spent: how long the day has lasted is known from it.
        if let Some(spent) = self.governor.spent() {
            self.diary.write_spent(spent);
        }
    }

    /// Learns from the time since it did so last, in which `decision` held.
    fn learn(&mut self, uptime: Span) {
        let elapsed = uptime.minus(std::mem::replace(&mut self.known_until, uptime));
        let was_awake = elapsed <= GAP_MAX;
        self.availability.note(elapsed, was_awake && self.decision.slots > 0);
        self.outlook = self.availability.outlook();
    }

    /// Writes down what was spent of the day's budgets, if it is more than before.
    fn keep_spent(&mut self) {
        let bytes = |spent: Spent| (spent.day, spent.moved_bytes, spent.written_bytes);
        let now = self.governor.spent();
        if let Some(spent) = now.filter(|it| Some(bytes(*it)) != self.spent.0.map(bytes)) {
            self.diary.write_spent(spent);
        }
        self.spent = (now, Instant::now() + BUDGETS);
    }
}

/// Begins to read what the owner's rules ask for.
fn probe(config: &Config, governor: &Governor) -> Probe {
    let owner = &config.owner;
    Probe::start(Asked {
        programs: governor.watch().programs().cloned().collect(),
        sensors: owner.sensors.clone(),
        folder: config.data_dir.clone(),
        faked: owner.faked_sensors.clone(),
    })
}

fn moment() -> Moment {
    Moment { uptime: clock::uptime(), local: clock::local() }
}

impl Agent {
    /// Asks the governor, and obeys.
    pub(super) fn govern(&mut self) {
        let doing = self.doing();
        let (moved, written) = (self.cache.take_moved(), self.cache.take_written());
        let governing = &mut self.governing;
        governing.governor.moved(moved);
        governing.governor.exchanged(self.peers.take_exchanged());
        governing.governor.wrote(written);
        let readings = governing.probe.readings();
        let now = moment();
        governing.learn(now.uptime);
        governing.decision = governing.governor.tick(now, &readings, &doing);
        self.peers.set_giving(governing.decision.no_network.is_none());
        if Instant::now() >= governing.spent.1 {
            governing.keep_spent();
        }
        if Instant::now() >= governing.write_at {
            governing.write_at = Instant::now() + DIARY;
            governing.close();
            self.write_credit();
        }
        self.obey();
    }

    /// What the worker does, as the governor counts it.
    fn doing(&self) -> Doing {
        let seats = self.seats.iter().enumerate();
        let running =
            seats.filter(|(slot, seat)| seat.is_some() && !self.governing.holds[*slot].is_still());
        let running = u32::try_from(running.count()).unwrap_or(u32::MAX);
        if running > 0 {
            return Doing::Computing(running);
        }
        let is_finishing = self.draining.is_some() || self.governing.wished() == Wish::Finish;
        let is_fetching = self
            .board
            .leases()
            .any(|(_, held)| matches!(held.phase, Phase::Waiting | Phase::Fetching));
        Doing::Waiting(match () {
            () if is_finishing => Reason::Finishing,
            () if self.refused.is_some() => Reason::Refused,
            () if self.coordinator.is_none() => Reason::Away,
            () if is_fetching => Reason::Fetching,
            () => Reason::NoWork,
        })
    }

    /// Stops what may not run, and lets go on what may.
    fn obey(&mut self) {
        // A worker that ends is about to give everything back: the sooner the better.
        if self.draining.is_some() {
            return;
        }
        let allowed = self.governing.decision.slots as usize;
        let mut running = 0;
        for slot in 0..self.seats.len() {
            let may_run = self.seats[slot].is_some() && running < allowed;
            running += usize::from(may_run);
            if self.seats[slot].is_some() {
                self.governing.used_at[slot] = Instant::now();
            }
            if may_run {
                self.release(slot);
            } else {
                self.hold(slot);
            }
        }
        if running == 0 {
            self.governing.probe.hurry(false);
        }
        self.give_memory_back();
    }

    /// Lets a slot run at the pace that is allowed.
    pub(super) fn release(&mut self, slot: usize) {
        self.governing.holds[slot] = Hold::Runs;
        self.governing.probe.hurry(true);
        self.crew.pace(slot, Pace::percent(self.governing.decision.cpu_percent));
    }

    /// Keeps a slot from running; what runs there may be saved before, if that disturbs nobody.
    fn hold(&mut self, slot: usize) {
        let hold = self.governing.holds[slot];
        let is_gentle = self.governing.decision.stop == Stop::Saved;
        let next = match hold {
            Hold::Runs if is_gentle && self.can_be_saved(slot) => {
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

    /// Whether a step program is in the slot: nothing else is ever saved.
    fn can_be_saved(&self, slot: usize) -> bool {
        let job = self.seats[slot].and_then(|replica| self.loaded_job(replica));
        job.is_some_and(|job| job.manifest.draft().app.kind == Kind::Step)
    }

    /// Ends the processes of stopped slots, as far as the governor wants their memory, and those of slots that nothing
    /// was in for a while. What ran there goes on from its newest checkpoint, or begins anew.
    fn give_memory_back(&mut self) {
        for slot in 0..self.seats.len() {
            if self.governing.holds[slot] != Hold::Stopped {
                continue;
            }
            let is_saved = self.seats[slot].is_none_or(|replica| {
                self.board.get(replica).is_some_and(|held| held.checkpoint.is_some())
            });
            let is_wanted = match self.governing.decision.memory {
                Memory::Kept => false,
                Memory::OfSaved => is_saved,
                Memory::OfAll => true,
            };
            let is_unused = self.governing.used_at[slot].elapsed() > WARM;
            if is_wanted || is_unused {
                self.governing.holds[slot] = Hold::Emptied;
                self.crew.kill(slot);
            }
        }
    }

    /// Whether one more program may be begun.
    pub(super) fn may_start(&self) -> bool {
        let begun = self.seats.iter().flatten().count();
        begun < self.governing.decision.slots as usize
    }

    /// Ends the worker once it has nothing left, if its owner wants so.
    pub(super) fn end_if_finished(&mut self) {
        let is_wanted = self.governing.wished() == Wish::Finish;
        if is_wanted && self.board.len() == 0 && self.outbox.is_empty() {
            self.drain();
        }
    }
}
