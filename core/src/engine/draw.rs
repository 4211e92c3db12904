//! Who checks an answer is drawn by lot, so that nobody can choose whom they audit: not by asking
//! more often, nor by fetching in bursts, nor by giving leases back.
//!
//! Hosts are drawn by the share of the job that they did, because the bound of `trust/TRUST.md` is
//! about shares of the work. Whoever is drawn has some time to come; then the lot falls again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::advance::advance;
use super::context::Context;
use super::rows::Rows;
use crate::backoff::{self, below};
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId};
use crate::job::{Job, JobState};
use crate::limits::{DRAW_BATCH, LEASES_PER_HOST_MAX};
use crate::replica::Replica;
use crate::store::{Store, StoreError};
use crate::time::{Span, Timestamp};
use crate::transition;
use crate::trust::Plan;
use crate::work_unit::{Test, Turn, WorkUnit};

/// Hosts among which one is drawn: so many by the work that they did, and as many by nothing.
const CANDIDATES: usize = 16;

/// A host that was not heard of for so long, or for two leases, is not drawn.
const SILENCE_MAX: Span = Span::hours(1);

/// A host of standing that was not heard of for so long is none.
pub(super) const STANDING_SEEN: Span = Span::hours(7 * 24);

/// Units for which a host is to be drawn.
#[derive(Default)]
pub(super) struct Draws {
    units: Vec<UnitId>,
    candidates: BTreeMap<JobId, Candidates>,
}

/// Hosts of which one may be drawn for a unit of a job.
#[derive(Default)]
pub(super) struct Candidates {
    /// A host as often as it was met among those who answered.
    pub(super) by_work: Vec<HostId>,
    /// Hosts from anywhere.
    pub(super) others: Vec<HostId>,
    /// Hardly anybody has standing, so nobody is believed alone.
    is_founding: bool,
}

/// Reads some units whose lot is to fall now, and candidates for each of their jobs.
pub(super) fn load(
    store: &dyn Store,
    rows: &mut Rows,
    cx: &mut Context<'_>,
) -> Result<Draws, StoreError> {
    let units = store.units_to_draw(cx.now, DRAW_BATCH)?;
    let mut draws = Draws { units, ..Draws::default() };
    for unit in &draws.units {
        rows.find_unit_and_hosts(store, *unit)?;
        if let Entry::Vacant(vacant) = draws.candidates.entry(unit.job) {
            vacant.insert(candidates(store, rows, unit.job, cx)?);
        }
    }
    Ok(draws)
}

/// Reads candidates for units of a job, by chance.
pub(super) fn candidates(
    store: &dyn Store,
    rows: &mut Rows,
    job: JobId,
    cx: &mut Context<'_>,
) -> Result<Candidates, StoreError> {
    let mut found =
        Candidates { is_founding: is_founding(store, rows.job(job), cx)?, ..Candidates::default() };
    let units_total = rows.job(job).units_total;
    for _ in 0..CANDIDATES {
        let from = u32::try_from(below(units_total.into(), cx.rng)).unwrap_or(0);
        let unit = store.units(job, from, 1)?.pop();
        let host = unit.and_then(|unit| unit.voices().map(|replica| replica.host).next());
        found.by_work.extend(host);
    }
    let after = HostId(below(store.last_ids()?.host, cx.rng));
    let mut others = store.hosts(Some(after), CANDIDATES)?;
    if others.len() < CANDIDATES {
        others.extend(store.hosts(None, CANDIDATES - others.len())?);
    }
    for host in others {
        found.others.push(host.id);
        rows.add_host(host);
    }
    found.by_work.iter().try_for_each(|host| rows.load_host(store, *host))?;
    Ok(found)
}

/// Whether so few have standing that nobody is believed alone.
pub(super) fn is_founding(
    store: &dyn Store,
    job: &Job,
    cx: &Context<'_>,
) -> Result<bool, StoreError> {
    let Some(confidence) = &job.policy.confidence else { return Ok(false) };
    let plan = Plan::new(confidence);
    let founders = plan.founders() as usize;
    let seen_since = cx.now.minus(STANDING_SEEN);
    Ok(store.volunteers_of_standing(plan.probation, seen_since, founders)? < founders)
}

