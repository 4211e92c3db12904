//! The work itself: replicas in slots, and the time that they take.

use manyhands_core::id::ReplicaId;
use manyhands_core::reply::LeaseGrant;
use manyhands_core::requirement::Kind;
use manyhands_core::time::{Span, Timestamp};

use super::{Around, Host};
use crate::chance::scaled;
use crate::scenario::Effort;
use crate::workload::{STEPS, Variant, resumed};

/// How long an answer takes that is not worked for.
const AT_ONCE: Span = Span::seconds(1);

/// A replica that a host holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Which one.
    pub(super) replica: ReplicaId,
    /// Time that it still takes, in milliseconds.
    pub(super) left_ms: u32,
    /// Time that all of it takes here, in milliseconds.
    pub(super) cost_ms: u32,
    /// Of that, what the last checkpoint covers.
    pub(super) saved_ms: u32,
    /// The step until which it is only replayed; 0 of a whole unit.
    pub(super) until: u16,
    /// The step at which it began, not 0 if it went on from a checkpoint.
    pub(super) from_step: u16,
    /// What the checkpoint from which it went on leads to.
    pub(super) from: Variant,
    /// How far it is.
    pub(super) stage: Stage,
    /// How it will end.
    pub(super) fate: Fate,
}

/// How far a replica is on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In a slot, or waiting for one.
    Computing,
    /// Waiting for an accomplice's answer.
    Copying,
    /// It ended and is to be told.
    Ended(End),
    /// It was told and not acknowledged.
    Told(End, Timestamp),
    /// It ended and will not be told.
    Withheld,
}

/// How a replica ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With an answer.
    Answer(Variant),
    /// A replay, with a state on the way to this answer.
    Replayed(Variant),
    /// The machine failed.
    HostError,
    /// The person gave it up.
    GivenUp,
}

/// How a replica will end, unless somebody stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// With an answer.
    Answer,
    /// The machine fails.
    HostError,
    /// The person gives it up.
    GivenUp,
}

impl Held {
    /// Time that it took so far, in milliseconds.
    pub(super) fn spent_ms(&self) -> u32 {
        self.cost_ms - self.left_ms
    }

    /// Whether only a state on the way is asked for.
    pub(super) fn is_replay(&self) -> bool {
        self.until > 0
    }

    /// Whether it needs a slot.
    pub(super) fn is_computing(&self) -> bool {
        self.stage == Stage::Computing
    }
}

impl Host {
    /// Accounts for the time since the last call, and ends what ended in it.
    pub(super) fn work(&mut self, around: &mut Around<'_>) {
        if !self.power.is_on() {
            return;
        }
        let elapsed = around.now.since(self.worked_until).0;
        self.worked_until = around.now;
        around.habits.note(self.place, Span(elapsed));
        let slots = usize::from(around.population.slots);
        let mut has_ended = false;
        for held in self.held.iter_mut().filter(|held| held.is_computing()).take(slots) {
            let elapsed = u32::try_from(elapsed).unwrap_or(u32::MAX).min(held.left_ms);
            held.left_ms -= elapsed;
            has_ended |= held.left_ms == 0;
        }
        if has_ended {
            self.end_replicas(around);
        }
    }

    /// When the next replica ends, if nothing stops it.
    pub(super) fn next_end(&self, slots: usize) -> Option<Timestamp> {
        let running = self.held.iter().filter(|held| held.is_computing()).take(slots);
        let left_ms = running.map(|held| held.left_ms).min()?;
        Some(self.worked_until.plus(Span(left_ms.into())))
    }

    /// Takes leases on. What it holds already it got twice.
    pub(super) fn take_on(&mut self, grants: &[LeaseGrant], around: &mut Around<'_>) {
        let count = u16::try_from(grants.len()).unwrap_or(u16::MAX);
        self.wished = self.wished.saturating_sub(count);
        self.held.reserve_exact(grants.len());
        for grant in grants {
            if self.held.iter().any(|held| held.replica == grant.replica) {
                continue;
            }
            let held = self.begin(grant, around);
            self.held.push(held);
        }
    }

