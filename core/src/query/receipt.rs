//! How sure a job's results are, and on whose word.

use std::collections::BTreeSet;
use std::fmt;

use super::Disputes;
use super::words::{counted, hosts, units};
use crate::id::{HostId, JobId, VolunteerId};
use crate::job::{Counts, Job, Tally};
use crate::limits::{ISAS_MAX, PAGE_MAX, VOUCHERS_MAX};
use crate::store::{Store, StoreError, Voucher};
use crate::trust::{Confidence, Reached};

/// How sure a job's results are, and on whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The job.
    pub job: JobId,
    /// Its name.
    pub name: String,
    /// Replicas of different volunteers that had to agree; of no meaning if there is a `reached`.
    pub quorum: u8,
    /// How sure it is, of a job that asked for a confidence.
    pub reached: Option<Reached>,
    /// Its units by state.
    pub counts: Counts,
    /// Its replicas by what became of them.
    pub tally: Tally,
    /// What disputes about its units came to.
    pub disputes: Disputes,
    /// The hosts whose valid replicas the results rest on, by host, at most [`VOUCHERS_MAX`]. Those
    /// that were suspended are not among them: nothing rests on their word.
    pub vouchers: Vec<Voucher>,
    /// How many different volunteers lend these hosts.
    pub volunteers: usize,
    /// Instruction sets of these hosts, as they name them now, at most [`ISAS_MAX`]. Two say that
    /// results do not rest on one kind of processor.
    pub isas: BTreeSet<String>,
}

impl Receipt {
    /// Copies per begun unit, in hundredths; 0 if none was begun.
    #[must_use]
    pub fn copies_per_hundred_units(&self) -> u64 {
        let begun = self.counts.total().saturating_sub(self.counts.waiting);
        (u64::from(self.tally.leased) * 100).checked_div(u64::from(begun)).unwrap_or(0)
    }
}

impl fmt::Display for Receipt {
    /// In one line, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { done, failed, cancelled, .. } = self.counts;
        let total = units(self.counts.total());
        write!(f, "job {} ({}): {done} of {total} done", self.job, self.name)?;
        if failed + cancelled > 0 {
            write!(f, ", {failed} failed, {cancelled} cancelled")?;
        }
        match (self.reached, self.quorum) {
            (Some(reached), _) => write!(f, "; {reached}")?,
            (None, 1) => f.write_str("; one answer sufficed, nobody checked it")?,
            (None, n) => write!(f, "; each on equal answers of {n} different volunteers")?,
        }
        let copies = self.copies_per_hundred_units();
        write!(f, "; {}.{:02} copies a unit", copies / 100, copies % 100)?;
        let Tally { valid, invalid, .. } = self.tally;
        write!(f, ", {valid} valid, {invalid} invalid")?;
        if self.tally.reopened > 0 {
            let reopened = units(self.tally.reopened);
            write!(f, "; {reopened} computed again, since a host they rested on was suspended")?;
        }
        if self.disputes.settled > 0 {
            write!(f, "; {}", self.disputes)?;
        }
        let hosts = hosts(self.vouchers.len());
        let volunteers = counted(self.volunteers, "volunteer");
        write!(f, "; vouched for by {hosts} of {volunteers}")?;
        let isas: Vec<&str> = self.isas.iter().map(String::as_str).collect();
        if isas.is_empty() { Ok(()) } else { write!(f, ", on {}", isas.join(" and ")) }
    }
}

/// Writes the receipt of a job.
pub(super) fn write(store: &dyn Store, job: Job) -> Result<Receipt, StoreError> {
    let (mut vouchers, mut isas) = (Vec::new(), BTreeSet::new());
    for voucher in store.vouchers(job.id, VOUCHERS_MAX)? {
        let Some(host) = store.host(voucher.host)?.filter(|host| !host.is_suspended()) else {
            continue;
        };
        vouchers.push(voucher);
        if isas.len() < ISAS_MAX {
            isas.insert(host.capabilities.isa.clone());
        }
    }
    let volunteers: BTreeSet<VolunteerId> = vouchers.iter().map(|v| v.volunteer).collect();
    Ok(Receipt {
        job: job.id,
        name: job.name,
        quorum: job.policy.quorum,
        reached: job.policy.confidence.map(|it| reached(store, job.id, it)).transpose()?,
        disputes: Disputes::of(store, job.id)?,
        counts: job.counts,
        tally: job.tally,
        volunteers: volunteers.len(),
        vouchers,
        isas,
    })
}

/// What the audits of a job reached, over all its parts.
fn reached(store: &dyn Store, job: JobId, confidence: Confidence) -> Result<Reached, StoreError> {
    let (mut reached, mut after) = (Reached::nothing(confidence), HostId(0));
    loop {
        let parts = store.parts(job, after, PAGE_MAX)?;
        reached = parts.iter().fold(reached, Reached::and);
        match parts.last() {
            Some(last) if parts.len() == PAGE_MAX => after = last.host,
            Some(_) | None => return Ok(reached),
        }
    }
}
