//! What a worker shows of one project.

use std::iter::Sum;

use serde::{Deserialize, Serialize};

use super::{Coordinator, Credit};

/// One project that this machine computes for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectShown {
    /// What the settings call it, or where its coordinator is.
    pub name: String,
    /// What it gets of the machine, beside the others' shares.
    pub share: u32,
    /// Its coordinator.
    pub coordinator: Coordinator,
    /// Slots that compute for it now.
    pub slots: usize,
    /// Its units here that were not computed to their end.
    pub units: usize,
    /// CPU time of its programs that have ended since the start.
    pub computed_ms: u64,
    /// What was earned there.
    pub credit: Credit,
}

impl Sum for Credit {
    /// Nothing is known of all until something is known of one.
    fn sum<I: Iterator<Item = Self>>(credits: I) -> Self {
        credits.fold(Self::default(), |sum, credit| Self {
            total_micro: match (sum.total_micro, credit.total_micro) {
                (Some(sum), Some(more)) => Some(sum.saturating_add(more)),
                (known, None) | (None, known) => known,
            },
            since_start_micro: sum.since_start_micro.saturating_add(credit.since_start_micro),
        })
    }
}
