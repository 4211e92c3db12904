//! The rows that one command works on: read once by `load`, changed by `decide`, written once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::dispute;
use crate::dispute::Dispute;
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId};
use crate::job::Job;
use crate::ledger::{Entry, Head, LedgerRow};
use crate::part::Part;
use crate::statement::Equivocation;
use crate::store::{Store, StoreError, Write};
use crate::work_unit::WorkUnit;

/// The rows that one command works on.
#[derive(Debug, Default)]
pub(super) struct Rows {
    jobs: Table<JobId, Job>,
    units: Table<UnitId, WorkUnit>,
    hosts: Table<HostId, Host>,
    parts: Table<(JobId, HostId), Part>,
    disputes: Table<UnitId, Dispute>,
    /// Where the ledger ends with `ledger` appended; `None` before it was read.
    ledger_head: Option<Head>,
    ledger: Vec<LedgerRow>,
    vouched: BTreeSet<(HostId, UnitId)>,
    evidence: BTreeMap<HostId, Equivocation>,
}

impl Rows {
    /// Reads a job that other rows refer to.
    pub(super) fn load_job(&mut self, store: &dyn Store, id: JobId) -> Result<(), StoreError> {
        if self.jobs.has(id) {
            return Ok(());
        }
        let job = store.job(id)?.ok_or_else(|| missing("job", &id))?;
        self.add_job(job);
        Ok(())
    }

    /// Reads a host that other rows refer to.
    pub(super) fn load_host(&mut self, store: &dyn Store, id: HostId) -> Result<(), StoreError> {
        if self.find_host(store, id)? {
            return Ok(());
        }
        Err(missing("host", &id))
    }

    /// Reads a host that somebody named; whether there is one.
    pub(super) fn find_host(&mut self, store: &dyn Store, id: HostId) -> Result<bool, StoreError> {
        if self.hosts.has(id) {
            return Ok(true);
        }
        let host = store.host(id)?;
        Ok(host.map(|host| self.add_host(host)).is_some())
    }

    /// Reads what a host answered of a job, if the job keeps account of that.
    fn load_part(&mut self, store: &dyn Store, job: JobId, host: HostId) -> Result<(), StoreError> {
        let id = (job, host);
        if self.job(job).policy.confidence.is_some() && !self.parts.has(id) {
            self.parts.add(id, store.part(job, host)?.unwrap_or_else(|| Part::new(job, host)));
        }
        Ok(())
    }

    /// Reads a unit that somebody named, if it has a row, with its job.
    pub(super) fn find_unit(&mut self, store: &dyn Store, id: UnitId) -> Result<(), StoreError> {
        if self.units.has(id) {
            return Ok(());
        }
        let Some(unit) = store.unit(id)? else { return Ok(()) };
        self.load_job(store, id.job)?;
        self.add_unit(unit);
        Ok(())
    }

    /// Reads a unit that somebody named, with everything that its end may change.
    pub(super) fn find_unit_and_hosts(
        &mut self,
        store: &dyn Store,
        id: UnitId,
    ) -> Result<(), StoreError> {
        self.find_unit(store, id)?;
        if self.ledger_head.is_none() {
            self.ledger_head = Some(store.ledger_head()?);
        }
        let hosts: Vec<HostId> = self.unit(id).into_iter().flat_map(WorkUnit::hosts).collect();
        for host in hosts {
            self.load_host(store, host)?;
            self.load_part(store, id.job, host)?;
        }
        self.find_dispute(store, id)
    }

    /// Reads the disputes about a unit that was read, with whoever is asked now.
    pub(super) fn find_dispute(&mut self, store: &dyn Store, id: UnitId) -> Result<(), StoreError> {
        let may_be = self.unit(id).is_some() && dispute::may_have(self.job(id.job));
        if !may_be || self.disputes.has(id) {
            return Ok(());
        }
        let Some(found) = store.dispute(id)? else { return Ok(()) };
        found.questions().try_for_each(|question| self.load_host(store, question.host))?;
        self.disputes.add(id, found);
        Ok(())
    }

    /// Reads everything that the end of a unit may change that was read without it.
    pub(super) fn add_unit_and_hosts(
        &mut self,
        store: &dyn Store,
        unit: WorkUnit,
    ) -> Result<(), StoreError> {
        let id = unit.id;
        self.load_job(store, id.job)?;
        self.add_unit(unit);
        self.find_unit_and_hosts(store, id)
    }

    /// Takes in a job that was read or is as it was read.
    pub(super) fn add_job(&mut self, job: Job) {
        self.jobs.add(job.id, job);
    }

    /// Takes in a unit that was read.
    pub(super) fn add_unit(&mut self, unit: WorkUnit) {
        self.units.add(unit.id, unit);
    }

    /// Takes in a host that was read.
    pub(super) fn add_host(&mut self, host: Host) {
        self.hosts.add(host.id, host);
    }

    /// Makes a new unit.
    pub(super) fn new_unit(&mut self, unit: WorkUnit) {
        let id = unit.id;
        self.units.add(id, unit);
        self.units.get_mut(id);
    }

    /// A unit, if it has a row.
    pub(super) fn unit(&self, id: UnitId) -> Option<&WorkUnit> {
        self.units.find(id)
    }

    /// A host, if there is one.
    pub(super) fn find(&self, id: HostId) -> Option<&Host> {
        self.hosts.find(id)
    }

    /// A job that was loaded.
    pub(super) fn job(&self, id: JobId) -> &Job {
        self.jobs.get(id)
    }

