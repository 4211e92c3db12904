//! The governor with its senses, what it said last, and what each slot was told.

use std::time::Duration;

use manyhands_core::agent::availability::Availability;
use manyhands_core::agent::governor::limits::Machine;
use manyhands_core::agent::governor::{Decision, Doing, GAP_MAX, Governor, Moment, Spent, Wish};
use manyhands_core::outlook::Outlook;
use manyhands_core::time::Span;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::cache::Cache;
use crate::clock;
use crate::config::Config;
use crate::diary::Diary;
use crate::peers::Peers;
use crate::probe::{Asked, Probe};

/// Between two questions to the governor, unless someone touches the machine.
const TICK: Duration = Duration::from_secs(1);

/// A program may take so long to be saved before it stands still, if nobody is disturbed by it.
pub(super) const SAVING_MAX: Duration = Duration::from_secs(10);

/// Between two times that the diary is written.
const DIARY: Duration = Duration::from_secs(300);

/// Between two times that it is written what was spent of the day's budgets: a crash forgets no more.
const BUDGETS: Duration = Duration::from_secs(10);

/// A slot that nothing runs in is kept ready for so long; then its process ends.
pub(super) const WARM: Duration = Duration::from_secs(60);

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
    pub(super) holds: Vec<Hold>,
    /// When something was in each slot last.
    pub(super) used_at: Vec<Instant>,
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
    pub(super) const fn is_still(self) -> bool {
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

    /// Counts what a project moved, exchanged with others and wrote since this was asked last.
    pub(super) fn count(&mut self, cache: &Cache, peers: &Peers) {
        self.governor.moved(cache.take_moved());
        self.governor.exchanged(peers.take_exchanged());
        self.governor.wrote(cache.take_written());
    }

    /// Asks what may run now; gives whether what is known is to be written down.
    pub(super) fn decide(&mut self, doing: &Doing) -> bool {
        let readings = self.probe.readings();
        let now = Moment { uptime: clock::uptime(), local: clock::local() };
        self.learn(now.uptime);
        self.decision = self.governor.tick(now, &readings, doing);
        if Instant::now() >= self.spent.1 {
            self.keep_spent();
        }
        let is_due = Instant::now() >= self.write_at;
        if is_due {
            self.write_at = Instant::now() + DIARY;
        }
        is_due
    }

    /// Whether the machine is looked at more often, since something runs that may have to stop.
    pub(super) fn hurry(&mut self, is_hurried: bool) {
        self.probe.hurry(is_hurried);
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
