//! A host asks for work, and gets replicas of different units.
//!
//! Jobs are served by priority and then in turn. What a host gets of each, `search.rs` says.

use std::collections::BTreeSet;

use super::advance::advance;
use super::check;
use super::context::{Context, Decision};
use super::fresh;
use super::question;
use super::rows::Rows;
use super::search::{Choice, Role, Search};
use crate::command::Request;
use crate::host::Host;
use crate::id::{HostId, JobId, ReplicaId, UnitId};
use crate::lease::Lease;
use crate::limits::{JOBS_OPEN_MAX, LEASES_PER_HOST_MAX};
use crate::refusal::Refusal;
use crate::replica::{Replica, ReplicaState};
use crate::reply::{Idle, LeaseGrant, Leased, Reply};
use crate::schedule;
use crate::store::{Store, StoreError};
use crate::time::{Span, Timestamp};
use crate::work_unit::{Test, WorkUnit};

/// How stale `seen_at` may become: an idle host that asks often is not worth a write each time.
const SEEN_MS: Span = Span::minutes(1);

pub(super) struct Loaded {
    rows: Rows,
    /// Units about which the host is called for a question.
    questions: Vec<UnitId>,
    /// What may be leased, best first.
    choices: Vec<Choice>,
    /// Why there is nothing, if there is nothing.
    idle: Idle,
}

pub(super) fn load(
    store: &dyn Store,
    request: &Request,
    cx: &mut Context<'_>,
) -> Result<Loaded, StoreError> {
    let mut rows = Rows::default();
    rows.find_host(store, request.host)?;
    let nothing = |rows, idle| Loaded { rows, questions: Vec::new(), choices: Vec::new(), idle };
    if may_ask(&rows, *request, cx.now).is_err() {
        return Ok(nothing(rows, Idle::NoJobs));
    }
    // Where it asks from counts, not where it said hello.
    let host = Host { block: request.block, ..rows.host(request.host).clone() };
    let held = host.leases.len();
    let wanted = usize::from(request.count).min(LEASES_PER_HOST_MAX.saturating_sub(held));
    if wanted == 0 {
        return Ok(nothing(rows, Idle::LeasesFull { held }));
    }
    // Others wait for what it was called for, and will not wait long.
    let questions = store.disputes_calling(host.id, wanted)?;
    questions.iter().try_for_each(|unit| rows.find_unit_and_hosts(store, *unit))?;
    let wanted = wanted - questions.len();
    let mut jobs = schedule::order(store.jobs_open(JOBS_OPEN_MAX)?, *cx.served_last);
    let mut search = Search::new(store, rows, (host, request.outlook), wanted, jobs.len())?;
    // Whoever was drawn may have been called for this one lease.
    jobs.sort_by_key(|job| !search.has_turn_in(job.id));
    for job in jobs {
        if search.wanted == 0 {
            break;
        }
        search.choose_from(job, cx)?;
    }
    let idle = search.idle();
    Ok(Loaded { rows: search.rows, questions, choices: search.choices, idle })
}

pub(super) fn decide(loaded: Loaded, request: Request, cx: &mut Context<'_>) -> Decision {
    let Loaded { mut rows, questions, choices, idle } = loaded;
    if let Err(refusal) = may_ask(&rows, request, cx.now) {
        return Decision::refuse(refusal);
    }
    if rows.host(request.host).block != request.block {
        rows.host_mut(request.host).block = request.block;
    }
    let mut leased = Leased::default();
    for unit in questions {
        let grant = question::lease(&mut rows, unit, request.host, cx);
        name(&mut leased, unit.job, &rows, grant);
    }
    for choice in choices {
        let (job, units, role) = match choice {
            Choice::Started(unit, role) => (unit.job, vec![unit], role),
            Choice::Fresh(job, fresh, role) => (job, fresh::begin(&mut rows, job, &fresh), role),
        };
        *cx.served_last = Some(job);
        note_files(&rows, &units, (request.host, role), cx);
        let grants = units.into_iter().map(|unit| lease(&mut rows, unit, request, role, cx));
        let grants: Vec<LeaseGrant> = grants.collect();
        name(&mut leased, job, &rows, grants);
    }
    leased.idle = leased.leases.is_empty().then_some(idle);
    let is_stale = cx.now.since(rows.host(request.host).seen_at) >= SEEN_MS;
    if is_stale || leased.idle.is_none() {
        rows.host_mut(request.host).seen_at = cx.now;
    }
    Decision { reply: Reply::Leased(leased), writes: rows.into_writes() }
}

