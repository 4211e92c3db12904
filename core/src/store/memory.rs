//! A store in memory, for tests and for simulation: ordered maps, and the indexes that its reads
//! need.
//!
//! A simulation holds a hundred thousand hosts and millions of units, so their rows have no room
//! for more than they hold, and what many rows say alike is kept once.

mod disputes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use self::disputes::Disputes;
use super::{LastIds, Store, StoreError, Voucher, Write};
use crate::account::Account;
use crate::digest::Digest;
use crate::dispute::Dispute;
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId, VolunteerId};
use crate::invite::{Invite, Role};
use crate::job::{Job, JobState};
use crate::key::Key;
use crate::ledger::{Head, Kind, LedgerRow};
use crate::part::Part;
use crate::party::Parties;
use crate::requirement::Capabilities;
use crate::statement::Equivocation;
use crate::time::Timestamp;
use crate::volunteer::Volunteer;
use crate::work_unit::{UnitState, WorkUnit};

/// Everything that is remembered, in ordered maps. A clone is a snapshot; it shares the rows that do
/// not change afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore {
    jobs: BTreeMap<JobId, Job>,
    jobs_by_manifest: BTreeMap<Digest, JobId>,
    jobs_open: BTreeSet<JobId>,
    jobs_settling: BTreeSet<JobId>,
    jobs_cancelling: BTreeSet<JobId>,
    units: BTreeMap<UnitId, Arc<WorkUnit>>,
    units_ready: BTreeMap<UnitId, Timestamp>,
    units_by_ready_at: BTreeSet<(Timestamp, UnitId)>,
    units_validated: BTreeSet<UnitId>,
    units_by_turn: BTreeSet<(HostId, UnitId)>,
    units_by_draw_at: BTreeSet<(Timestamp, UnitId)>,
    hosts: BTreeMap<HostId, Arc<Host>>,
    /// By the first bytes of their keys: few share those.
    hosts_by_key: BTreeSet<(u64, HostId)>,
    hosts_by_deadline_at: BTreeSet<(Timestamp, HostId)>,
    hosts_by_compared: BTreeSet<(u32, HostId)>,
    /// All that hosts ever had to offer, each once.
    capabilities: BTreeSet<Arc<Capabilities>>,
    parts: BTreeMap<(JobId, HostId), Part>,
    /// Boxed, because nodes of a map that only grows at its end are half empty.
    volunteers: BTreeMap<VolunteerId, Box<Volunteer>>,
    volunteers_by_name: BTreeMap<String, VolunteerId>,
    invites: BTreeMap<Digest, Invite>,
    accounts: BTreeMap<Key, Account>,
    ledger: Vec<LedgerRow>,
    vouched: BTreeSet<(HostId, UnitId)>,
    disputes: Disputes,
    evidence: BTreeMap<HostId, Equivocation>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn turns(&self, host: HostId) -> impl Iterator<Item = UnitId> {
        let turns = self.units_by_turn.range((host, JobId(0).unit(0))..);
        turns.take_while(move |(other, _)| *other == host).map(|(_, unit)| *unit)
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::PutJob(job) => self.put_job(job),
            Write::PutUnit(unit) => self.put_unit(unit),
            Write::PutHost(host) => self.put_host(host),
            Write::PutVolunteer(volunteer) => {
                let (id, name) = (volunteer.id, volunteer.name.clone());
                let old = self.volunteers.insert(id, Box::new(volunteer));
                if let Some(old) = old.and_then(|old| old.name) {
                    self.volunteers_by_name.remove(&old);
                }
                self.volunteers_by_name.extend(name.map(|name| (name, id)));
            }
            Write::PutInvite(invite) => {
                self.invites.insert(invite.token, invite);
            }
            Write::DropInvites { volunteer } => {
                let role = Role::Host { volunteer: Some(volunteer) };
                self.invites.retain(|_, invite| invite.role != role);
            }
            Write::PutAccount(account) => {
                self.accounts.insert(account.key, account);
            }
            Write::PutPart(part) => {
                self.parts.insert((part.job, part.host), part);
            }
            Write::PutDispute(dispute) => self.disputes.put(*dispute),
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
        self.jobs_settling.remove(&job.id);
        self.jobs_cancelling.remove(&job.id);
        match job.state {
            JobState::Open => {
                self.jobs_open.insert(job.id);
            }
            JobState::Settling(_) => {
                self.jobs_settling.insert(job.id);
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
        unit.replicas.shrink_to_fit();
        if let Some(ready_at) = self.units_ready.remove(&unit.id) {
            self.units_by_ready_at.remove(&(ready_at, unit.id));
        }
        if let Some(ready_at) = unit.ready_at {
            self.units_ready.insert(unit.id, ready_at);
            self.units_by_ready_at.insert((ready_at, unit.id));
        }
        if let Some(turn) = self.units.get(&unit.id).and_then(|unit| unit.turn) {
            self.units_by_draw_at.remove(&(turn.draw_at, unit.id));
            turn.host.map(|host| self.units_by_turn.remove(&(host, unit.id)));
        }
        if let Some(turn) = unit.turn {
            self.units_by_draw_at.insert((turn.draw_at, unit.id));
            turn.host.map(|host| self.units_by_turn.insert((host, unit.id)));
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
        self.units.insert(unit.id, Arc::new(unit));
    }

    fn put_host(&mut self, mut host: Host) {
        host.leases.shrink_to_fit();
        host.capabilities = self.shared(host.capabilities);
        let (id, key, deadline_at) = (host.id, host.key, host.next_deadline_at());
        let compared = host.standing.compared;
        let old = self.hosts.insert(id, Arc::new(host));
        let old_deadline_at = old.as_ref().and_then(|old| old.next_deadline_at());
        if let Some(at) = old_deadline_at.filter(|at| Some(*at) != deadline_at) {
            self.hosts_by_deadline_at.remove(&(at, id));
        }
        if let Some(at) = deadline_at.filter(|at| Some(*at) != old_deadline_at) {
            self.hosts_by_deadline_at.insert((at, id));
        }
        let old_compared = old.as_ref().map_or(0, |old| old.standing.compared);
        if old_compared != compared {
            self.hosts_by_compared.remove(&(old_compared, id));
            if compared > 0 {
                self.hosts_by_compared.insert((compared, id));
            }
        }
        if old.is_none_or(|old| old.key != key) {
            self.hosts_by_key.insert((first_bytes(&key), id));
        }
    }

    /// The one copy of what a host offers.
    fn shared(&mut self, offered: Arc<Capabilities>) -> Arc<Capabilities> {
        if let Some(known) = self.capabilities.get(&offered) {
            return Arc::clone(known);
        }
        self.capabilities.insert(Arc::clone(&offered));
        offered
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

    fn jobs_settling(&self, limit: usize) -> Result<Vec<Job>, StoreError> {
        Ok(self.all_jobs(&self.jobs_settling, limit))
    }

    fn jobs_cancelling(&self, limit: usize) -> Result<Vec<Job>, StoreError> {
        Ok(self.all_jobs(&self.jobs_cancelling, limit))
    }

    fn unit(&self, id: UnitId) -> Result<Option<WorkUnit>, StoreError> {
        Ok(self.units.get(&id).map(|unit| WorkUnit::clone(unit)))
    }

    fn units(&self, job: JobId, from: u32, limit: usize) -> Result<Vec<WorkUnit>, StoreError> {
        let units = self.units.range(job.unit(from)..=job.unit(u32::MAX));
        Ok(units.map(|(_, unit)| WorkUnit::clone(unit)).take(limit).collect())
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
        let units = due.filter_map(|id| self.units.get(id)).take(limit);
        Ok(units.map(|unit| WorkUnit::clone(unit)).collect())
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

    fn units_of_turn(&self, host: HostId, limit: usize) -> Result<Vec<WorkUnit>, StoreError> {
        let units = self.turns(host).filter_map(|unit| self.units.get(&unit)).take(limit);
        Ok(units.map(|unit| WorkUnit::clone(unit)).collect())
    }

    fn turns_of(&self, host: HostId, limit: usize) -> Result<usize, StoreError> {
        Ok(self.turns(host).take(limit).count())
    }

    fn units_to_draw(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitId>, StoreError> {
        let due = self.units_by_draw_at.iter().take_while(|(at, _)| *at <= now);
        Ok(due.map(|(_, unit)| *unit).take(limit).collect())
    }

    fn next_draw_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.units_by_draw_at.first().map(|(at, _)| *at))
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

    fn dispute(&self, unit: UnitId) -> Result<Option<Dispute>, StoreError> {
        Ok(self.disputes.get(unit))
    }

    fn disputes(&self, after: Option<UnitId>, limit: usize) -> Result<Vec<Dispute>, StoreError> {
        Ok(self.disputes.page(after, limit))
    }

    fn disputes_calling(&self, host: HostId, limit: usize) -> Result<Vec<UnitId>, StoreError> {
        Ok(self.disputes.calling(host, limit))
    }

    fn disputes_due(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitId>, StoreError> {
        Ok(self.disputes.due(now, limit))
    }

    fn next_dispute_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.disputes.next_at())
    }

    fn evidence(&self, host: HostId) -> Result<Option<Equivocation>, StoreError> {
        Ok(self.evidence.get(&host).cloned())
    }

    fn host(&self, id: HostId) -> Result<Option<Host>, StoreError> {
        Ok(self.hosts.get(&id).map(|host| Host::clone(host)))
    }

    fn host_by_key(&self, key: &Key) -> Result<Option<Host>, StoreError> {
        let first = first_bytes(key);
        let alike = self.hosts_by_key.range((first, HostId(0))..=(first, HostId(u64::MAX)));
        let mut hosts = alike.filter_map(|(_, id)| self.hosts.get(id));
        Ok(hosts.find(|host| host.key == *key).map(|host| Host::clone(host)))
    }

    fn hosts(&self, after: Option<HostId>, limit: usize) -> Result<Vec<Host>, StoreError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let hosts = self.hosts.range((start, Bound::Unbounded));
        Ok(hosts.map(|(_, host)| Host::clone(host)).take(limit).collect())
    }

    fn hosts_of(&self, volunteer: VolunteerId, limit: usize) -> Result<Vec<HostId>, StoreError> {
        let own = |host: &&Arc<Host>| host.volunteer == volunteer && !host.is_forgotten();
        Ok(self.hosts.values().filter(own).map(|host| host.id).take(limit).collect())
    }

    fn hosts_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Host>, StoreError> {
        let due = self.hosts_by_deadline_at.iter().take_while(|(at, _)| *at <= now);
        let hosts = due.filter_map(|(_, id)| self.hosts.get(id)).take(limit);
        Ok(hosts.map(|host| Host::clone(host)).collect())
    }

    fn next_deadline_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.hosts_by_deadline_at.first().map(|(at, _)| *at))
    }

    fn parties_of_standing(
        &self,
        compared_min: u32,
        seen_since: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let mut parties = Parties::default();
        for (_, id) in self.hosts_by_compared.range((compared_min.max(1), HostId(0))..) {
            let host = self.hosts.get(id).filter(|host| host.seen_at >= seen_since);
            host.into_iter().for_each(|host| parties.add(host));
            if parties.count() >= limit {
                return Ok(limit);
            }
        }
        Ok(parties.count())
    }

    fn part(&self, job: JobId, host: HostId) -> Result<Option<Part>, StoreError> {
        Ok(self.parts.get(&(job, host)).copied())
    }

    fn parts(&self, job: JobId, after: HostId, limit: usize) -> Result<Vec<Part>, StoreError> {
        let first = (Bound::Excluded((job, after)), Bound::Included((job, HostId(u64::MAX))));
        Ok(self.parts.range(first).map(|(_, part)| *part).take(limit).collect())
    }

    fn volunteer(&self, id: VolunteerId) -> Result<Option<Volunteer>, StoreError> {
        Ok(self.volunteers.get(&id).map(|volunteer| Volunteer::clone(volunteer)))
    }

    fn volunteer_by_name(&self, name: &str) -> Result<Option<Volunteer>, StoreError> {
        let id = self.volunteers_by_name.get(name);
        let volunteer = id.and_then(|id| self.volunteers.get(id));
        Ok(volunteer.map(|volunteer| Volunteer::clone(volunteer)))
    }

    fn invite(&self, token: &Digest) -> Result<Option<Invite>, StoreError> {
        Ok(self.invites.get(token).cloned())
    }

    fn account(&self, key: &Key) -> Result<Option<Account>, StoreError> {
        Ok(self.accounts.get(key).cloned())
    }

    fn ledger_head(&self) -> Result<Head, StoreError> {
        let last = self.ledger.last();
        Ok(last.map_or(Head::EMPTY, |row| Head { rows: row.seq, chain: row.chain }))
    }

    fn ledger(&self, skip: u64, limit: usize) -> Result<Vec<LedgerRow>, StoreError> {
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        Ok(self.ledger.iter().skip(skip).take(limit).copied().collect())
    }

    fn vouchers(&self, job: JobId, limit: usize) -> Result<Vec<Voucher>, StoreError> {
        let mut vouchers: BTreeMap<HostId, Voucher> = BTreeMap::new();
        let entries = self.ledger.iter().map(|row| &row.entry);
        for entry in entries.filter(|entry| entry.replica.unit.job == job) {
            let none = Voucher { host: entry.host, volunteer: entry.volunteer, replicas: 0 };
            let replicas = &mut vouchers.entry(entry.host).or_insert(none).replicas;
            *replicas = match entry.kind {
                Kind::Grant => *replicas + 1,
                Kind::TakeBack => replicas.saturating_sub(1),
            };
        }
        let standing = vouchers.into_values().filter(|voucher| voucher.replicas > 0);
        Ok(standing.take(limit).collect())
    }
}

fn first_bytes(key: &Key) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = key.0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
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
