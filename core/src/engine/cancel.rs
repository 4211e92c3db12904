//! A scientist takes a job back. Units that nobody ever had are cancelled at once; `Expire` takes
//! the others back, a bounded number at a time.

use super::advance::end_job_if_last;
use super::context::{Context, Decision};
use super::rows::Rows;
use crate::command::Cancel;
use crate::job::JobState;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::store::{Store, StoreError};

pub(super) struct Loaded {
    rows: Rows,
    is_known: bool,
}

pub(super) fn load(store: &dyn Store, cancel: &Cancel) -> Result<Loaded, StoreError> {
    let mut rows = Rows::default();
    let job = store.job(cancel.job)?;
    let is_known = job.map(|job| rows.add_job(job)).is_some();
    Ok(Loaded { rows, is_known })
}

pub(super) fn decide(loaded: Loaded, cancel: Cancel, cx: &mut Context<'_>) -> Decision {
    let Loaded { mut rows, is_known } = loaded;
    if !is_known {
        return Decision::refuse(Refusal::UnknownJob(cancel.job));
    }
    let job = rows.job(cancel.job);
    if job.submitter != cancel.by {
        return Decision::refuse(Refusal::NotSubmitter(cancel.job));
    }
    let is_new = match job.state {
        JobState::Open | JobState::Settling(_) => true,
        JobState::Cancelling { .. } | JobState::Cancelled | JobState::Finished => false,
    };
    if is_new {
        let job = rows.job_mut(cancel.job);
        job.state = JobState::Cancelling { next: 0 };
        job.counts.cancelled += job.counts.waiting;
        job.counts.waiting = 0;
        cx.effects.due(cx.now);
        end_job_if_last(&mut rows, cancel.job, cx);
    }
    Decision { reply: Reply::Cancelling { is_new }, writes: rows.into_writes() }
}
