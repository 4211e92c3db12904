//! A scientist hands in a job. It costs one row, however many units the job has.

use rand_core::Rng;

use super::context::{Context, Decision};
use super::draw::STANDING_SEEN;
use crate::account::Account;
use crate::command::Submit;
use crate::id::JobId;
use crate::job::{Counts, Job, JobState, Tally};
use crate::limits::{JOBS_OPEN_MAX, PAGE_MAX};
use crate::order::Order;
use crate::party::Parties;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::store::{LastIds, Store, StoreError, Write};
use crate::time::Timestamp;
use crate::trust::Plan;

/// Pages of hosts that are looked through for enough volunteers.
const PAGES_MAX: usize = 10;

pub(super) struct Loaded {
    account: Option<Account>,
    existing: Option<Job>,
    open: usize,
    /// Whose hosts were seen lately; no more are counted than the job needs.
    parties: Parties,
    last: LastIds,
}

pub(super) fn load(
    store: &dyn Store,
    submit: &Submit,
    now: Timestamp,
) -> Result<Loaded, StoreError> {
    let open = store.jobs_open(JOBS_OPEN_MAX)?.len();
    let needed = needed(submit);
    Ok(Loaded {
        parties: if needed == 0 { Parties::default() } else { parties(store, needed, now)? },
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
    let (needed, present) = (needed(submit), loaded.parties.count());
    if present < needed {
        let volunteers = loaded.parties.volunteers();
        return Decision::refuse(Refusal::TooFewVolunteers { needed, present, volunteers });
    }
    let job = new_job(JobId(loaded.last.job + 1), submit, cx);
    let replicas = job.units_total.saturating_mul(job.policy.quorum.into());
    cx.effects.changed(job.id);
    cx.effects.work_ready(job.id, replicas);
    let reply = Reply::Submitted { job: job.id, is_new: true };
    Decision { reply, writes: vec![Write::PutJob(job)] }
}

/// How many volunteers must be here, so that the first answers can stand: with a quorum they may come
/// later, for whoever asks for it knows whom they wait for.
fn needed(submit: &Submit) -> usize {
    let confidence = submit.manifest.draft().policy.confidence;
    confidence.map_or(0, |confidence| Plan::new(&confidence).lead.into())
}

/// Whose hosts were seen lately; it is enough to find `limit` parties.
fn parties(store: &dyn Store, limit: usize, now: Timestamp) -> Result<Parties, StoreError> {
    let mut found = Parties::default();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let hosts = store.hosts(after, PAGE_MAX)?;
        after = hosts.last().map(|host| host.id);
        let seen = hosts.iter().filter(|host| now.since(host.seen_at) <= STANDING_SEEN);
        seen.filter(|host| host.is_active()).for_each(|host| found.add(host));
        if found.count() >= limit || after.is_none() {
            break;
        }
    }
    Ok(found)
}

fn new_job(id: JobId, submit: &Submit, cx: &mut Context<'_>) -> Job {
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
        order: Order(draft.policy.confidence.map(|_| cx.rng.next_u64())),
        file_axis: submit.manifest.file_axis(),
        begun_ahead: 0,
        parts: 0,
        state: JobState::Open,
        counts: Counts { waiting: units_total, ..Counts::default() },
        tally: Tally::default(),
        submitted_at: cx.now,
        ended_at: None,
    }
}
