//! A scientist hands in a job. It costs one row, however many units the job has.

use super::context::{Context, Decision};
use crate::account::Account;
use crate::command::Submit;
use crate::id::JobId;
use crate::job::{Counts, Job, JobState, Tally};
use crate::limits::JOBS_OPEN_MAX;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::store::{LastIds, Store, StoreError, Write};

pub(super) struct Loaded {
    account: Option<Account>,
    existing: Option<Job>,
    open: usize,
    last: LastIds,
}

pub(super) fn load(store: &dyn Store, submit: &Submit) -> Result<Loaded, StoreError> {
    let open = store.jobs_open(JOBS_OPEN_MAX)?.len();
    Ok(Loaded {
        account: store.account(&submit.submitter)?,
        existing: store.job_by_manifest(&submit.digest)?,
        open: open + store.jobs_cancelling(JOBS_OPEN_MAX)?.len(),
        last: store.last_ids()?,
    })
}

pub(super) fn decide(loaded: &Loaded, submit: &Submit, cx: &mut Context<'_>) -> Decision {
    if loaded.account.is_none() {
        return Decision::refuse(Refusal::NotAdmitted(submit.submitter));
    }
    if let Some(job) = &loaded.existing {
        let reply = Reply::Submitted { job: job.id, is_new: false };
        return Decision { reply, writes: Vec::new() };
    }
    if loaded.open >= JOBS_OPEN_MAX {
        return Decision::refuse(Refusal::TooManyJobs { max: JOBS_OPEN_MAX });
    }
    let job = new_job(JobId(loaded.last.job + 1), submit, cx);
    let replicas = job.units_total.saturating_mul(job.policy.quorum.into());
    cx.effects.changed(job.id);
    cx.effects.work_ready(job.id, replicas);
    let reply = Reply::Submitted { job: job.id, is_new: true };
    Decision { reply, writes: vec![Write::PutJob(job)] }
}

fn new_job(id: JobId, submit: &Submit, cx: &Context<'_>) -> Job {
    let draft = submit.manifest.draft();
    let units_total = submit.manifest.units_total();
    Job {
        id,
        manifest: submit.digest,
        submitter: submit.submitter,
        signature: submit.signature,
        name: draft.name.clone(),
        units_total,
        requirement: submit.manifest.requirement(),
        policy: draft.policy,
        state: JobState::Open,
        counts: Counts { waiting: units_total, ..Counts::default() },
        tally: Tally::default(),
        submitted_at: cx.now,
        ended_at: None,
    }
}
