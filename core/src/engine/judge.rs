//! Who judges a step is drawn by lot, like who checks an answer, and never among those who had the unit.
//! Beside that: what is due in disputes though nobody says anything.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::context::Context;
use super::draw::{self, Candidates};
use super::question::{call, lapse_calls, note_due};
use super::rows::Rows;
use super::ruling;
use crate::backoff::{self, below};
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId};
use crate::limits::{DRAW_BATCH, JUDGE_DRAWS_MAX, JUDGES_MAX};
use crate::store::{Store, StoreError};
use crate::trust::bisect::{Bisection, Moment, Next};
use crate::validate::Rule;

/// Disputes in which something is due.
#[derive(Default)]
pub(super) struct Due {
    units: Vec<UnitId>,
    /// Hosts that were suspended after they were called.
    gone: Vec<(HostId, UnitId)>,
    candidates: BTreeMap<JobId, Candidates>,
}

/// Reads some disputes in which something is due, and candidates for each of their jobs; and those that
/// wait in vain for one of these hosts.
pub(super) fn load(
    store: &dyn Store,
    rows: &mut Rows,
    hosts: &[HostId],
    cx: &mut Context<'_>,
) -> Result<Due, StoreError> {
    let units = store.disputes_due(cx.now, DRAW_BATCH)?;
    let mut due = Due { units, ..Due::default() };
    for unit in &due.units {
        rows.find_unit_and_hosts(store, *unit)?;
        if let Entry::Vacant(vacant) = due.candidates.entry(unit.job) {
            vacant.insert(draw::candidates(store, rows, unit.job, cx)?);
        }
    }
    let suspended: Vec<_> = hosts.iter().filter(|host| !rows.host(**host).is_active()).collect();
    for host in suspended {
        let units = store.disputes_calling(*host, DRAW_BATCH)?;
        due.gone.extend(units.into_iter().map(|unit| (*host, unit)));
    }
    due.gone.iter().try_for_each(|(_, unit)| rows.find_unit_and_hosts(store, *unit))?;
    Ok(due)
}

/// Does what is due.
pub(super) fn move_on(rows: &mut Rows, due: &Due, cx: &mut Context<'_>) {
    for (host, id) in &due.gone {
        lapse_calls(rows, *id, |question, _| question.host == *host, cx);
    }
    let now = cx.now;
    for id in &due.units {
        if rows.dispute(*id).and_then(|dispute| dispute.due_at()).is_none_or(|at| at > cx.now) {
            continue;
        }
        let until = rows.dispute(*id).and_then(|it| it.under_way.as_ref()).map(|it| it.until);
        if until.is_some_and(|until| until <= cx.now) {
            ruling::give_up(rows, *id, cx);
            continue;
        }
        lapse_calls(rows, *id, |_, until| until <= now, cx);
        if let Some(candidates) = due.candidates.get(&id.job) {
            draw(rows, *id, candidates, cx);
        }
        note_due(rows, *id, cx);
    }
}

/// Calls as many judges as are missing at least, if that is due.
fn draw(rows: &mut Rows, id: UnitId, candidates: &Candidates, cx: &mut Context<'_>) {
    let Rule::Trust(plan) = Rule::of(&rows.job(id.job).policy) else { return };
    let Some(under_way) = rows.dispute(id).and_then(|it| it.under_way.as_ref()) else { return };
    let is_due = under_way.draw_at.is_some_and(|at| at <= cx.now);
    match under_way.bisection.next() {
        Next::Judge { .. } if is_due => {}
        Next::Judge { .. } | Next::Ask { .. } => return,
    }
    let words: Vec<Moment> = under_way.words().into_iter().flatten().collect();
    let asked = under_way.questions.len();
    let awaited = under_way.questions.iter().filter(|question| question.is_awaited()).count();
    let missing = Bisection::judges_missing(&words, plan.lead).saturating_sub(awaited);
    if asked + missing > JUDGES_MAX {
        return ruling::give_up(rows, id, cx);
    }
    let drawn = (0..missing).filter(|_| {
        let host = pick(rows, id, &candidates.by_work, cx);
        let Some(host) = host.or_else(|| pick(rows, id, &candidates.others, cx)) else {
            return false;
        };
        let question = call(rows, id, host, cx);
        if let Some(under_way) = &mut rows.dispute_mut(id).under_way {
            under_way.questions.push(question);
        }
        true
    });
    let is_complete = drawn.count() == missing;
    let draws = rows.dispute(id).and_then(|it| it.under_way.as_ref()).map_or(0, |it| it.draws + 1);
    if !is_complete && draws > JUDGE_DRAWS_MAX {
        return ruling::give_up(rows, id, cx);
    }
    let wait = backoff::pause(cx.settings.backoff_base, cx.settings.backoff_max, draws, cx.rng);
    if let Some(under_way) = &mut rows.dispute_mut(id).under_way {
        under_way.draws = draws;
        under_way.draw_at = (!is_complete).then(|| cx.now.plus(wait));
    }
}

/// One of these who may judge, by chance.
fn pick(rows: &Rows, id: UnitId, among: &[HostId], cx: &mut Context<'_>) -> Option<HostId> {
    let (unit, job) = (rows.unit(id)?, rows.job(id.job));
    let dispute = rows.dispute(id)?;
    let is_new = |host: &Host| {
        let asked = dispute.questions().map(|question| rows.host(question.host).party());
        asked.into_iter().all(|asked| !asked.is_one_with(host.party()))
    };
    let hosts = among.iter().map(|host| rows.host(*host));
    let able = hosts.filter(|host| is_new(host) && draw::may_check(host, unit, job, cx.now));
    let able: Vec<HostId> = able.map(|host| host.id).collect();
    let at = below(able.len() as u64, cx.rng);
    able.get(usize::try_from(at).unwrap_or(0)).copied()
}
