//! What all projects have together: the slots, and whoever says what may run in them.

use std::path::PathBuf;

use manyhands_core::agent::share::{Charge, Shares};
use manyhands_core::id::ReplicaId;
use manyhands_core::time::Span;
use tokio::sync::{mpsc, watch};

use super::Parts;
use super::crew::Crew;
use super::draining::Drain;
use super::governing::Governing;
use super::pilot::Pilot;
use super::project::ProjectIndex;
use crate::config::Config;
use crate::control::{Question, Snapshots, Status};

/// See the module.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) config: Config,
    pub(super) crew: Crew,
    /// What each slot computes.
    pub(super) seats: Vec<Option<Seat>>,
    /// Has a folder for each slot.
    pub(super) slots_folder: PathBuf,
    /// Whose turn it is.
    pub(super) shares: Shares<ProjectIndex>,
    /// Whoever could say stop is gone.
    pub(super) orphaned: bool,
    pub(super) draining: Option<Drain>,
    pub(super) pilot: Pilot,
    pub(super) governing: Governing,
    /// What the machine's owner asks.
    pub(super) questions: mpsc::Receiver<Question>,
    pub(super) status: watch::Sender<Status>,
    pub(super) snapshots: Snapshots,
}

/// Who has a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) project: ProjectIndex,
    pub(super) replica: ReplicaId,
    /// CPU time that it took so far.
    cpu_ms: u64,
    charge: Charge,
}

impl Seat {
    /// Whether the replica of the project has it.
    pub(super) fn is_of(&self, project: ProjectIndex, replica: ReplicaId) -> bool {
        (self.project, self.replica) == (project, replica)
    }
}

impl Machine {
    /// Also gives what the projects are made of.
    pub(super) fn new(parts: Parts) -> (Self, Vec<super::ProjectParts>) {
        let Parts { config, slot_command, slots_folder, diary, questions, .. } = parts;
        let Parts { status, snapshots, projects, .. } = parts;
        let slots = config.slots.get() as usize;
        let machine = Self {
            crew: Crew::start(&slot_command, &slots_folder, slots),
            seats: vec![None; slots],
            slots_folder,
            shares: Shares::default(),
            orphaned: false,
            draining: None,
            pilot: Pilot::default(),
            governing: Governing::new(&config, diary),
            questions,
            config,
            status,
            snapshots,
        };
        (machine, projects)
    }

    /// Gives a slot to a replica, which is expected to take so much CPU time.
    pub(super) fn sit(
        &mut self,
        slot: usize,
        (project, replica): (ProjectIndex, ReplicaId),
        expected: Span,
    ) {
        let charge = self.shares.begin(&project, expected);
        self.seats[slot] = Some(Seat { project, replica, cpu_ms: 0, charge });
    }

    /// What is in a slot has taken so much CPU time so far.
    pub(super) fn used(&mut self, slot: usize, cpu_ms: u64) {
        if let Some(seat) = &mut self.seats[slot] {
            seat.cpu_ms = cpu_ms;
            self.shares.charge(&seat.project, &mut seat.charge, Span(cpu_ms));
        }
    }

    /// Nothing is in a slot any more.
    pub(super) fn free(&mut self, slot: usize) {
        if let Some(seat) = self.seats[slot].take() {
            self.shares.end(&seat.project, seat.charge, Span(seat.cpu_ms));
        }
    }

    /// How many slots have something in them.
    pub(super) fn seated(&self) -> usize {
        self.seats.iter().flatten().count()
    }

    /// The slot of a replica.
    pub(super) fn slot_of(&self, project: ProjectIndex, replica: ReplicaId) -> Option<usize> {
        let is_its = |seat: &Option<Seat>| seat.is_some_and(|seat| seat.is_of(project, replica));
        self.seats.iter().position(is_its)
    }

    /// Whether one more program may be begun.
    pub(super) fn may_start(&self) -> bool {
        self.seated() < self.governing.decision.slots as usize
    }
}
