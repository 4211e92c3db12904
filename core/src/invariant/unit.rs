//! What must hold of one unit, and of one unit over time.

use std::collections::{BTreeMap, BTreeSet};

use super::{Violation, ensure};
use crate::credit::{self, MicroCredits};
use crate::dispute::Dispute;
use crate::host::Host;
use crate::id::{HostId, VolunteerId};
use crate::job::{Job, JobState};
use crate::limits::REPLICAS_MAX;
use crate::replica::{Replica, ReplicaState, Verdict};
use crate::validate::{Agreement, Rule, agreement};
use crate::work_unit::{Test, UnitState, WorkUnit};

pub(super) fn check(
    unit: &WorkUnit,
    job: &Job,
    hosts: &BTreeMap<HostId, Host>,
    dispute: Option<&Dispute>,
) -> Result<(), Violation> {
    let id = unit.id;
    ensure(id.index < job.units_total, format_args!("unit {id} is outside its job"))?;
    ensure(!unit.replicas.is_empty(), format_args!("unit {id} has a row and no replica"))?;
    check_tries(unit, job)?;
    let numbered = unit.replicas.iter().zip(0_u16..).all(|(r, number)| r.number == number);
    ensure(numbered, format_args!("unit {id}: the numbers of its replicas"))?;
    check_volunteers(unit)?;
    check_chains(unit)?;
    check_state(unit, job, hosts)?;
    let is_disputed = dispute.is_some_and(|dispute| dispute.under_way.is_some());
    check_ready(unit, job, hosts, is_disputed)
}

/// No more replicas than the policy allows; with a confidence, only lost ones are limited by it.
fn check_tries(unit: &WorkUnit, job: &Job) -> Result<(), Violation> {
    let times = usize::from(unit.reopened) + 1;
    let tries_max = usize::from(job.policy.replicas_max) * times;
    let (tries, tries_max) = match job.policy.confidence {
        None => (unit.replicas.len(), tries_max),
        Some(_) => (unit.voices().count(), tries_max + usize::from(REPLICAS_MAX) * times),
    };
    ensure(tries <= tries_max, format_args!("unit {}: too many replicas", unit.id))
}

/// No volunteer and no address block has two replicas of a unit; none works in two of its chains.
fn check_volunteers(unit: &WorkUnit) -> Result<(), Violation> {
    let mut seen = BTreeSet::new();
    let mut chain_of: BTreeMap<VolunteerId, u16> = BTreeMap::new();
    for (at, replica) in unit.replicas.iter().enumerate() {
        let volunteer = replica.volunteer;
        let earlier = unit.replicas.iter().take(at).map(Replica::party);
        let is_other = !earlier.into_iter().any(|party| party.shares_block_with(replica.party()));
        ensure(is_other, format_args!("unit {}: a block twice, at {}", unit.id, replica.number))?;
        let is_new = seen.insert(volunteer);
        ensure(is_new, format_args!("unit {}: volunteer {volunteer} twice", unit.id))?;
        for member in replica.lineage.iter().chain([&volunteer]) {
            let chain = *chain_of.entry(*member).or_insert(replica.chain);
            ensure(
                chain == replica.chain,
                format_args!("unit {}: volunteer {member} in two chains", unit.id),
            )?;
        }
    }
    Ok(())
}

/// A chain never forks: only its last replica is leased or has an answer.
fn check_chains(unit: &WorkUnit) -> Result<(), Violation> {
    for replica in &unit.replicas {
        let id = unit.replica_id(replica.number);
        let is_last = unit.continuation(replica.number).is_none();
        let is_lost = replica.is_lost();
        ensure(is_last || is_lost, format_args!("replica {id} was continued and is not lost"))?;
        let is_first = replica.chain == replica.number;
        let has_past = replica.resumed_from.is_some() && !replica.lineage.is_empty();
        ensure(is_first != has_past, format_args!("replica {id}: its chain and its lineage"))?;
    }
    Ok(())
}

