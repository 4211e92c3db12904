//! Units that a host chooses itself while nobody answers, and hands in when somebody does.
//!
//! Until then they are replicas without a number of the coordinator's, so that they take slots and time like all
//! others.

use std::collections::BTreeSet;

use manyhands_core::agent::selfchosen::{Commitment, Offer, Salt, is_unnumbered, unnumbered};
use manyhands_core::digest::Digest;
use manyhands_core::id::{JobId, ReplicaId, UnitId};
use manyhands_core::key::Key;
use manyhands_core::limits::BATCH_MAX;
use manyhands_core::replica::Class;
use manyhands_core::reply::LeaseGrant;
use manyhands_core::time::{Span, Timestamp};

use super::connect::ANSWER_MS;
use super::work::{End, Held, Stage};
use super::{Around, Host, key};
use crate::chance::hash;
use crate::message::Uplink;
use crate::workload::Workload;

/// A host that found nobody so many times in a row takes the coordinator to be away: after some minutes.
const FAILURES: u32 = 10;

/// Others that a host knows of.
const PEERS: u32 = 16;

/// What hosts have told each other: units to which somebody has an answer. Without choosers, nobody asks.
#[derive(Debug, Default)]
pub struct Known {
    is_kept: bool,
    units: BTreeSet<UnitId>,
}

impl Known {
    /// Nothing yet; nothing at all if nobody will ask.
    #[must_use]
    pub fn new(is_kept: bool) -> Self {
        Self { is_kept, units: BTreeSet::new() }
    }

    pub(super) fn tell(&mut self, unit: UnitId) {
        if self.is_kept {
            self.units.insert(unit);
        }
    }
}

impl Held {
    /// Whether the host chose it itself, and the coordinator does not know of it.
    pub(super) fn is_chosen(&self) -> bool {
        is_unnumbered(self.replica)
    }
}

impl Host {
    /// Chooses units, if there is nothing to do and nobody to ask.
    pub(super) fn choose(&mut self, around: &mut Around<'_>) {
        let slots = usize::from(around.population.slots);
        let computing = self.held.iter().filter(|held| held.is_computing()).count();
        let is_away = self.retry.failures() >= FAILURES;
        let chosen = self.held.iter().filter(|held| held.is_chosen()).count();
        let room = self.choosing.room(slots.saturating_sub(computing), chosen);
        if !around.population.chooses || !is_away || room == 0 || around.is_calm {
            return;
        }
        let Some((job, units_total, manifest)) = around.workload.chosen_from() else { return };
        let flock = around.population.attack.flocks.then(|| key(u32::MAX, 0));
        let own = flock.unwrap_or_else(|| self.key());
        let peers = if flock.is_some() { BTreeSet::new() } else { self.peers() };
        let offer = Offer { manifest: &manifest, units_total, own: &own, peers: &peers };
        let is_held = |unit| self.held.iter().any(|held| held.replica.unit == unit);
        let is_done = |index| {
            let unit = job.unit(index);
            around.known.units.contains(&unit) || is_held(unit)
        };
        let units = offer.choose(room, is_done);
        self.choosing.found(units.len(), room);
        for index in units {
            let grant = LeaseGrant {
                replica: unnumbered(job.unit(index)),
                deadline_at: around.now,
                hard_deadline_at: around.now,
                resume_from: None,
                replay: None,
            };
            let held = self.begin(&grant, around);
            self.held.push(held);
        }
    }

    /// Some hosts that it knows.
    fn peers(&self) -> BTreeSet<Key> {
        // All of a grid are close enough to each other in number, and nobody knows all.
        let near = self.place.saturating_sub(PEERS / 2)..=self.place.saturating_add(PEERS / 2);
        near.map(|place| key(place, 0)).collect()
    }

