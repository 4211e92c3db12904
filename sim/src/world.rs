//! The world: one thread, one agenda, one seed.
//!
//! Each event is taken in the order of its time; what it brings about is put back on the agenda. So
//! a run is a function of its scenario and its seed, and a failure can be had again.

mod deliver;
mod faults;

use manyhands_core::store::Store as _;
use manyhands_core::time::{Span, Timestamp};

use crate::agenda::{Agenda, Event};
use crate::chance::Chance;
use crate::check::{self, Broken, Checker};
use crate::coordinator::{Coordinator, Fault, Life};
use crate::host::{Around, Habits, Host, Known};
use crate::message::Uplink;
use crate::network::Network;
use crate::report::Report;
use crate::ring::Rings;
use crate::scenario::{JobPlan, Population, Scenario, ScenarioError};
use crate::tally::PopulationTally;
use crate::workload::{self, Workload};

/// What an allocation takes beside its content: sizes are rounded up to one of eight in each doubling.
pub(crate) const ALLOCATION_BYTES: usize = 8;

/// Most events that may happen at the same moment, before the world is taken to run in circles.
const AT_ONCE_MAX: u64 = 10_000_000;

/// A run that went wrong. With the scenario and the seed it can be had again.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something does not hold that must.
    #[error("after {commands} commands: {broken}")]
    Broken {
        /// How many commands were decided before.
        commands: u64,
        /// What does not hold.
        broken: Broken,
    },
    /// The engine did what it must not.
    #[error("after {commands} commands: {fault}")]
    Fault {
        /// How many commands were decided before.
        commands: u64,
        /// What it did.
        fault: Fault,
    },
    /// Not everything has ended.
    #[error("{open} of {jobs} jobs have not ended after {after}, and {why}")]
    NoEnd {
        /// How many jobs have not ended.
        open: usize,
        /// How many there are.
        jobs: usize,
        /// How long the run took.
        after: Span,
        /// Whether something would still happen.
        why: &'static str,
    },
    /// The scenario cannot be run.
    #[error(transparent)]
    Scenario(Box<ScenarioError>),
    /// A job's plan makes no manifest.
    #[error("jobs: {0}")]
    Manifest(#[from] manyhands_core::manifest::ManifestError),
}

/// Everything that a run consists of.
#[derive(Debug)]
pub struct World<'a> {
    scenario: &'a Scenario,
    jobs: Vec<JobPlan>,
    now: Timestamp,
    agenda: Agenda,
    coordinator: Coordinator,
    network: Network,
    hosts: Vec<Host>,
    rings: Rings,
    habits: Habits,
    known: Known,
    tallies: Vec<PopulationTally>,
    workload: Workload,
    chance: Chance,
    checker: Checker,
    is_calm: bool,
    jobs_submitted: usize,
    crashes: u64,
    is_start_planned: bool,
    /// What hosts said in this event; kept to save the allocation.
    said: Vec<Uplink>,
    events: u64,
}

impl<'a> World<'a> {
    /// The world at its beginning.
    ///
    /// # Errors
    /// If the engine refuses its scientist.
    pub fn new(scenario: &'a Scenario, seed: u64) -> Result<Self, Failure> {
        let chance = Chance::new(seed);
        let fault = |fault| Failure::Fault { commands: 0, fault };
        let settings = scenario.settings();
        let coordinator =
            Coordinator::new(settings, scenario.hosts_total(), chance.stream(1)).map_err(fault)?;
        // Jobs are numbered in the order in which they are submitted.
        let mut jobs = scenario.jobs.clone();
        jobs.sort_by_key(|job| job.submit_at.span());
        let mut world = Self {
            scenario,
            now: Timestamp(0),
            agenda: Agenda::default(),
            coordinator,
            network: Network::new(scenario.network, chance.stream(2)),
            hosts: Vec::with_capacity(position(scenario.hosts_total())),
            rings: Rings::new(&scenario.hosts),
            habits: Habits::default(),
            known: Known::new(scenario.hosts.iter().any(|population| population.chooses)),
            tallies: vec![PopulationTally::default(); scenario.hosts.len()],
            workload: Workload::new(&jobs),
            jobs,
            chance: chance.stream(3),
            checker: Checker::new(scenario.check_every),
            is_calm: false,
            jobs_submitted: 0,
            crashes: 0,
            is_start_planned: false,
            said: Vec::new(),
            events: 0,
        };
        world.populate(&chance.stream(4));
        world.plan_jobs();
        world.plan_faults();
        world.send_out();
        Ok(world)
    }