/// The state follows from the replicas: above all, no canonical one without a quorum.
fn check_state(
    unit: &WorkUnit,
    job: &Job,
    hosts: &BTreeMap<HostId, Host>,
) -> Result<(), Violation> {
    let id = unit.id;
    let valid: Vec<&Replica> =
        unit.voices().filter(|r| r.verdict() == Some(Verdict::Valid)).collect();
    let chains: BTreeSet<u16> = valid.iter().map(|replica| replica.chain).collect();
    let classes: BTreeSet<_> = valid.iter().filter_map(|replica| replica.class()).collect();
    ensure(classes.len() <= 1, format_args!("unit {id}: valid replicas differ"))?;
    let has_enough = chains.len() >= Rule::of(&job.policy).voices_min(unit);
    ensure(valid.is_empty() || has_enough, format_args!("unit {id}: valid with too few voices"))?;
    check_lead(unit, job, chains.len())?;
    check_chosen(unit, &valid)?;

    let is_paid = |replica: &&Replica| replica.is_paid || !is_of_now(replica, hosts);
    ensure(valid.iter().all(is_paid), format_args!("unit {id}: a valid replica is not paid"))?;
    let is_open = unit.state == UnitState::Open;
    let is_leased = unit.leased().next().is_some();
    ensure(is_open || !is_leased, format_args!("unit {id} has ended and is leased"))?;
    match &unit.state {
        UnitState::Open | UnitState::Cancelled => {
            ensure(valid.is_empty(), format_args!("unit {id}: valid without an end"))
        }
        UnitState::Failed { .. } => Ok(()),
        UnitState::Validated { canonical } | UnitState::Done { canonical } => {
            let stands = unit.replica(*canonical).and_then(Replica::verdict);
            ensure(stands == Some(Verdict::Valid), format_args!("unit {id}: its canonical replica"))
        }
    }
}

/// Nobody's own choice makes an answer: a unit has one host at most that chose it, the first, and no answer stands
/// on that host's word without one whom the coordinator chose.
fn check_chosen(unit: &WorkUnit, valid: &[&Replica]) -> Result<(), Violation> {
    let mut later = unit.replicas.iter().skip(1);
    let is_first = later.all(|replica| replica.sealed.is_none());
    ensure(is_first, format_args!("unit {}: chosen by a host that is not its first", unit.id))?;
    let is_confirmed = valid.is_empty() || valid.iter().any(|replica| replica.sealed.is_none());
    ensure(is_confirmed, format_args!("unit {}: an answer of who chose it stands alone", unit.id))
}

/// Where answers that count differ, the one that stands leads each other one.
fn check_lead(unit: &WorkUnit, job: &Job, voices: usize) -> Result<(), Violation> {
    let Rule::Trust(plan) = Rule::of(&job.policy) else { return Ok(()) };
    let mut rivals: BTreeMap<_, usize> = BTreeMap::new();
    for wrong in unit.voices().filter(|r| r.verdict() == Some(Verdict::Invalid)) {
        *rivals.entry(wrong.class()).or_default() += 1;
    }
    let rival = rivals.into_values().max().unwrap_or(0);
    let leads = rival == 0 || voices >= rival + usize::from(plan.lead);
    ensure(leads, format_args!("unit {}: {voices} voices stand against {rival}", unit.id))
}

/// No answer rests on the word of a host that was caught, and none has credit for one that does, unless
/// it is still to be looked at again. Of a job that was taken back, answers are left as they are.
pub(super) fn check_vouchers(
    unit: &WorkUnit,
    job: &Job,
    hosts: &BTreeMap<HostId, Host>,
) -> Result<(), Violation> {
    if is_pending(unit, hosts) {
        return Ok(());
    }
    let stands = sound_chains(unit, hosts).len() >= Rule::of(&job.policy).voices_min(unit);
    let is_bought =
        |r: &Replica| r.is_paid && r.is_voice && !is_of_now(r, hosts) && pay(r, job).0 > 0;
    ensure(
        stands || !unit.replicas.iter().any(is_bought),
        format_args!("unit {}: a host that was caught has credit for what does not stand", unit.id),
    )?;
    let is_taken_back = job.is_taken_back();
    let rests_on_others = unit.canonical().is_none() || is_taken_back || stands;
    ensure(
        rests_on_others,
        format_args!("unit {} rests on the word of a host that was caught", unit.id),
    )
}

/// Whether the unit is still to be looked at, because a host of it was caught.
fn is_pending(unit: &WorkUnit, hosts: &BTreeMap<HostId, Host>) -> bool {
    let mut reopening = unit.hosts().filter_map(|host| hosts.get(&host)?.reopening.as_deref());
    reopening.any(|reopening| reopening.from <= unit.id)
}

/// The chains that agree with what stands and in which no host had a hand that was caught since.
fn sound_chains(unit: &WorkUnit, hosts: &BTreeMap<HostId, Host>) -> BTreeSet<u16> {
    let caught = unit.replicas.iter().filter(|replica| !is_of_now(replica, hosts));
    let spoilt: BTreeSet<u16> = caught.map(|replica| replica.chain).collect();
    let valid = unit.voices().filter(|r| r.verdict() == Some(Verdict::Valid));
    valid.map(|replica| replica.chain).filter(|chain| !spoilt.contains(chain)).collect()
}

/// What a replica is paid, if it is.
pub(super) fn pay(replica: &Replica, job: &Job) -> MicroCredits {
    credit::claim(replica.usage().unwrap_or_default().work, job.policy.cpu_ms_max.0)
}

