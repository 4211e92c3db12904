//! What disputes found.

use std::fmt;

use manyhands_core::dispute::Ended;
use manyhands_core::id::HostId;
use manyhands_core::limits::PAGE_MAX;
use manyhands_core::store::{Store as _, StoreError};
use manyhands_core::trust::bisect::Finding;

use super::{Report, Run};
use crate::workload::{Variant, said};

/// Disputes by what they found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disputes {
    /// All that ended.
    pub ended: u64,
    /// Parties that judges refuted.
    pub refuted: u64,
    /// Parties that contradicted themselves.
    pub contradicted: u64,
    /// Parties that said nothing.
    pub silent: u64,
    /// Of all these, how many had told the truth about the unit.
    pub wronged: u64,
    /// Disputes that found nothing, mostly because a party was caught elsewhere meanwhile.
    pub idle: u64,
    /// Moments about which the parties of one were asked, at most.
    pub rounds_max: u16,
    /// Judges who said what was found.
    pub judges: u64,
    /// Time that slots spent on them, in milliseconds.
    pub replayed_ms: u64,
}

impl Run<'_> {
    /// What disputes found, and what they took.
    pub(super) fn count_disputes(&self, report: &mut Report) -> Result<(), StoreError> {
        let found = &mut report.disputes;
        found.replayed_ms = self.tallies.iter().map(|tally| tally.replayed_ms).sum();
        let store = &self.coordinator.store;
        let mut after = None;
        loop {
            let page = store.disputes(after, PAGE_MAX)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.unit);
            for dispute in &page {
                let Some(unit) = store.unit(dispute.unit)? else { continue };
                let is_truth = |host: HostId| {
                    let own = unit.replicas.iter().find(|replica| replica.host == host);
                    own.and_then(said) == Some(Variant::TRUTH)
                };
                dispute.ended.iter().for_each(|ended| found.count(ended, is_truth));
            }
        }
    }
}

impl Disputes {
    fn count(&mut self, ended: &Ended, is_truth: impl Fn(HostId) -> bool) {
        self.ended += 1;
        self.idle += u64::from(ended.found_nothing());
        self.rounds_max = self.rounds_max.max(ended.rounds);
        self.judges += ended.judges.len() as u64;
        for (host, finding) in ended.hosts.iter().zip(ended.findings) {
            let count = match finding {
                Finding::Stands => continue,
                Finding::Silent => &mut self.silent,
                Finding::Contradicted => &mut self.contradicted,
                Finding::Refuted => &mut self.refuted,
            };
            *count += 1;
            self.wronged += u64::from(is_truth(*host));
        }
    }
}

impl fmt::Display for Disputes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ended, refuted, contradicted, silent, wronged, idle, .. } = self;
        let hours = self.replayed_ms as f64 / 3_600_000.0;
        write!(
            f,
            "{ended}: {refuted} refuted, {contradicted} contradicted, {silent} silent, {wronged} of \
             them right; {idle} found nothing; at most {} rounds, {} judges, {hours:.1} h of replays",
            self.rounds_max, self.judges
        )
    }
}
