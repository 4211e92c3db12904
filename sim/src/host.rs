//! A virtual host: a worker without a machine.
//!
//! What it decides is decided by [`manyhands_core::agent`], as in the worker; what it computes is a
//! span of time and a [`Variant`](crate::workload::Variant). Liars are hosts whose [`attack`] says
//! something else at some of the turns.

mod attack;
mod chosen;
mod connect;
mod habits;
mod power;
mod tell;
mod work;

use manyhands_core::agent::fetch::RunTime;
use manyhands_core::agent::retry::Retry;
use manyhands_core::agent::selfchosen::Choosing;
use manyhands_core::id::{HostId, ReplicaId};
use manyhands_core::key::Key;
use manyhands_core::time::{Span, Timestamp};

pub use self::chosen::Known;
pub use self::connect::Link;
pub use self::habits::Habits;
pub use self::power::Power;
use self::work::Held;
use crate::chance::{Chance, hash};
use crate::message::{Downlink, Ending, Uplink};
use crate::ring::Rings;
use crate::scenario::Population;
use crate::tally::PopulationTally;
use crate::workload::Workload;
use crate::world::ALLOCATION_BYTES;

/// One host. A run may have a hundred thousand of them, so it is kept small.
#[derive(Debug)]
pub struct Host {
    /// Its place among all hosts.
    place: u32,
    /// Its population.
    population: u16,
    /// Leases that it wished for and has not got.
    wished: u16,
    /// How often it has become somebody else.
    rebirths: u32,
    /// The number of its connection, counted from 1.
    connection: u32,
    /// Reports that were taken in.
    accepted: u32,
    /// Lies that it told where its ring did not own the quorum.
    gambled: u16,
    /// Who the coordinator says it is.
    id: Option<HostId>,
    chance: Chance,
    power: Power,
    link: Link,
    retry: Retry,
    choosing: Choosing,
    run_time: RunTime,
    held: Vec<Held>,
    /// When it leaves for good.
    leaves_at: Timestamp,
    /// Until when its slots' work is accounted for.
    worked_until: Timestamp,
    /// When it renews next.
    beat_at: Timestamp,
    /// When it is on the agenda; [`power::NEVER`] if it is not.
    wake_at: Timestamp,
}

/// What a host sees while it takes a turn, and where it says something.
#[derive(Debug)]
pub struct Around<'a> {
    /// The time.
    pub now: Timestamp,
    /// What hosts of its kind are like.
    pub population: &'a Population,
    /// How often it renews.
    pub heartbeat: Span,
    /// Whether all faults have stopped.
    pub is_calm: bool,
    /// What is true.
    pub workload: &'a Workload,
    /// What liars know.
    pub rings: &'a mut Rings,
    /// What those have learned who say when they are there.
    pub habits: &'a mut Habits,
    /// What hosts have told each other of units with an answer.
    pub known: &'a mut Known,
    /// What is counted of its population.
    pub tally: &'a mut PopulationTally,
    /// To the coordinator.
    pub out: &'a mut Vec<Uplink>,
}

impl Host {
    /// A host that joins at `join_at`.
    #[must_use]
    pub fn new(place: u32, population: u16, join_at: Timestamp, chance: Chance) -> Self {
        Self {
            place,
            population,
            wished: 0,
            rebirths: 0,
            connection: 0,
            accepted: 0,
            gambled: 0,
            id: None,
            chance,
            power: Power::Off { until: join_at },
            link: Link::None { dial_at: join_at },
            retry: Retry::default(),
            choosing: Choosing::default(),
            run_time: RunTime::default(),
            held: Vec::new(),
            leaves_at: power::NEVER,
            worked_until: join_at,
            beat_at: join_at,
            wake_at: join_at,
        }
    }

    /// Its population, by its place in the scenario.
    #[must_use]
    pub fn population(&self) -> usize {
        self.population.into()
    }

    /// The number of its newest connection.
    #[must_use]
    pub fn connection(&self) -> u32 {
        self.connection
    }

    /// Who it says it is.
    #[must_use]
    pub fn key(&self) -> Key {
        key(self.place, self.rebirths)
    }