    /// Runs to the end: every job has ended, and the store is as it must be.
    ///
    /// # Errors
    /// What went wrong.
    pub fn run(mut self) -> Result<Report, Failure> {
        let ends_by = Timestamp(0).plus(self.scenario.ends_by.span());
        let mut at_once = 0;
        while !self.has_ended() {
            let before = self.now;
            if !self.step()? {
                return Err(self.no_end("nothing will ever happen"));
            }
            if self.now > ends_by {
                return Err(self.no_end("the scenario's `ends_by` has passed"));
            }
            at_once = if self.now == before { at_once + 1 } else { 0 };
            if at_once > AT_ONCE_MAX {
                return Err(self.no_end("the time stands still"));
            }
        }
        self.checker.look_now(&self.coordinator.store).map_err(|broken| self.broken(broken))?;
        self.report()
    }

    /// Runs until so long after the beginning, or until nothing happens any more.
    ///
    /// # Errors
    /// What went wrong.
    pub fn run_until(&mut self, end: Span) -> Result<(), Failure> {
        while self.agenda.next_at().is_some_and(|at| at.since(Timestamp(0)) <= end) {
            self.step()?;
        }
        Ok(())
    }

    /// Takes one event; whether there was one.
    fn step(&mut self) -> Result<bool, Failure> {
        let Some((at, event)) = self.agenda.take() else { return Ok(false) };
        self.now = at;
        self.happen(event)?;
        self.check()?;
        Ok(true)
    }

