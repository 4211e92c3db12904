//! A store in memory, for tests and for simulation: ordered maps, and the indexes that its reads
//! need.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::{LastIds, Store, StoreError, Voucher, Write};
use crate::account::Account;
use crate::credit::LedgerRow;
use crate::digest::Digest;
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId, VolunteerId};
use crate::invite::Invite;
use crate::job::{Job, JobState};
use crate::key::Key;
use crate::statement::Equivocation;
use crate::time::Timestamp;
use crate::volunteer::Volunteer;
use crate::work_unit::{UnitState, WorkUnit};

/// Everything that is remembered, in ordered maps. A clone is a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore {
    jobs: BTreeMap<JobId, Job>,
    jobs_by_manifest: BTreeMap<Digest, JobId>,
    jobs_open: BTreeSet<JobId>,
    jobs_cancelling: BTreeSet<JobId>,
    units: BTreeMap<UnitId, WorkUnit>,
    units_ready: BTreeMap<UnitId, Timestamp>,
    units_by_ready_at: BTreeSet<(Timestamp, UnitId)>,
    units_validated: BTreeSet<UnitId>,
    hosts: BTreeMap<HostId, Host>,
    hosts_by_key: BTreeMap<Key, HostId>,
    hosts_by_deadline_at: BTreeSet<(Timestamp, HostId)>,
    volunteers: BTreeMap<VolunteerId, Volunteer>,
    volunteers_by_name: BTreeMap<String, VolunteerId>,
    invites: BTreeMap<Digest, Invite>,
    accounts: BTreeMap<Key, Account>,
    ledger: Vec<LedgerRow>,
    vouched: BTreeSet<(HostId, UnitId)>,
    evidence: BTreeMap<HostId, Equivocation>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::PutJob(job) => self.put_job(job),
            Write::PutUnit(unit) => self.put_unit(unit),
            Write::PutHost(host) => self.put_host(host),
            Write::PutVolunteer(volunteer) => {
                if let Some(name) = &volunteer.name {
                    self.volunteers_by_name.insert(name.clone(), volunteer.id);
                }
                self.volunteers.insert(volunteer.id, volunteer);
            }
            Write::PutInvite(invite) => {
                self.invites.insert(invite.token, invite);
            }
            Write::PutAccount(account) => {
                self.accounts.insert(account.key, account);
            }
            Write::AppendLedger(row) => self.ledger.push(row),
            Write::Vouch { host, unit } => {
                self.vouched.insert((host, unit));
            }
            Write::KeepEvidence { host, of } => {
                self.evidence.entry(host).or_insert(*of);
            }
        }
    }

    fn put_job(&mut self, job: Job) {
        self.jobs_open.remove(&job.id);
        self.jobs_cancelling.remove(&job.id);
        match job.state {
            JobState::Open => {
                self.jobs_open.insert(job.id);
            }
            JobState::Cancelling { .. } => {
                self.jobs_cancelling.insert(job.id);
            }
            JobState::Cancelled | JobState::Finished => {}
        }
        self.jobs_by_manifest.insert(job.manifest, job.id);
        self.jobs.insert(job.id, job);
    }

    fn put_unit(&mut self, mut unit: WorkUnit) {
        // A simulation holds millions of these: rows keep no room for more.
        unit.replicas.shrink_to_fit();
        if let Some(ready_at) = self.units_ready.remove(&unit.id) {
            self.units_by_ready_at.remove(&(ready_at, unit.id));
        }
        if let Some(ready_at) = unit.ready_at {
            self.units_ready.insert(unit.id, ready_at);
            self.units_by_ready_at.insert((ready_at, unit.id));
        }
        match unit.state {
            UnitState::Validated { .. } => {
                self.units_validated.insert(unit.id);
            }
            UnitState::Open
            | UnitState::Done { .. }
            | UnitState::Failed { .. }
            | UnitState::Cancelled => {
                self.units_validated.remove(&unit.id);
            }
        }
        self.units.insert(unit.id, unit);
    }

    fn put_host(&mut self, mut host: Host) {
        host.leases.shrink_to_fit();
        let old = self.hosts.get(&host.id).and_then(Host::next_deadline_at);
        if let Some(deadline_at) = old {
            self.hosts_by_deadline_at.remove(&(deadline_at, host.id));
        }
        if let Some(deadline_at) = host.next_deadline_at() {
            self.hosts_by_deadline_at.insert((deadline_at, host.id));
        }
        self.hosts_by_key.insert(host.key, host.id);
        self.hosts.insert(host.id, host);
    }

    fn all_jobs(&self, ids: &BTreeSet<JobId>, limit: usize) -> Vec<Job> {
        ids.iter().filter_map(|id| self.jobs.get(id)).take(limit).cloned().collect()
    }
}

