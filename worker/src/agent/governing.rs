//! Obeying the governor: what may run runs, what may not stands still, and it is told where the time went.

use std::time::Duration;

use manyhands_core::agent::fetch::ALWAYS_PPM;
use manyhands_core::agent::governor::limits::Machine;
use manyhands_core::agent::governor::reason::Reason;
use manyhands_core::agent::governor::{Decision, Doing, Governor, Memory, Moment, Stop, Wish};
use manyhands_core::requirement::Kind;
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

/// Over so many days it is looked at how much of the time the machine is free.
const DAYS: u16 = 14;

/// The governor, its senses, and what it said last.
#[derive(Debug)]
pub(super) struct Governing {
    governor: Governor,
    probe: Probe,
    pub(super) decision: Decision,
    tick: Interval,
    /// How much of the time this machine was free lately, in millionths.
    pub(super) available_ppm: u32,
    /// What each slot was told.
    holds: Vec<Hold>,
    diary: Diary,
    write_at: Instant,
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
        let probe = probe(config, &governor);
        // The first look for a person asks at once; until then nothing is known, and nothing runs.
        let mut tick = interval_at(Instant::now() + TICK, TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let decision = Decision::NOTHING;
        let holds = vec![Hold::Runs; slots as usize];
        let (available_ppm, write_at) = (ALWAYS_PPM, Instant::now() + DIARY);
        Self { governor, probe, decision, tick, available_ppm, holds, diary, write_at }
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

    /// Writes down where the time went.
    pub(super) fn close(&mut self) {
        self.diary.write(self.governor.tally());
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
        let moved = self.cache.take_moved();
        let governing = &mut self.governing;
        governing.governor.moved(moved);
        let readings = governing.probe.readings();
        let now = moment();
        governing.decision = governing.governor.tick(now, &readings, &doing);
        let available = governing.governor.tally().available_ppm(now.local.day, DAYS);
        governing.available_ppm = available.unwrap_or(ALWAYS_PPM);
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
            if may_run {
                self.release(slot);
            } else {
                self.hold(slot);
            }
        }
        self.give_memory_back();
    }

    /// Lets a slot run at the pace that is allowed.
    pub(super) fn release(&mut self, slot: usize) {
        self.governing.holds[slot] = Hold::Runs;
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

    /// Ends the processes of stopped slots, as far as the governor wants their memory. What ran there goes on
    /// from its newest checkpoint, or begins anew.
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
            if is_wanted {
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