    /// A host that was loaded.
    pub(super) fn host(&self, id: HostId) -> &Host {
        self.hosts.get(id)
    }

    /// A job that was loaded, to be changed.
    pub(super) fn job_mut(&mut self, id: JobId) -> &mut Job {
        self.jobs.get_mut(id)
    }

    /// A unit that was loaded, to be changed.
    pub(super) fn unit_mut(&mut self, id: UnitId) -> &mut WorkUnit {
        self.units.get_mut(id)
    }

    /// A host that was loaded, to be changed.
    pub(super) fn host_mut(&mut self, id: HostId) -> &mut Host {
        self.hosts.get_mut(id)
    }

    /// What a host answered of a job; it must be loaded with one of its units.
    pub(super) fn part(&self, job: JobId, host: HostId) -> &Part {
        self.parts.get((job, host))
    }

    /// What a host answered of a job, to be changed; it must be loaded with one of its units.
    pub(super) fn part_mut(&mut self, job: JobId, host: HostId) -> &mut Part {
        self.parts.get_mut((job, host))
    }

    /// The disputes about a unit, if there were any.
    pub(super) fn dispute(&self, id: UnitId) -> Option<&Dispute> {
        self.disputes.find(id)
    }

    /// The disputes about a unit that was loaded, to be changed.
    pub(super) fn dispute_mut(&mut self, id: UnitId) -> &mut Dispute {
        self.disputes.add(id, Dispute::new(id));
        self.disputes.get_mut(id)
    }

    /// A unit to be changed in the light of its job.
    pub(super) fn unit_in_job(&mut self, id: UnitId) -> (&mut WorkUnit, &Job) {
        (self.units.get_mut(id), self.jobs.get(id.job))
    }

    /// The chains of a unit in which a host had a hand that was caught since. The unit and its
    /// hosts must be loaded.
    pub(super) fn spoilt_chains(&self, id: UnitId) -> BTreeSet<u16> {
        let replicas = self.units.get(id).replicas.iter();
        let life = |host| self.hosts.get(host).standing.life;
        let spoilt = replicas.filter(|replica| replica.life != life(replica.host));
        spoilt.map(|replica| replica.chain).collect()
    }

    /// Appends to the ledger, whose head must be loaded.
    pub(super) fn append(&mut self, entry: Entry) {
        let head = self.ledger_head.as_mut().unwrap_or_else(|| not_loaded(&"the ledger's head"));
        self.ledger.push(head.append(entry));
    }

    /// Notes that a unit's answer rests on the word of this host, among others.
    pub(super) fn vouch(&mut self, host: HostId, unit: UnitId) {
        self.vouched.insert((host, unit));
    }

    /// Keeps the proof that a host contradicted itself.
    pub(super) fn keep_evidence(&mut self, host: HostId, of: Equivocation) {
        self.evidence.entry(host).or_insert(of);
    }

    /// Every row that was changed, once.
    pub(super) fn into_writes(self) -> Vec<Write> {
        let jobs = self.jobs.into_changed().map(Write::PutJob);
        let units = self.units.into_changed().map(Write::PutUnit);
        let hosts = self.hosts.into_changed().map(Write::PutHost);
        let parts = self.parts.into_changed().map(Write::PutPart);
        let ledger = self.ledger.into_iter().map(Write::AppendLedger);
        let vouched = self.vouched.into_iter().map(|(host, unit)| Write::Vouch { host, unit });
        let evidence = self.evidence.into_iter();
        let evidence = evidence.map(|(host, of)| Write::KeepEvidence { host, of: Box::new(of) });
        let disputes = self.disputes.into_changed().map(|it| Write::PutDispute(Box::new(it)));
        let rows = jobs.chain(units).chain(hosts).chain(parts).chain(disputes);
        rows.chain(ledger).chain(vouched).chain(evidence).collect()
    }
}

/// Rows of one kind, each with whether it was changed. They are boxed, because a node of the map has
/// room for eleven, and most commands work on one or two.
#[derive(Debug)]
struct Table<Id, Row>(BTreeMap<Id, (Box<Row>, bool)>);

impl<Id, Row> Default for Table<Id, Row> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<Id: Ord + Copy + fmt::Debug, Row> Table<Id, Row> {
    fn has(&self, id: Id) -> bool {
        self.0.contains_key(&id)
    }

    /// The first one to come stays: it may have been changed already.
    fn add(&mut self, id: Id, row: Row) {
        self.0.entry(id).or_insert_with(|| (Box::new(row), false));
    }

    fn find(&self, id: Id) -> Option<&Row> {
        self.0.get(&id).map(|(row, _)| &**row)
    }

    fn get(&self, id: Id) -> &Row {
        self.find(id).unwrap_or_else(|| not_loaded(&id))
    }

    fn get_mut(&mut self, id: Id) -> &mut Row {
        let (row, changed) = self.0.get_mut(&id).unwrap_or_else(|| not_loaded(&id));
        *changed = true;
        row
    }

    fn into_changed(self) -> impl Iterator<Item = Row> {
        self.0.into_values().filter(|(_, changed)| *changed).map(|(row, _)| *row)
    }
}

fn missing(what: &str, id: &dyn fmt::Display) -> StoreError {
    StoreError::Missing { what: format!("{what} {id}") }
}

/// `load` reads every row that `decide` may touch; if it forgot one, going on would write a guess.
fn not_loaded(id: &dyn fmt::Debug) -> ! {
    panic!("row {id:?} was not loaded before it was used")
}
