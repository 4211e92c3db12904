//! How sure a job's results are, and on whose word.

use std::fmt;

use crate::id::JobId;
use crate::job::{Counts, Tally};
use crate::store::Voucher;

/// How sure a job's results are, and on whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The job.
    pub job: JobId,
    /// Its name.
    pub name: String,
    /// Replicas of different volunteers that had to agree.
    pub quorum: u8,
    /// Its units by state.
    pub counts: Counts,
    /// Its replicas by what became of them.
    pub tally: Tally,
    /// The hosts whose valid replicas the results rest on, by host.
    pub vouchers: Vec<Voucher>,
    /// How many different volunteers lend these hosts.
    pub volunteers: usize,
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}", self.job)
    }
}