    /// What it takes for the replicas that it holds.
    #[must_use]
    pub fn bytes_of_leases(&self) -> usize {
        self.held.capacity() * size_of::<Held>() + ALLOCATION_BYTES
    }

    /// Takes a message of the coordinator.
    pub fn hear(&mut self, message: Downlink, around: &mut Around<'_>) {
        if !self.power.is_on() {
            return;
        }
        self.work(around);
        match message {
            Downlink::Welcome(id) => self.welcomed(id, around),
            Downlink::Leases(grants) => self.take_on(&grants, around),
            Downlink::Claimed { grants, taken } => self.claimed(&grants, &taken, around),
            Downlink::Acknowledged(items) => self.acknowledged(&items, around),
            Downlink::Abort(replicas) => self.abort(&replicas, around),
            Downlink::Closed { why: Ending::Lost } => self.disconnected(around),
            Downlink::Closed { why: Ending::Suspended { rest } } => self.suspended(rest, around),
        }
    }

    /// Does whatever is due.
    pub fn take_turn(&mut self, around: &mut Around<'_>) {
        self.work(around);
        self.switch(around);
        if !self.power.is_on() {
            return;
        }
        self.connect(around);
        self.drop_failed_choices(around);
        self.choose(around);
        if self.link == Link::Up {
            self.claim(around);
            self.report(around);
            let has_beaten = self.beat(around);
            self.wish(has_beaten, around);
        }
    }

    /// Whether it was to wake up now; else something came in between.
    pub fn is_awaited(&mut self, now: Timestamp) -> bool {
        let is_awaited = self.wake_at == now;
        if is_awaited {
            self.wake_at = power::NEVER;
        }
        is_awaited
    }

    /// When to wake it, if it is not on the agenda for then or earlier.
    pub fn next_wake(&mut self, around: &Around<'_>) -> Option<Timestamp> {
        let due_at = self.due_at(around)?;
        if self.wake_at <= due_at {
            return None;
        }
        self.wake_at = due_at;
        Some(due_at)
    }

    /// When something is due next, if ever.
    fn due_at(&self, around: &Around<'_>) -> Option<Timestamp> {
        let at = match self.power {
            Power::Gone => return None,
            Power::Off { until } => return Some(until),
            Power::On { until } => until,
        };
        let ends_at = self.next_end(around.population.slots.into()).unwrap_or(at);
        let speaks_at = match self.link {
            Link::None { dial_at } => dial_at,
            Link::Dialing { until } => until,
            Link::Up => {
                let asks_at = chosen::asks_again_at(&self.held).unwrap_or(self.beat_at);
                self.beat_at.min(asks_at)
            }
        };
        Some(at.min(ends_at).min(speaks_at).max(around.now))
    }

    /// Takes a replica out, and keeps no room for it.
    fn take_out(&mut self, at: usize) -> Held {
        let held = self.held.remove(at);
        self.held.shrink_to_fit();
        held
    }

    /// Forgets a replica that it will not answer.
    fn drop_held(&mut self, replica: ReplicaId, around: &mut Around<'_>) {
        let Some(at) = self.held.iter().position(|held| held.replica == replica) else { return };
        let held = self.take_out(at);
        around.tally.dropped_ms += u64::from(held.spent_ms());
        let ring = around.rings.of(self.population.into(), self.place);
        if let Some(ring) = ring.filter(|_| !held.is_replay()) {
            ring.lost(replica.unit, self.place);
        }
    }
}

fn key(place: u32, rebirths: u32) -> Key {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&place.to_be_bytes());
    bytes[4..8].copy_from_slice(&rebirths.to_be_bytes());
    bytes[8..16].copy_from_slice(&hash(&[place.into(), rebirths.into()]).to_be_bytes());
    Key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beside this there is the coordinator's row of it, and what it holds.
    #[test]
    fn a_host_is_small() {
        assert!(size_of::<Host>() <= 184, "{}", size_of::<Host>());
        assert!(size_of::<Held>() <= 64, "{}", size_of::<Held>());
    }
}