impl Store for MemoryStore {
    fn apply(&mut self, writes: Vec<Write>) -> Result<(), StoreError> {
        writes.into_iter().for_each(|write| self.write(write));
        Ok(())
    }

    fn last_ids(&self) -> Result<LastIds, StoreError> {
        Ok(LastIds {
            job: self.jobs.last_key_value().map_or(0, |(id, _)| id.0),
            host: self.hosts.last_key_value().map_or(0, |(id, _)| id.0),
            volunteer: self.volunteers.last_key_value().map_or(0, |(id, _)| id.0),
        })
    }

    fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        Ok(self.jobs.get(&id).cloned())
    }

    fn job_by_manifest(&self, manifest: &Digest) -> Result<Option<Job>, StoreError> {
        let id = self.jobs_by_manifest.get(manifest);
        Ok(id.and_then(|id| self.jobs.get(id)).cloned())
    }

    fn jobs(
        &self,
        submitter: Option<&Key>,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let end = before.map_or(Bound::Unbounded, Bound::Excluded);
        let jobs = self.jobs.range((Bound::Unbounded, end)).rev().map(|(_, job)| job);
        let asked_for = |job: &&Job| submitter.is_none_or(|key| job.submitter == *key);
        Ok(jobs.filter(asked_for).take(limit).cloned().collect())
    }

    fn jobs_open(&self, limit: usize) -> Result<Vec<Job>, StoreError> {
        Ok(self.all_jobs(&self.jobs_open, limit))
    }

    fn jobs_cancelling(&self, limit: usize) -> Result<Vec<Job>, StoreError> {
        Ok(self.all_jobs(&self.jobs_cancelling, limit))
    }

    fn unit(&self, id: UnitId) -> Result<Option<WorkUnit>, StoreError> {
        Ok(self.units.get(&id).cloned())
    }

    fn units(&self, job: JobId, from: u32, limit: usize) -> Result<Vec<WorkUnit>, StoreError> {
        let units = self.units.range(job.unit(from)..=job.unit(u32::MAX));
        Ok(units.map(|(_, unit)| unit).take(limit).cloned().collect())
    }

    fn units_ready(
        &self,
        job: JobId,
        now: Timestamp,
        from: u32,
        limit: usize,
    ) -> Result<Vec<WorkUnit>, StoreError> {
        let ready = self.units_ready.range(job.unit(from)..=job.unit(u32::MAX));
        let due = ready.filter(|(_, ready_at)| **ready_at <= now).map(|(id, _)| id);
        Ok(due.filter_map(|id| self.units.get(id)).take(limit).cloned().collect())
    }

    fn units_validated(
        &self,
        after: Option<UnitId>,
        limit: usize,
    ) -> Result<Vec<UnitId>, StoreError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let units = self.units_validated.range((start, Bound::Unbounded));
        Ok(units.take(limit).copied().collect())
    }

    fn units_waking(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(JobId, u32)>, StoreError> {
        let mut counts: BTreeMap<JobId, u32> = BTreeMap::new();
        let units = self.units_by_ready_at.range(first_after(after)..);
        for (_, id) in units.take_while(|(ready_at, _)| *ready_at <= until) {
            *counts.entry(id.job).or_default() += 1;
        }
        Ok(counts.into_iter().collect())
    }

    fn next_ready_at(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut units = self.units_by_ready_at.range(first_after(after)..);
        Ok(units.next().map(|(ready_at, _)| *ready_at))
    }

    fn units_vouched(
        &self,
        host: HostId,
        from: UnitId,
        limit: usize,
    ) -> Result<Vec<UnitId>, StoreError> {
        let units = self.vouched.range((host, from)..);
        let own = units.take_while(|(other, _)| *other == host);
        Ok(own.map(|(_, unit)| *unit).take(limit).collect())
    }

    fn evidence(&self, host: HostId) -> Result<Option<Equivocation>, StoreError> {
        Ok(self.evidence.get(&host).cloned())
    }

    fn host(&self, id: HostId) -> Result<Option<Host>, StoreError> {
        Ok(self.hosts.get(&id).cloned())
    }

    fn host_by_key(&self, key: &Key) -> Result<Option<Host>, StoreError> {
        Ok(self.hosts_by_key.get(key).and_then(|id| self.hosts.get(id)).cloned())
    }

    fn hosts(&self, after: Option<HostId>, limit: usize) -> Result<Vec<Host>, StoreError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let hosts = self.hosts.range((start, Bound::Unbounded));
        Ok(hosts.map(|(_, host)| host).take(limit).cloned().collect())
    }

    fn hosts_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Host>, StoreError> {
        let due = self.hosts_by_deadline_at.iter().take_while(|(at, _)| *at <= now);
        Ok(due.filter_map(|(_, id)| self.hosts.get(id)).take(limit).cloned().collect())
    }

    fn next_deadline_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.hosts_by_deadline_at.first().map(|(at, _)| *at))
    }

    fn volunteer(&self, id: VolunteerId) -> Result<Option<Volunteer>, StoreError> {
        Ok(self.volunteers.get(&id).cloned())
    }

    fn volunteer_by_name(&self, name: &str) -> Result<Option<Volunteer>, StoreError> {
        let id = self.volunteers_by_name.get(name);
        Ok(id.and_then(|id| self.volunteers.get(id)).cloned())
    }

    fn invite(&self, token: &Digest) -> Result<Option<Invite>, StoreError> {
        Ok(self.invites.get(token).cloned())
    }

    fn account(&self, key: &Key) -> Result<Option<Account>, StoreError> {
        Ok(self.accounts.get(key).cloned())
    }

    fn ledger(&self, skip: u64, limit: usize) -> Result<Vec<LedgerRow>, StoreError> {
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        Ok(self.ledger.iter().skip(skip).take(limit).copied().collect())
    }

    fn vouchers(&self, job: JobId, limit: usize) -> Result<Vec<Voucher>, StoreError> {
        let mut vouchers: BTreeMap<HostId, Voucher> = BTreeMap::new();
        for row in self.ledger.iter().filter(|row| row.replica.unit.job == job) {
            let none = Voucher { host: row.host, volunteer: row.volunteer, replicas: 0 };
            vouchers.entry(row.host).or_insert(none).replicas += 1;
        }
        Ok(vouchers.into_values().take(limit).collect())
    }
}

/// The least key of `units_by_ready_at` whose time is after `at`.
fn first_after(at: Timestamp) -> (Timestamp, UnitId) {
    (Timestamp(at.0.saturating_add(1)), JobId(0).unit(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::Fixture;

    #[derive(Default)]
    struct InMemory(MemoryStore);

    impl Fixture for InMemory {
        fn store(&mut self) -> &mut dyn Store {
            &mut self.0
        }

        fn reopen(&mut self) {}

        fn roll_back(&mut self, work: &mut dyn FnMut(&mut dyn Store)) {
            let snapshot = self.0.clone();
            work(&mut self.0);
            self.0 = snapshot;
        }
    }

    crate::store_conformance!(InMemory::default());
}