/// Lets the lots fall.
pub(super) fn draw(rows: &mut Rows, draws: &Draws, cx: &mut Context<'_>) {
    for id in &draws.units {
        // An earlier item of this batch may have moved it.
        let turn = rows.unit(*id).and_then(|unit| unit.turn);
        let Some(turn) = turn.filter(|turn| turn.draw_at <= cx.now) else { continue };
        // Nobody gets work of a job whose audits are still being drawn: whoever was drawn now would come
        // in vain. That takes a moment, and what is to be drawn stays so.
        if matches!(rows.job(id.job).state, JobState::Settling(_)) {
            continue;
        }
        match draws.candidates.get(&id.job) {
            Some(candidates) if candidates.is_founding => vote(rows, *id, cx),
            Some(candidates) => one(rows, *id, turn, candidates, cx),
            None => {}
        }
    }
}

/// Nobody can be believed now: the unit is for whoever asks, and its answer has to lead.
fn vote(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    let unit = rows.unit_mut(id);
    (unit.test, unit.turn) = (Test::Vote, None);
    let last = unit.next_replica_id().number.saturating_sub(1);
    advance(rows, id.replica(last), cx);
}

fn one(rows: &mut Rows, id: UnitId, turn: Turn, all: &Candidates, cx: &mut Context<'_>) {
    let spoilt = rows.spoilt_chains(id);
    let (unit, job) = rows.unit_in_job(id);
    let counts = |replica: &Replica| !spoilt.contains(&replica.chain);
    if transition::standing(unit, &job.policy, counts).is_some() {
        // Whoever kept the dispute up was caught meanwhile.
        let last = unit.next_replica_id().number.saturating_sub(1);
        return advance(rows, id.replica(last), cx);
    }
    let drawn =
        pick(rows, id, turn, &all.by_work, cx).or_else(|| pick(rows, id, turn, &all.others, cx));
    let draws = turn.draws.saturating_add(1);
    let wait = if let Some(host) = drawn {
        cx.effects.turn(host);
        rows.job(id.job).policy.lease_ms
    } else {
        backoff::pause(cx.settings.backoff_base, cx.settings.backoff_max, draws, cx.rng)
    };
    let draw_at = cx.now.plus(wait);
    cx.effects.due(draw_at);
    rows.unit_mut(id).turn = Some(Turn { host: drawn, draw_at, draws });
}

/// One of these who may check the unit, by chance; not the one who did not come.
fn pick(
    rows: &Rows,
    id: UnitId,
    turn: Turn,
    among: &[HostId],
    cx: &mut Context<'_>,
) -> Option<HostId> {
    let (unit, job) = (rows.unit(id)?, rows.job(id.job));
    let hosts = among.iter().map(|host| rows.host(*host));
    let hosts =
        hosts.filter(|host| may_check(host, unit, job, cx.now) && turn.host != Some(host.id));
    let able: Vec<HostId> = hosts.map(|host| host.id).collect();
    let at = below(able.len() as u64, cx.rng);
    able.get(usize::try_from(at).unwrap_or(0)).copied()
}

/// Whether the host was heard of so lately that it is likely to come when it is called.
pub(super) fn was_seen_lately(host: &Host, job: &Job, now: Timestamp) -> bool {
    let silence_max = SILENCE_MAX.0.max(job.policy.lease_ms.0.saturating_mul(2));
    now.since(host.seen_at).0 <= silence_max
}

/// Whether the host may check an answer to the unit.
pub(super) fn may_check(host: &Host, unit: &WorkUnit, job: &Job, now: Timestamp) -> bool {
    let probation =
        job.policy.confidence.as_ref().map_or(0, |confidence| Plan::new(confidence).probation);
    host.is_active()
        && host.has_standing(probation)
        && !unit.knows(host.volunteer)
        && was_seen_lately(host, job, now)
        && host.leases.len() < LEASES_PER_HOST_MAX
        && job.requirement.fits(&host.capabilities).is_ok()
}
