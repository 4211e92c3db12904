//! A host answered something else than what stands.
//!
//! A lone wrong answer may be a fault: its host rests for a while, and then begins anew, without
//! what it had vouched for. A wrong answer that two volunteers gave is a lie, because faults do not
//! agree: whoever gave it is out for good.

use super::context::Context;
use super::pardon;
use super::payment;
use super::rows::Rows;
use crate::host::{Host, HostState};
use crate::id::{HostId, UnitId};
use crate::replica::{Class, Replica};
use crate::time::Span;
use crate::work_unit::WorkUnit;

/// How much longer each rest is than the one before. Each life is audited anew at the others' cost; so a
/// machine that is wrong again should be mended first.
const REST_GROWTH: u64 = 30;

/// Counts a wrong answer, and suspends its host if that is due.
pub(super) fn blame(rows: &mut Rows, id: UnitId, wrong: &Replica, cx: &mut Context<'_>) {
    let is_lie = rows.unit(id).is_some_and(|unit| is_shared(unit, wrong));
    if is_lie {
        convict(rows, id, wrong, cx);
    }
    payment::take_back(rows, id.replica(wrong.number), cx.now);
    let job = rows.job_mut(id.job);
    job.tally.invalid += 1;
    let is_first_caught = job.policy.confidence.is_some();
    // Whoever goes on from a stranger's checkpoint cannot know whether it is honest.
    if !wrong.lineage.is_empty() {
        return;
    }
    let host = rows.host_mut(wrong.host);
    host.counters.invalid += 1;
    host.standing.strikes = host.standing.strikes.saturating_add(1);
    if is_lie || is_first_caught || host.standing.strikes >= cx.settings.invalid_max {
        suspend(host, id, is_lie, cx);
    }
}

/// A judge said something else of a step than the others. That is a fault until it is known to be a lie:
/// liars may have outvoted an honest judge, whom no answer to the unit would vindicate.
pub(super) fn blame_judge(rows: &mut Rows, id: UnitId, host: HostId, cx: &mut Context<'_>) {
    let host = rows.host_mut(host);
    host.counters.invalid = host.counters.invalid.saturating_add(1);
    // Also one that is forgotten: nobody keeps what earlier answers are worth by leaving.
    if !host.is_suspended() {
        suspend(host, id, false, cx);
    }
}

/// Whoever was caught with this answer before seemed to be faulty then, and is a liar as well.
fn convict(rows: &mut Rows, id: UnitId, wrong: &Replica, cx: &mut Context<'_>) {
    let Some(unit) = rows.unit(id) else { return };
    let same = unit.replicas.iter().filter(|replica| {
        replica.class() == wrong.class()
            && replica.chain != wrong.chain
            && replica.lineage.is_empty()
    });
    let same: Vec<_> = same.map(|replica| (replica.host, replica.life)).collect();
    for (host, life) in same {
        let standing = rows.host(host).standing;
        let was_caught = standing.life != life && life >= standing.pardoned;
        match rows.host(host).state {
            HostState::Suspended { until: None, .. } => {}
            HostState::Suspended { .. } | HostState::Active if was_caught => {
                suspend(rows.host_mut(host), id, true, cx);
            }
            HostState::Suspended { .. } | HostState::Active => {}
        }
    }
}

/// Lets those on again who were suspended for saying what stands now, because liars had outvoted
/// them. They are on probation like everybody who was caught, and get back what others confirm.
pub(super) fn absolve(rows: &mut Rows, id: UnitId, stands: Option<Class>, cx: &mut Context<'_>) {
    let Some(unit) = rows.unit(id) else { return };
    let right = unit.replicas.iter().filter(|replica| replica.class() == stands);
    let wronged: Vec<_> = right.map(|replica| replica.host).collect();
    for host in wronged {
        if let HostState::Suspended { unit: Some(unit), .. } = rows.host(host).state
            && unit == id
        {
            pardon::let_on(rows.host_mut(host), cx);
        }
    }
}

/// Whether another volunteer gave the same answer, caught since or not.
fn is_shared(unit: &WorkUnit, wrong: &Replica) -> bool {
    let same = unit.replicas.iter().filter(|replica| replica.class() == wrong.class());
    same.into_iter().any(|replica| replica.chain != wrong.chain)
}

/// A suspended host loses its leases: they are due at once, and `Expire` takes them back. So it does
/// with what the host vouched for.
fn suspend(host: &mut Host, unit: UnitId, is_lie: bool, cx: &mut Context<'_>) {
    host.standing.life = host.standing.life.saturating_add(1);
    (host.standing.compared, host.standing.strikes) = (0, 0);
    let times = host.standing.life.saturating_sub(host.standing.pardoned);
    let growth = REST_GROWTH.saturating_pow(times.saturating_sub(1));
    let rest = Span(cx.settings.rest_base.0.saturating_mul(growth)).min(cx.settings.rest_max);
    host.state = HostState::Suspended {
        suspended_at: cx.now,
        until: (!is_lie).then(|| cx.now.plus(rest)),
        unit: Some(unit),
    };
    host.look_again(cx.now);
    cx.effects.due(cx.now);
    for lease in &mut host.leases {
        lease.deadline_at = cx.now;
        cx.effects.abort(host.id, lease.replica);
    }
}
