//! What must hold of the account of audits: it is what the units say.

use std::collections::BTreeMap;

use super::{Violation, ensure};
use crate::id::{HostId, JobId};
use crate::job::{Job, JobState};
use crate::limits::PAGE_MAX;
use crate::part::Part;
use crate::store::Store;
use crate::trust::Plan;
use crate::work_unit::WorkUnit;

/// Every part of every job with a confidence counts the units that rest on its host's word, and the job
/// those parts; and a finished job owes no audits.
pub(super) fn check(
    store: &dyn Store,
    units: &[WorkUnit],
    jobs: &BTreeMap<JobId, Job>,
) -> Result<(), Violation> {
    for (id, job) in jobs {
        let Some(confidence) = &job.policy.confidence else { continue };
        let mut found: BTreeMap<HostId, Part> = BTreeMap::new();
        for unit in units.iter().filter(|unit| unit.id.job == *id) {
            let Some(host) = unit.believed() else { continue };
            let part = found.entry(host).or_insert_with(|| Part::new(*id, host));
            *part = part.with(unit.test);
        }
        let parts = store.parts(*id, HostId(0), PAGE_MAX)?;
        let kept: Vec<Part> = parts.into_iter().filter(|part| part.believed > 0).collect();
        let found: Vec<Part> = found.into_values().collect();
        ensure(kept == found, format_args!("job {id}: parts {kept:?}, by its units {found:?}"))?;
        let parts = format_args!("job {id}: counts {} parts of {}", job.parts, found.len());
        ensure(job.parts as usize == found.len(), parts)?;
        let plan = Plan::new(confidence);
        let owes = |part: &Part| plan.audits_owed(part) > 0;
        let is_settled = job.state != JobState::Finished || !found.iter().any(owes);
        ensure(is_settled, format_args!("job {id} has finished and owes audits"))?;
    }
    Ok(())
}
