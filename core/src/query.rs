//! Reading, without changing anything: what can be asked of a store, and the answers.

use crate::host::Host;
use crate::id::{HostId, JobId, UnitId};
use crate::job::Job;
use crate::key::Key;
use crate::ledger::LedgerRow;
use crate::limits::PAGE_MAX;
use crate::refusal::Refusal;
use crate::replica::Output;
use crate::statement::Equivocation;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::work_unit::WorkUnit;

mod assurance;
mod disputed;
mod disputes;
mod kept;
mod receipt;
mod survey;
mod why;
mod words;

pub use assurance::Assurance;
pub use disputes::{BrokenEngine, Disputes};
pub use kept::Kept;
pub use receipt::Receipt;
pub use survey::{Survey, Voice};

/// Something to read. Pages have at most [`PAGE_MAX`] rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// One job.
    Job(JobId),
    /// Jobs, the newest first.
    Jobs {
        /// Only those of this submitter.
        submitter: Option<Key>,
        /// Only those older than this one.
        before: Option<JobId>,
        /// At most so many.
        limit: usize,
    },
    /// One unit.
    Unit(UnitId),
    /// The outputs of a job's validated and done units, by index.
    Outputs {
        /// The job.
        job: JobId,
        /// The first index to look at.
        from: u32,
        /// At most so many rows are looked at.
        limit: usize,
    },
    /// How sure a job's results are.
    Receipt(JobId),
    /// One host.
    Host(HostId),
    /// What is kept of the host with this key.
    Kept(Key),
    /// Hosts, the oldest first.
    Hosts {
        /// Only those newer than this one.
        after: Option<HostId>,
        /// At most so many.
        limit: usize,
    },
    /// Rows of the ledger, the oldest first.
    Ledger {
        /// All but the first so many.
        skip: u64,
        /// At most so many.
        limit: usize,
    },
    /// The proof that a host contradicted itself.
    Evidence(HostId),
    /// One sentence on why something does not move.
    Why(Subject),
}

/// What one may wonder about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Why a job has not ended.
    Job(JobId),
    /// Why a unit has no host.
    Unit(UnitId),
    /// Why a host has no work.
    Host(HostId),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is no such thing, or a limit is too large.
    Refused(Refusal),
    /// To `Job`.
    Job(Box<Job>),
    /// To `Jobs`.
    Jobs(Vec<Job>),
    /// To `Unit`; `None` for a unit of the job that was never given to a host.
    Unit(Option<Box<WorkUnit>>),
    /// To `Outputs`.
    Outputs(OutputsPage),
    /// To `Receipt`.
    Receipt(Box<Receipt>),
    /// To `Host`.
    Host(Box<Host>),
    /// To `Kept`.
    Kept(Box<Kept>),
    /// To `Hosts`.
    Hosts(Vec<Host>),
    /// To `Ledger`.
    Ledger(Vec<LedgerRow>),
    /// To `Evidence`; `None` of a host that never contradicted itself.
    Evidence(Option<Box<Equivocation>>),
    /// To `Why`.
    Why(String),
}

/// Some of a job's outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputsPage {
    /// Units that have a canonical replica, each with what that wrote.
    pub units: Vec<(UnitId, Vec<Output>)>,
    /// Where the next page begins; `None` if this is the last.
    pub next: Option<u32>,
}

/// Reads what is asked for.
///
/// # Errors
/// If the store fails.
pub fn ask(store: &dyn Store, query: &Query, now: Timestamp) -> Result<Answer, StoreError> {
    if let Some(refusal) = too_long(query) {
        return Ok(Answer::Refused(refusal));
    }
    Ok(match query {
        Query::Job(id) => job(store, *id)?.map_or_else(Answer::Refused, Answer::Job),
        Query::Jobs { submitter, before, limit } => {
            Answer::Jobs(store.jobs(submitter.as_ref(), *before, *limit)?)
        }
        Query::Unit(id) => unit(store, *id)?,
        Query::Outputs { job: id, from, limit } => match job(store, *id)? {
            Ok(_) => Answer::Outputs(outputs(store, *id, *from, *limit)?),
            Err(refusal) => Answer::Refused(refusal),
        },
        Query::Receipt(id) => match job(store, *id)? {
            Ok(job) => Answer::Receipt(Box::new(receipt::write(store, *job)?)),
            Err(refusal) => Answer::Refused(refusal),
        },
        Query::Host(id) => {
            let host = store.host(*id)?.map(Box::new);
            host.map_or(Answer::Refused(Refusal::UnknownHost(*id)), Answer::Host)
        }
        Query::Kept(key) => kept::read(store, key)?.map_or_else(Answer::Refused, Answer::Kept),
        Query::Hosts { after, limit } => Answer::Hosts(store.hosts(*after, *limit)?),
        Query::Ledger { skip, limit } => Answer::Ledger(store.ledger(*skip, *limit)?),
        Query::Evidence(id) => match store.host(*id)? {
            Some(_) => Answer::Evidence(store.evidence(*id)?.map(Box::new)),
            None => Answer::Refused(Refusal::UnknownHost(*id)),
        },
        Query::Why(subject) => {
            why::explain(store, *subject, now)?.map_or_else(Answer::Refused, Answer::Why)
        }
    })
}

/// What was found, or why there is nothing to be found.
type Found<T> = Result<Result<T, Refusal>, StoreError>;

fn job(store: &dyn Store, id: JobId) -> Found<Box<Job>> {
    Ok(store.job(id)?.map(Box::new).ok_or(Refusal::UnknownJob(id)))
}

fn unit(store: &dyn Store, id: UnitId) -> Result<Answer, StoreError> {
    let job = match job(store, id.job)? {
        Ok(job) => job,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    if id.index >= job.units_total {
        let units_total = job.units_total;
        return Ok(Answer::Refused(Refusal::UnknownUnit { unit: id, units_total }));
    }
    Ok(Answer::Unit(store.unit(id)?.map(Box::new)))
}

fn outputs(
    store: &dyn Store,
    job: JobId,
    from: u32,
    limit: usize,
) -> Result<OutputsPage, StoreError> {
    let rows = store.units(job, from, limit)?;
    let last = rows.last().filter(|_| rows.len() == limit);
    let next = last.and_then(|unit| unit.id.index.checked_add(1));
    let canonical = |unit: &WorkUnit| Some((unit.id, unit.canonical()?.outputs().to_vec()));
    Ok(OutputsPage { units: rows.iter().filter_map(canonical).collect(), next })
}

fn too_long(query: &Query) -> Option<Refusal> {
    let limit = match query {
        Query::Jobs { limit, .. }
        | Query::Outputs { limit, .. }
        | Query::Hosts { limit, .. }
        | Query::Ledger { limit, .. } => *limit,
        Query::Job(_)
        | Query::Unit(_)
        | Query::Receipt(_)
        | Query::Host(_)
        | Query::Kept(_)
        | Query::Evidence(_)
        | Query::Why(_) => {
            return None;
        }
    };
    let (value, max) = (limit as u64, PAGE_MAX as u64);
    let is_within = (1..=PAGE_MAX).contains(&limit);
    (!is_within).then_some(Refusal::OutOfBounds { field: "limit", value, min: 1, max })
}