/// Remembers which files the host gets with these units of a job.
fn note_files(rows: &Rows, units: &[UnitId], (host, role): (HostId, Role), cx: &mut Context<'_>) {
    for unit in units {
        if let Some(axis) = fresh::axis(rows.job(unit.job), role) {
            cx.locality.note(host, unit.job, axis.file_of(unit.index));
        }
    }
}

/// Adds leases of a job to what is answered, with its manifest.
pub(super) fn name(
    leased: &mut Leased,
    job: JobId,
    rows: &Rows,
    grants: impl IntoIterator<Item = LeaseGrant>,
) {
    leased.leases.extend(grants);
    let manifest = (job, rows.job(job).manifest);
    if !leased.manifests.contains(&manifest) {
        leased.manifests.push(manifest);
    }
}

fn may_ask(rows: &Rows, request: Request, now: Timestamp) -> Result<(), Refusal> {
    let host = rows.find(request.host).ok_or(Refusal::UnknownHost(request.host))?;
    check::active(host, now)?;
    check::batch("count", request.count.into())
}

/// Leases a replica of the unit, going on from a checkpoint if somebody left one.
pub(super) fn lease(
    rows: &mut Rows,
    id: UnitId,
    request: Request,
    role: Role,
    cx: &mut Context<'_>,
) -> LeaseGrant {
    let host = rows.host(request.host).clone();
    let spoilt = rows.spoilt_chains(id);
    let has_confidence = rows.job(id.job).policy.confidence.is_some();
    let unit = rows.unit_mut(id);
    let mut replica = Replica { is_voice: role.is_voice(), ..begun(unit, &host, cx) };
    if !has_confidence {
        resume(unit, &mut replica, &spoilt);
    }
    if role == Role::Founder && unit.test == Test::None {
        unit.test = Test::Vote;
    }
    if replica.is_voice {
        unit.turn = None;
    }
    let grant = id.replica(replica.number);
    let resume_from = replica.resumed_from.as_deref().copied();
    unit.replicas.push(replica);

    let job = rows.job_mut(id.job);
    job.tally.leased = job.tally.leased.saturating_add(1);
    job.tally.compared = job.tally.compared.saturating_add(u32::from(!role.is_voice()));
    let lease = Lease::new(grant, &job.policy, cx.now);
    cx.effects.due(lease.deadline_at);
    rows.host_mut(request.host).hold(lease);
    if role.is_voice() {
        advance(rows, grant, cx);
    }
    let Lease { deadline_at, hard_deadline_at, .. } = lease;
    LeaseGrant { replica: grant, deadline_at, hard_deadline_at, resume_from, replay: None }
}

/// A replica that starts from nothing.
fn begun(unit: &WorkUnit, host: &Host, cx: &Context<'_>) -> Replica {
    let ReplicaId { number, .. } = unit.next_replica_id();
    Replica {
        number,
        host: host.id,
        volunteer: host.volunteer,
        block: host.block,
        life: host.standing.life,
        is_voice: true,
        chain: number,
        lineage: Vec::new(),
        leased_at: cx.now,
        resumed_from: None,
        checkpoint: None,
        sealed: None,
        is_paid: false,
        signed: None,
        state: ReplicaState::Leased,
    }
}

/// Goes on from a checkpoint that somebody left. Not where a single host is believed: whoever lied in
/// a checkpoint would let others answer for it.
fn resume(unit: &WorkUnit, replica: &mut Replica, spoilt: &BTreeSet<u16>) {
    if let Some((previous, checkpoint)) = unit.resumable(spoilt) {
        replica.chain = previous.chain;
        replica.lineage.clone_from(&previous.lineage);
        replica.lineage.push(previous.volunteer);
        let boxed = || Some(Box::new(checkpoint));
        (replica.resumed_from, replica.checkpoint) = (boxed(), boxed());
    }
}
