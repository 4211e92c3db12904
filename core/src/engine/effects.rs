//! The effects of one command, gathered so that each thing is said once.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::Effect;
use crate::id::{HostId, JobId, ReplicaId, UnitId};
use crate::limits::BATCH_MAX;
use crate::time::Timestamp;

/// What one command wants done.
#[derive(Debug, Default)]
pub(super) struct Effects {
    work_ready: BTreeMap<JobId, u32>,
    assimilate: BTreeSet<UnitId>,
    turns: BTreeSet<HostId>,
    abort: BTreeMap<HostId, BTreeSet<ReplicaId>>,
    dismissed: BTreeSet<HostId>,
    changed: BTreeSet<JobId>,
    ended: BTreeSet<JobId>,
    due_at: Option<Timestamp>,
}

impl Effects {
    /// Hosts may ask for `count` more leases of this job.
    pub(super) fn work_ready(&mut self, job: JobId, count: u32) {
        let sum = self.work_ready.entry(job).or_default();
        *sum = sum.saturating_add(count);
    }

    /// This host should ask for work.
    pub(super) fn turn(&mut self, host: HostId) {
        self.turns.insert(host);
    }

    /// The outputs of this unit are to be handed to its job.
    pub(super) fn assimilate(&mut self, unit: UnitId) {
        self.assimilate.insert(unit);
    }

    /// This host should stop this replica.
    pub(super) fn abort(&mut self, host: HostId, replica: ReplicaId) {
        self.abort.entry(host).or_default().insert(replica);
    }

    /// This host's stream is to end.
    pub(super) fn dismiss(&mut self, host: HostId) {
        self.dismissed.insert(host);
    }

    /// This job looks different now.
    pub(super) fn changed(&mut self, job: JobId) {
        self.changed.insert(job);
    }

    /// This job has ended.
    pub(super) fn ended(&mut self, job: JobId) {
        self.ended.insert(job);
    }

    /// There is something to expire at this time.
    pub(super) fn due(&mut self, at: Timestamp) {
        self.due_at = Some(self.due_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// The earliest time at which there is something to expire.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        self.due_at
    }

    /// Everything but the timer, in an order that is always the same.
    pub(super) fn into_vec(self) -> Vec<Effect> {
        let units: Vec<UnitId> = self.assimilate.into_iter().collect();
        let assimilate = units.chunks(BATCH_MAX).map(|c| Effect::Assimilate { units: c.to_vec() });
        let abort = self.abort.into_iter().map(|(host, replicas)| Effect::Abort {
            host,
            replicas: replicas.into_iter().collect(),
        });
        let dismissed = self.dismissed.into_iter().map(|host| Effect::Dismiss { host });
        let changed = self.changed.into_iter().map(|job| Effect::JobChanged { job });
        let ended = self.ended.into_iter().map(|job| Effect::JobEnded { job });
        let turns = self.turns.into_iter().map(|host| Effect::Turn { host });
        let ready = self.work_ready.into_iter();
        let ready = ready.map(|(job, count)| Effect::WorkReady { job, count });
        let hints = changed.chain(ended).chain(turns).chain(ready);
        assimilate.chain(abort).chain(dismissed).chain(hints).collect()
    }
}
