//! A host asks for work, and gets replicas of different units.
//!
//! Jobs are served by priority and then in turn; in each, units that others began come first, then
//! units that nobody ever had. A volunteer never gets a unit that they had before in any role.

use std::collections::BTreeSet;

use super::advance::advance;
use super::check;
use super::context::{Context, Decision};
use super::rows::Rows;
use crate::command::Request;
use crate::id::{HostId, JobId, ReplicaId, UnitId, VolunteerId};
use crate::job::Job;
use crate::lease::Lease;
use crate::limits::{JOBS_OPEN_MAX, LEASES_PER_HOST_MAX};
use crate::refusal::Refusal;
use crate::replica::{Replica, ReplicaState};
use crate::reply::{Idle, LeaseGrant, Leased, Reply};
use crate::schedule;
use crate::store::{Store, StoreError};
use crate::time::{Span, Timestamp};
use crate::work_unit::WorkUnit;

/// Rows of a job that are looked at in vain, at most twice, before fresh units are given instead.
const LOOKED_AT_IN_VAIN_MAX: usize = 64;

/// The same of all jobs together: a volunteer who had a hand in every unit of a thousand jobs must
/// not hold up everybody else.
const LOOKED_AT_IN_VAIN_SUM_MAX: usize = 2_048;

/// How stale `seen_at` may become: an idle host that asks often is not worth a write each time.
const SEEN_MS: Span = Span::minutes(1);

pub(super) struct Loaded {
    rows: Rows,
    /// What may be leased, best first.
    choices: Vec<Choice>,
    /// Why there is nothing, if there is nothing.
    idle: Idle,
}

#[derive(Clone, Copy)]
enum Choice {
    /// A unit that others began.
    Started(UnitId),
    /// The next so many units that nobody ever had.
    Fresh(JobId, usize),
}

pub(super) fn load(
    store: &dyn Store,
    request: &Request,
    cx: &mut Context<'_>,
) -> Result<Loaded, StoreError> {
    let mut rows = Rows::default();
    rows.find_host(store, request.host)?;
    if may_ask(&rows, *request).is_err() {
        return Ok(Loaded { rows, choices: Vec::new(), idle: Idle::NoJobs });
    }
    let host = rows.host(request.host);
    let held = host.leases.len();
    let wanted = usize::from(request.count).min(LEASES_PER_HOST_MAX.saturating_sub(held));
    if wanted == 0 {
        return Ok(Loaded { rows, choices: Vec::new(), idle: Idle::LeasesFull { held } });
    }
    let (volunteer, offered) = (host.volunteer, host.capabilities.clone());
    let jobs = schedule::order(store.jobs_open(JOBS_OPEN_MAX)?, *cx.served_last);
    let in_vain_max = LOOKED_AT_IN_VAIN_SUM_MAX / jobs.len().max(1);
    let in_vain_max = in_vain_max.clamp(1, LOOKED_AT_IN_VAIN_MAX);
    let mut search = Search {
        store,
        volunteer,
        wanted,
        in_vain_max,
        rows,
        choices: Vec::new(),
        has_unseen: false,
    };
    let mut idle = Idle::NoJobs;
    for job in jobs {
        match job.requirement.fits(&offered) {
            Ok(()) => {
                idle = Idle::NothingLeft;
                search.choose_from(job, cx)?;
            }
            Err(misfit) if idle == Idle::NoJobs => idle = Idle::NothingFits(misfit),
            Err(_) => {}
        }
        if search.wanted == 0 {
            break;
        }
    }
    if search.has_unseen {
        idle = Idle::NotAllSeen;
    }
    Ok(Loaded { rows: search.rows, choices: search.choices, idle })
}

pub(super) fn decide(loaded: Loaded, request: Request, cx: &mut Context<'_>) -> Decision {
    let Loaded { mut rows, choices, idle } = loaded;
    if let Err(refusal) = may_ask(&rows, request) {
        return Decision::refuse(refusal);
    }
    let mut leased = Leased::default();
    for choice in choices {
        let (job, units) = match choice {
            Choice::Started(unit) => (unit.job, vec![unit]),
            Choice::Fresh(job, count) => (job, begin(&mut rows, job, count)),
        };
        *cx.served_last = Some(job);
        let grants = units.into_iter().map(|unit| lease(&mut rows, unit, request, cx));
        leased.leases.extend(grants);
        let manifest = (job, rows.job(job).manifest);
        if !leased.manifests.contains(&manifest) {
            leased.manifests.push(manifest);
        }
    }
    leased.idle = leased.leases.is_empty().then_some(idle);
    let is_stale = cx.now.since(rows.host(request.host).seen_at) >= SEEN_MS;
    if is_stale || leased.idle.is_none() {
        rows.host_mut(request.host).seen_at = cx.now;
    }
    Decision { reply: Reply::Leased(leased), writes: rows.into_writes() }
}

/// The search for work of one request.
struct Search<'a> {
    store: &'a dyn Store,
    /// Who lends the host that asks.
    volunteer: VolunteerId,
    /// How many units are still to be found.
    wanted: usize,
    /// How many rows of a job may be looked at in vain before the search goes on elsewhere.
    in_vain_max: usize,
    rows: Rows,
    choices: Vec<Choice>,
    /// Whether units that nobody looked at may be of use.
    has_unseen: bool,
}