/// Whether the host was not caught since it got the replica.
fn is_of_now(replica: &Replica, hosts: &BTreeMap<HostId, Host>) -> bool {
    hosts.get(&replica.host).is_some_and(|host| host.standing.life == replica.life)
}

/// A unit is ready only while it is open and may have more replicas, and one that nobody computes
/// and that can still be done is ready. Suspensions may leave wishes that arise later, so here only
/// the surest votes are counted against readiness, and all of them for it.
fn check_ready(
    unit: &WorkUnit,
    job: &Job,
    hosts: &BTreeMap<HostId, Host>,
    is_disputed: bool,
) -> Result<(), Violation> {
    let id = unit.id;
    let is_open = unit.state == UnitState::Open;
    let is_ready = unit.ready_at.is_some() || unit.turn.is_some();
    let is_one = unit.ready_at.is_none() || unit.turn.is_none();
    ensure(is_one, format_args!("unit {id} is for anybody and for one"))?;
    ensure(is_open || !is_ready, format_args!("unit {id} has ended and is ready"))?;
    if !is_open {
        return Ok(());
    }
    let may_have_more = unit.may_have_more(&job.policy);
    ensure(may_have_more || !is_ready, format_args!("unit {id} is ready beyond its tries"))?;
    let leased = unit.leased().count();
    let is_swept = job.state != JobState::Open;
    let moves = is_ready || leased > 0 || is_swept || is_disputed;
    ensure(moves, format_args!("unit {id} is open and nothing will ever move it"))?;

    let wanted_if =
        |counts: &dyn Fn(&Replica) -> bool| match agreement(unit, Rule::of(&job.policy), counts) {
            Agreement::Reached(_) => 0,
            Agreement::Missing { replicas, .. } => replicas,
        };
    if job.policy.confidence.is_some() {
        let is_sound = |replica: &Replica| is_of_now(replica, hosts);
        // A dispute may be over when one of its parties is caught elsewhere; that is seen next time.
        let wanted = wanted_if(&is_sound) > 0 || !unit.voices().all(is_sound);
        return ensure(!is_ready || wanted, format_args!("unit {id} is ready in vain"));
    }
    let surely_wanted = wanted_if(&|_| true) > 0 && may_have_more;
    ensure(!surely_wanted || is_ready, format_args!("unit {id} wants a replica and is not ready"))?;
    let is_sound = |replica: &Replica| {
        let mut chain = unit.replicas.iter().filter(|other| other.chain == replica.chain);
        chain.all(|replica| is_of_now(replica, hosts))
    };
    let maybe_wanted = wanted_if(&is_sound) > 0;
    ensure(!is_ready || maybe_wanted, format_args!("unit {id} is ready and wants no replica"))
}

/// Final states are never left and verdicts never change, unless the unit was opened again; replicas
/// are never forgotten, and what they said never changes.
pub(super) fn check_step(
    old: &WorkUnit,
    new: &WorkUnit,
    hosts: &BTreeMap<HostId, Host>,
) -> Result<(), Violation> {
    let id = old.id;
    let is_reopened = new.reopened > old.reopened;
    // Chance or a newcomer's denial has opened it again.
    let is_tested = new.test != old.test && new.test != Test::None;
    let may_follow = match (&old.state, &new.state) {
        _ if is_reopened || is_tested => old.state != UnitState::Cancelled,
        (UnitState::Open, _) => true,
        (UnitState::Validated { canonical }, UnitState::Validated { canonical: now })
        | (UnitState::Validated { canonical }, UnitState::Done { canonical: now })
        | (UnitState::Done { canonical }, UnitState::Done { canonical: now }) => canonical == now,
        (was, is) => was == is,
    };
    ensure(may_follow, format_args!("unit {id} went from {:?} to {:?}", old.state, new.state))?;
    ensure(old.replicas.len() <= new.replicas.len(), format_args!("unit {id} lost a replica"))?;
    for (was, is) in old.replicas.iter().zip(&new.replicas) {
        let replica = old.replica_id(was.number);
        ensure(was.party() == is.party(), format_args!("replica {replica}: its party"))?;
        let may_follow = match was.state {
            ReplicaState::Leased | ReplicaState::Expired => true,
            ReplicaState::HostError { .. } | ReplicaState::Aborted => was.state == is.state,
            ReplicaState::Success { .. } | ReplicaState::AppError { .. } => {
                let was_open = was.verdict() == Some(Verdict::Inconclusive);
                let may_change =
                    was_open || is_reopened || is_tested || was.verdict() == is.verdict();
                let is_wrong = is.verdict() == Some(Verdict::Invalid) || !is_of_now(is, hosts);
                let may_be_taken_back = is.is_paid || !was.is_paid || is_wrong;
                was.class() == is.class() && may_change && may_be_taken_back
            }
        };
        ensure(may_follow, format_args!("replica {replica} changed after its end"))?;
    }
    Ok(())
}