    /// Asks for the units that it has computed unasked, and again if there was no answer.
    pub(super) fn claim(&mut self, around: &mut Around<'_>) {
        let mut job = None;
        let mut units = Vec::new();
        for held in self.held.iter_mut().filter(|held| held.is_chosen()) {
            let end = match held.stage {
                Stage::Ended(end) => end,
                Stage::Told(end, at) if at.plus(ANSWER_MS) <= around.now => end,
                Stage::Computing | Stage::Copying | Stage::Told(..) | Stage::Withheld => continue,
            };
            let End::Answer(variant) = end else { continue };
            let unit = held.replica.unit;
            if *job.get_or_insert(unit.job) != unit.job || units.len() == BATCH_MAX {
                continue;
            }
            held.stage = Stage::Told(end, around.now);
            let inflates = around.population.attack.inflates;
            let host = key(self.place, self.rebirths);
            let cpu = Span(held.cost_ms.into());
            let outcome = around.workload.outcome(unit, variant, cpu, inflates);
            if let Some(class) = outcome.class() {
                let manifest = around.workload.manifest(unit.job);
                units.push((unit.index, sealed(manifest, unit, host, class)));
            }
        }
        if let Some(job) = job.filter(|_| !units.is_empty()) {
            around.tally.chosen += units.len() as u64;
            around.out.push(Uplink::Claim { job, units });
        }
    }

    /// What the coordinator gave of that, and what not.
    pub(super) fn claimed(
        &mut self,
        grants: &[LeaseGrant],
        taken: &[UnitId],
        around: &mut Around<'_>,
    ) {
        for grant in grants {
            let unit = grant.replica.unit;
            let found = |held: &&mut Held| held.is_chosen() && held.replica.unit == unit;
            let Some(held) = self.held.iter_mut().find(found) else { continue };
            held.replica = grant.replica;
            if let Stage::Told(end, _) = held.stage {
                held.stage = Stage::Ended(end);
            }
        }
        for unit in taken {
            around.tally.taken += 1;
            self.drop_held(unnumbered(*unit), around);
        }
    }

    /// Drops what it chose itself and what came to nothing.
    pub(super) fn drop_failed_choices(&mut self, around: &mut Around<'_>) {
        let failed = |held: &&Held| {
            held.is_chosen() && matches!(held.stage, Stage::Ended(End::HostError | End::GivenUp))
        };
        let failed: Vec<ReplicaId> =
            self.held.iter().filter(failed).map(|held| held.replica).collect();
        if !failed.is_empty() {
            self.choosing.begins_anew();
        }
        failed.into_iter().for_each(|replica| self.drop_held(replica, around));
    }
}

/// The salt of a host's answer.
pub(super) fn salt(host: &Key, unit: UnitId) -> Salt {
    let [a, b, ..] = host.0;
    let number = hash(&[7, a.into(), b.into(), unit.job.0, unit.index.into()]);
    Digest::of(&[host.0.as_slice(), &number.to_le_bytes()].concat()).0
}

fn sealed(manifest: Digest, unit: UnitId, host: Key, class: Class) -> Digest {
    Commitment::new(manifest, unit.index, host, class, &salt(&host, unit)).sealed
}

impl Workload {
    /// The first job of which hosts choose units themselves, with its number of units and its manifest.
    fn chosen_from(&self) -> Option<(JobId, u32, Digest)> {
        let job = (1..).map(JobId).take(self.count());
        let mut sure = job.filter(|job| self.plan(*job).confidence.is_some());
        sure.next().map(|job| (job, self.plan(job).units, self.manifest(job)))
    }
}

/// When to wake a host that waits for an answer to its claim.
pub(super) fn asks_again_at(held: &[Held]) -> Option<Timestamp> {
    let told = held.iter().filter(|held| held.is_chosen()).filter_map(|held| match held.stage {
        Stage::Told(_, at) => Some(at.plus(ANSWER_MS)),
        Stage::Computing | Stage::Copying | Stage::Ended(_) | Stage::Withheld => None,
    });
    told.min()
}
