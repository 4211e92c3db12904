//! Disputes in memory, with the indexes that their reads need.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::dispute::Dispute;
use crate::id::{HostId, JobId, UnitId};
use crate::time::Timestamp;

/// All disputes, by unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Disputes {
    rows: BTreeMap<UnitId, Dispute>,
    by_due_at: BTreeSet<(Timestamp, UnitId)>,
    by_called: BTreeSet<(HostId, UnitId)>,
}

impl Disputes {
    pub(super) fn put(&mut self, dispute: Dispute) {
        let unit = dispute.unit;
        if let Some(old) = self.rows.get(&unit) {
            old.due_at().map(|at| self.by_due_at.remove(&(at, unit)));
            for host in old.called() {
                self.by_called.remove(&(host, unit));
            }
        }
        self.by_due_at.extend(dispute.due_at().map(|at| (at, unit)));
        self.by_called.extend(dispute.called().map(|host| (host, unit)));
        self.rows.insert(unit, dispute);
    }

    pub(super) fn get(&self, unit: UnitId) -> Option<Dispute> {
        self.rows.get(&unit).cloned()
    }

    pub(super) fn page(&self, after: Option<UnitId>, limit: usize) -> Vec<Dispute> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range((start, Bound::Unbounded));
        rows.map(|(_, dispute)| dispute.clone()).take(limit).collect()
    }

    pub(super) fn calling(&self, host: HostId, limit: usize) -> Vec<UnitId> {
        let called = self.by_called.range((host, JobId(0).unit(0))..);
        let own = called.take_while(|(other, _)| *other == host);
        own.map(|(_, unit)| *unit).take(limit).collect()
    }

    pub(super) fn due(&self, now: Timestamp, limit: usize) -> Vec<UnitId> {
        let due = self.by_due_at.iter().take_while(|(at, _)| *at <= now);
        due.map(|(_, unit)| *unit).take(limit).collect()
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.by_due_at.first().map(|(at, _)| *at)
    }
}
