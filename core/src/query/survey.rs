//! What only reading every unit of a job tells. It is done unit by unit, in any number of goes, and
//! needs memory for hosts, not for units.

use std::collections::BTreeMap;

use super::Disputes;
use crate::id::{HostId, VolunteerId};
use crate::job::{Counts, Tally};
use crate::part::Part;
use crate::replica::{Replica, Verdict};
use crate::results::{Results, is_kept};
use crate::trust::{Confidence, Reached};
use crate::work_unit::{UnitState, WorkUnit};

/// A job as far as its units were read. Its numbers agree with each other even if the job moved on
/// meanwhile, since each unit is looked at once.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Units by state; `waiting` are those that no host was ever given.
    pub counts: Counts,
    /// Replicas by what became of them.
    pub tally: Tally,
    /// How many units have so many replicas.
    pub copies: BTreeMap<u16, u32>,
    /// How many units with outputs have so many replicas that agree, each of another volunteer.
    pub agreeing: BTreeMap<u16, u32>,
    /// Hosts that gave an answer which a quorum judged.
    pub voices: BTreeMap<HostId, Voice>,
    /// Of each host, how many answers rest on its word first of all, and how those were tested.
    pub parts: BTreeMap<HostId, Part>,
    /// The outputs.
    pub results: Results,
    /// What disputes about the units came to. They are rows of their own, which whoever surveys reads too.
    pub disputes: Disputes,
}

/// What one host contributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Who lends it.
    pub volunteer: VolunteerId,
    /// Its replicas that agree with a quorum.
    pub valid: u32,
    /// Its replicas that differ from one.
    pub invalid: u32,
}

impl Survey {
    /// A survey of a job with so many units, of which none was read yet.
    #[must_use]
    pub fn new(units_total: u32) -> Self {
        Self { counts: Counts { waiting: units_total, ..Counts::default() }, ..Self::default() }
    }

    /// Adds the next unit that has a row. They must come in the order of their indexes.
    pub fn add(&mut self, unit: &WorkUnit) {
        self.counts.waiting = self.counts.waiting.saturating_sub(1);
        *match &unit.state {
            UnitState::Open => &mut self.counts.open,
            UnitState::Validated { .. } => &mut self.counts.validated,
            UnitState::Done { .. } => &mut self.counts.done,
            UnitState::Failed { .. } => &mut self.counts.failed,
            UnitState::Cancelled => &mut self.counts.cancelled,
        } += 1;
        *self.copies.entry(number(unit.replicas.len())).or_default() += 1;
        self.tally.reopened = self.tally.reopened.saturating_add(unit.reopened.into());
        unit.replicas.iter().for_each(|replica| self.hear(replica));
        if let Some(host) = unit.believed() {
            let part = self.parts.entry(host).or_insert_with(|| Part::new(unit.id.job, host));
            *part = part.with(unit.test);
        }
        if let Some(canonical) = unit.canonical() {
            let is_valid = |replica: &&Replica| replica.verdict() == Some(Verdict::Valid);
            let agreeing = unit.replicas.iter().filter(is_valid).count();
            *self.agreeing.entry(number(agreeing)).or_default() += 1;
            for output in canonical.outputs().iter().filter(|output| is_kept(output)) {
                self.results.add(unit.id.index, &output.name, &output.digest, output.bytes);
            }
        }
    }

    fn hear(&mut self, replica: &Replica) {
        self.tally.leased = self.tally.leased.saturating_add(1);
        let (sum, is_valid) = match replica.verdict() {
            Some(Verdict::Valid) => (&mut self.tally.valid, true),
            Some(Verdict::Invalid) => (&mut self.tally.invalid, false),
            Some(Verdict::Inconclusive) | None => return,
        };
        *sum = sum.saturating_add(1);
        let none = Voice { volunteer: replica.volunteer, valid: 0, invalid: 0 };
        let voice = self.voices.entry(replica.host).or_insert(none);
        let sum = if is_valid { &mut voice.valid } else { &mut voice.invalid };
        *sum = sum.saturating_add(1);
    }
}

impl Survey {
    /// What the audits reached of what was asked for.
    #[must_use]
    pub fn reached(&self, confidence: Confidence) -> Reached {
        self.parts.values().fold(Reached::nothing(confidence), Reached::and)
    }
}

fn number(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