    /// How many commands were decided.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.coordinator.commands
    }

    /// How many units were ever given to a host.
    #[must_use]
    pub fn units_begun(&self) -> u64 {
        let jobs = self.coordinator.store.jobs(None, None, usize::MAX).unwrap_or_default();
        jobs.iter().map(|job| u64::from(job.units_total - job.counts.waiting)).sum()
    }

    /// What hosts take for the leases that they hold, here and in the store.
    #[must_use]
    pub fn bytes_of_leases(&self) -> u64 {
        let here: usize = self.hosts.iter().map(Host::bytes_of_leases).sum();
        let hosts = self.coordinator.store.hosts(None, usize::MAX).unwrap_or_default();
        let there = hosts.iter().map(|host| size_of_val(host.leases.as_slice()) + ALLOCATION_BYTES);
        (here + there.sum::<usize>()) as u64
    }

    /// How many events have happened.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    fn happen(&mut self, event: Event) -> Result<(), Failure> {
        self.events += 1;
        let now = self.now;
        let done = match event {
            Event::Wake(place) => {
                self.wake(place);
                Ok(())
            }
            Event::Up(envelope) => {
                let population = self.population(envelope.host);
                self.coordinator.receive(*envelope, population, now)
            }
            Event::Down(envelope) => {
                self.deliver(*envelope);
                Ok(())
            }
            Event::Alarm => self.coordinator.ring(now),
            Event::Look(place) => self.coordinator.look(place, now),
            Event::Assimilate(way) if way.boot == self.coordinator.boot() => {
                self.coordinator.assimilated(way.units, now)
            }
            Event::Assimilate(_) => Ok(()),
            Event::Submit(place) => return self.submit(place),
            Event::Doom => {
                self.doom();
                Ok(())
            }
            Event::Die { boot } => {
                self.die(boot);
                Ok(())
            }
            Event::Start => {
                self.is_start_planned = false;
                self.coordinator.start(now)
            }
            Event::Calm => {
                self.calm();
                Ok(())
            }
        };
        done.map_err(|fault| self.fault(fault))?;
        self.send_out();
        self.mourn();
        Ok(())
    }

    fn check(&mut self) -> Result<(), Failure> {
        let Coordinator { store, commands, .. } = &self.coordinator;
        self.checker.look(store, *commands).map_err(|broken| self.broken(broken))?;
        if self.coordinator.life() == Life::Up {
            let alarm_at = self.coordinator.alarm_at();
            check::alarm(&self.coordinator.store, alarm_at, self.now)
                .map_err(|broken| self.broken(broken))?;
        }
        Ok(())
    }

    fn has_ended(&self) -> bool {
        let is_open = |store: &manyhands_core::store::memory::MemoryStore| {
            let open = store.jobs_open(1).is_ok_and(|jobs| jobs.is_empty());
            let settling = store.jobs_settling(1).is_ok_and(|jobs| jobs.is_empty());
            let cancelling = store.jobs_cancelling(1).is_ok_and(|jobs| jobs.is_empty());
            // Of a host that was just suspended, units may be opened again.
            let due = store.hosts_due(self.now, 1).is_ok_and(|hosts| hosts.is_empty());
            !(open && settling && cancelling && due)
        };
        self.jobs_submitted == self.jobs.len() && !is_open(&self.coordinator.store)
    }

    fn submit(&mut self, place: usize) -> Result<(), Failure> {
        let submit = workload::submission(place, &self.jobs[place])?;
        let is_in = self.coordinator.submit(submit, self.now).map_err(|fault| self.fault(fault))?;
        if is_in {
            self.jobs_submitted += 1;
        } else {
            self.submit_later(place);
        }
        self.send_out();
        self.mourn();
        Ok(())
    }

    fn population(&self, place: u32) -> &'a Population {
        &self.scenario.hosts[self.hosts[position(place)].population()]
    }

    /// Lets a host do something, sends what it says, and puts it on the agenda again.
    fn with_host(&mut self, place: u32, act: impl FnOnce(&mut Host, &mut Around<'_>)) {
        let host = &mut self.hosts[position(place)];
        let population = &self.scenario.hosts[host.population()];
        let mut around = Around {
            now: self.now,
            population,
            heartbeat: self.scenario.heartbeat(population),
            is_calm: self.is_calm,
            workload: &self.workload,
            rings: &mut self.rings,
            habits: &mut self.habits,
            known: &mut self.known,
            tally: &mut self.tallies[host.population()],
            out: &mut self.said,
        };
        act(host, &mut around);
        host.take_turn(&mut around);
        if let Some(at) = host.next_wake(&around) {
            self.agenda.put(at, Event::Wake(place));
        }
        self.send_up(place);
    }

    fn wake(&mut self, place: u32) {
        if self.hosts[position(place)].is_awaited(self.now) {
            self.with_host(place, |_, _| {});
        }
    }

    fn report(self) -> Result<Report, Failure> {
        let commands = self.coordinator.commands;
        let of_store = |error| Failure::Broken { commands, broken: Broken::Store(error) };
        let run = crate::report::Run {
            jobs: &self.jobs,
            hosts: &self.hosts,
            coordinator: &self.coordinator,
            network: &self.network,
            workload: &self.workload,
            tallies: &self.tallies,
            checks: self.checker.checks,
            crashes: self.crashes,
            events: self.events,
        };
        run.report(self.scenario).map_err(of_store)
    }

    fn broken(&self, broken: Broken) -> Failure {
        Failure::Broken { commands: self.coordinator.commands, broken }
    }

    fn fault(&self, fault: Fault) -> Failure {
        Failure::Fault { commands: self.coordinator.commands, fault }
    }

    fn no_end(&self, why: &'static str) -> Failure {
        let open = self.coordinator.store.jobs_open(usize::MAX).map_or(0, |jobs| jobs.len());
        let unsubmitted = self.jobs.len() - self.jobs_submitted;
        let after = self.now.since(Timestamp(0));
        Failure::NoEnd { open: open + unsubmitted, jobs: self.jobs.len(), after, why }
    }
}

/// The place of a host in a list.
fn position(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}
