//! The effects that a crash may have swallowed, derived again from what is stored.

use crate::dispute::Dispute;
use crate::effect::Effect;
use crate::limits::{BATCH_MAX, JOBS_OPEN_MAX, PAGE_MAX};
use crate::store::{Store, StoreError};

/// Units to assimilate, parties and judges that are called, and jobs to ask for work of. Lost aborts need nothing: a host that was not
/// told hears it at its next renewal.
pub(super) fn lost_effects(store: &dyn Store) -> Result<Vec<Effect>, StoreError> {
    let mut effects = Vec::new();
    let mut after = None;
    loop {
        let units = store.units_validated(after, BATCH_MAX)?;
        let Some(last) = units.last() else { break };
        after = Some(*last);
        effects.push(Effect::Assimilate { units });
    }
    // Whoever does not come loses by it, so they are called again.
    let mut after = None;
    loop {
        let disputes = store.disputes(after, PAGE_MAX)?;
        let Some(last) = disputes.last() else { break };
        after = Some(last.unit);
        let called = disputes.iter().flat_map(Dispute::called);
        effects.extend(called.map(|host| Effect::Turn { host }));
    }
    for job in store.jobs_open(JOBS_OPEN_MAX)? {
        let units = job.counts.waiting.saturating_add(job.counts.open);
        let count = units.saturating_mul(job.policy.quorum.into());
        effects.push(Effect::WorkReady { job: job.id, count });
    }
    Ok(effects)
}