impl Search<'_> {
    /// Takes what it can from one job.
    fn choose_from(&mut self, job: Job, cx: &mut Context<'_>) -> Result<(), StoreError> {
        for unit in self.started(&job, cx)? {
            for host in unit.hosts() {
                self.rows.load_host(self.store, host)?;
            }
            self.choices.push(Choice::Started(unit.id));
            self.rows.add_unit(unit);
            self.wanted -= 1;
        }
        let fresh = self.wanted.min(job.counts.waiting as usize);
        if fresh > 0 {
            self.choices.push(Choice::Fresh(job.id, fresh));
            self.wanted -= fresh;
        }
        self.rows.add_job(job);
        Ok(())
    }

    /// Units of the job that others began and this volunteer may take up: the first ones, and if
    /// those are not enough, some from elsewhere.
    fn started(&mut self, job: &Job, cx: &mut Context<'_>) -> Result<Vec<WorkUnit>, StoreError> {
        let (mut found, next) = self.look(job, 0, cx.now)?;
        if let Some(next) = next
            && found.len() < self.wanted
        {
            self.has_unseen = true;
            let begun = job.fresh_next().unwrap_or(job.units_total);
            let from = schedule::somewhere(next, begun, cx.rng);
            found.extend(self.look(job, from, cx.now)?.0);
        }
        found.truncate(self.wanted);
        Ok(found)
    }

    /// Units from `from` on that this volunteer may take up, and where those begin that were not
    /// looked at: a few are looked at first, and many only if one of these was of use.
    fn look(&self, job: &Job, from: u32, now: Timestamp) -> Result<Page, StoreError> {
        let (mut found, mut next) = self.page(job, from, self.in_vain_max, now)?;
        if let Some(from) = next
            && (1..self.wanted).contains(&found.len())
        {
            let limit = self.wanted - found.len() + self.in_vain_max;
            let (more, after) = self.page(job, from, limit, now)?;
            found.extend(more);
            next = after;
        }
        Ok((found, next))
    }

    fn page(&self, job: &Job, from: u32, limit: usize, now: Timestamp) -> Result<Page, StoreError> {
        let mut units = self.store.units_ready(job.id, now, from, limit)?;
        let last = units.last().filter(|_| units.len() == limit);
        let next = last.map(|unit| unit.id.index.saturating_add(1));
        units.retain(|unit| !unit.knows(self.volunteer));
        Ok((units, next))
    }
}

/// Units, and where the next ones begin if there may be more.
type Page = (Vec<WorkUnit>, Option<u32>);

fn may_ask(rows: &Rows, request: Request) -> Result<(), Refusal> {
    let host = rows.find(request.host).ok_or(Refusal::UnknownHost(request.host))?;
    if !host.is_active() {
        let invalid = host.counters.invalid;
        return Err(Refusal::HostSuspended { host: host.id, invalid });
    }
    check::batch("count", request.count.into())
}

/// Makes rows for the next `count` units that nobody ever had.
fn begin(rows: &mut Rows, job: JobId, count: usize) -> Vec<UnitId> {
    let mut begun = Vec::with_capacity(count);
    while begun.len() < count {
        let Some(index) = rows.job(job).fresh_next() else { break };
        let counts = &mut rows.job_mut(job).counts;
        counts.waiting -= 1;
        counts.open += 1;
        rows.new_unit(WorkUnit::new(job.unit(index)));
        begun.push(job.unit(index));
    }
    begun
}

/// Leases a replica of the unit, going on from a checkpoint if somebody left one.
fn lease(rows: &mut Rows, id: UnitId, request: Request, cx: &mut Context<'_>) -> LeaseGrant {
    let volunteer = rows.host(request.host).volunteer;
    let spoilt = rows.spoilt_chains(id);
    let replica = next_replica(rows.unit_mut(id), &spoilt, request.host, volunteer, cx);
    let grant = id.replica(replica.number);
    let resume_from = replica.resumed_from;
    rows.unit_mut(id).replicas.push(replica);

    let job = rows.job_mut(id.job);
    job.tally.leased = job.tally.leased.saturating_add(1);
    let lease = Lease::new(grant, &job.policy, cx.now);
    cx.effects.due(lease.deadline_at);
    rows.host_mut(request.host).hold(lease);
    advance(rows, grant, cx);
    let Lease { deadline_at, hard_deadline_at, .. } = lease;
    LeaseGrant { replica: grant, deadline_at, hard_deadline_at, resume_from, replay: None }
}

fn next_replica(
    unit: &WorkUnit,
    spoilt: &BTreeSet<u16>,
    host: HostId,
    volunteer: VolunteerId,
    cx: &Context<'_>,
) -> Replica {
    let ReplicaId { number, .. } = unit.next_replica_id();
    let (chain, lineage, resumed_from) = match unit.resumable(spoilt) {
        None => (number, Vec::new(), None),
        Some((previous, checkpoint)) => {
            let mut lineage = previous.lineage.clone();
            lineage.push(previous.volunteer);
            (previous.chain, lineage, Some(checkpoint))
        }
    };
    Replica {
        number,
        host,
        volunteer,
        chain,
        lineage,
        leased_at: cx.now,
        resumed_from,
        checkpoint: resumed_from,
        is_paid: false,
        signed: None,
        state: ReplicaState::Leased,
    }
}