    /// The machine stops: a program that cannot be resumed begins anew.
    pub(super) fn lose_unsaved(&mut self, around: &mut Around<'_>) {
        for held in self.held.iter_mut().filter(|held| held.is_computing()) {
            if around.workload.plan(held.replica.unit.job).kind() == Kind::Command {
                around.tally.dropped_ms += u64::from(held.spent_ms());
                held.left_ms = held.cost_ms;
            }
        }
    }

    /// Drops everything.
    pub(super) fn forget_all(&mut self, around: &mut Around<'_>) {
        let replicas: Vec<ReplicaId> = self.held.iter().map(|held| held.replica).collect();
        replicas.into_iter().for_each(|replica| self.drop_held(replica, around));
    }

    pub(super) fn begin(&mut self, grant: &LeaseGrant, around: &mut Around<'_>) -> Held {
        let unit = grant.replica.unit;
        let last = grant.replay.map_or(STEPS, |replay| replay.until_step.min(STEPS));
        let done = grant.resume_from.map_or(0, |checkpoint| checkpoint.step.min(last));
        let whole = scaled(around.workload.cost(unit), 1.0 / around.population.speed);
        let mut cost = Span(whole.0 * (last - done) / STEPS);
        let fate = self.fate(around);
        if fate != Fate::Answer {
            cost = self.chance.up_to(cost);
        }
        let attack = around.population.attack;
        let mut stage = Stage::Computing;
        let ring = around.rings.of(self.population.into(), self.place);
        if let Some(ring) = ring.filter(|_| grant.replay.is_none()) {
            ring.holds(unit);
            let pact = ring.pact(unit);
            match attack.effort {
                Effort::Full => {}
                Effort::Copied if pact.worker.is_none() => pact.worker = Some(self.place),
                Effort::Copied => stage = Stage::Copying,
                Effort::None => cost = AT_ONCE,
            }
        }
        let cost_ms = u32::try_from(cost.0.max(1)).unwrap_or(u32::MAX);
        let from = grant.resume_from.as_ref().map_or(Variant::TRUTH, resumed);
        Held {
            replica: grant.replica,
            left_ms: cost_ms,
            cost_ms,
            saved_ms: 0,
            until: grant.replay.map_or(0, |_| u16::try_from(last).unwrap_or(u16::MAX)),
            from_step: u16::try_from(done).unwrap_or(u16::MAX),
            from,
            stage,
            fate,
        }
    }

    fn fate(&mut self, around: &Around<'_>) -> Fate {
        let faults = around.population.faults;
        if around.is_calm {
            return Fate::Answer;
        }
        if self.chance.happens(faults.host_error.get()) {
            return Fate::HostError;
        }
        if self.chance.happens(faults.given_up.get()) {
            return Fate::GivenUp;
        }
        Fate::Answer
    }

    /// Notes the end of those in slots that have nothing left to do.
    fn end_replicas(&mut self, around: &mut Around<'_>) {
        let slots = usize::from(around.population.slots);
        let held = self.held.iter().enumerate();
        let running = held.filter(|(_, held)| held.is_computing()).take(slots);
        let ended: Vec<usize> =
            running.filter(|(_, held)| held.left_ms == 0).map(|(at, _)| at).collect();
        for at in ended {
            let held = self.held[at];
            self.run_time.note(Span(held.spent_ms().into()));
            around.tally.spent_ms += u64::from(held.spent_ms());
            if held.is_replay() {
                around.tally.replayed_ms += u64::from(held.spent_ms());
            }
            self.held[at].stage = match held.fate {
                Fate::HostError => Stage::Ended(End::HostError),
                Fate::GivenUp => Stage::Ended(End::GivenUp),
                Fate::Answer if held.is_replay() => self.word(&held, around),
                Fate::Answer => {
                    around.known.tell(held.replica.unit);
                    self.answer(&held, around)
                }
            };
        }
    }
}
