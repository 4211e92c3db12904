//! Who checks an answer is drawn by lot, so that nobody can choose whom they audit: not by asking
//! more often, nor by fetching in bursts, nor by giving leases back.
//!
//! Hosts are drawn by the share of the job that they did, because the bound of `trust/TRUST.md` is
//! about shares of the work. Whoever is drawn has some time to come; then the lot falls again.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::advance::advance;
use super::context::Context;
use super::queues::Queues;
use super::rows::Rows;
use crate::backoff::{self, below};
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId};
use crate::job::{Job, JobState};
use crate::limits::{DRAW_BATCH, LEASES_PER_HOST_MAX};
use crate::replica::Replica;
use crate::requirement::Capabilities;
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
    /// Units for which hosts were drawn that will not come.
    gone: Vec<UnitId>,
    candidates: BTreeMap<JobId, Candidates>,
    queues: Queues,
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

/// Reads some units whose lot is to fall now, and candidates for each of their jobs; and those that wait in
/// vain for one of these hosts.
pub(super) fn load(
    store: &dyn Store,
    rows: &mut Rows,
    hosts: &[HostId],
    cx: &mut Context<'_>,
) -> Result<Draws, StoreError> {
    let units = store.units_to_draw(cx.now, DRAW_BATCH)?;
    let mut draws = Draws { units, ..Draws::default() };
    let suspended: Vec<_> = hosts.iter().filter(|host| !rows.host(**host).is_active()).collect();
    for host in suspended {
        draws.gone.extend(forgone(store, rows, *host)?);
    }
    let mut looked_at = BTreeSet::new();
    for unit in &draws.units {
        rows.find_unit_and_hosts(store, *unit)?;
        if let Entry::Vacant(vacant) = draws.candidates.entry(unit.job) {
            let found = vacant.insert(candidates(store, rows, unit.job, cx)?);
            draws.queues.load(store, found.by_work.iter().chain(&found.others))?;
        }
        let drawn = rows.unit(*unit).and_then(|unit| unit.turn?.host);
        if let Some(host) = drawn.filter(|host| looked_at.insert(*host)) {
            rows.load_host(store, host)?;
            if will_not_come(rows.host(host), rows.job(unit.job), cx.now) {
                draws.gone.extend(forgone(store, rows, host)?);
            }
        }
    }
    Ok(draws)
}

/// Units that wait for this host.
pub(super) fn forgone(
    store: &dyn Store,
    rows: &mut Rows,
    host: HostId,
) -> Result<Vec<UnitId>, StoreError> {
    let units = store.units_of_turn(host, DRAW_BATCH)?;
    let ids = units.iter().map(|unit| unit.id).collect();
    units.into_iter().try_for_each(|unit| rows.add_unit_and_hosts(store, unit))?;
    Ok(ids)
}

/// Whether a host that was drawn and has not come is not on its way either: it computes nothing, or is silent.
fn will_not_come(host: &Host, job: &Job, now: Timestamp) -> bool {
    !host.is_active() || host.leases.is_empty() || !was_seen_lately(host, job, now)
}

impl Candidates {
    /// Those of another instruction set.
    fn but(&self, rows: &Rows, isa: &str) -> Self {
        let is_other = |host: &&HostId| rows.host(**host).capabilities.isa != isa;
        let others = |hosts: &[HostId]| hosts.iter().filter(is_other).copied().collect();
        Self {
            by_work: others(&self.by_work),
            others: others(&self.others),
            is_founding: self.is_founding,
        }
    }
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
        // Work that hosts chose themselves must not make them likelier to check others'.
        let given = |unit: WorkUnit| {
            let mut voices = unit.voices().filter(|replica| replica.sealed.is_none());
            voices.next().map(|replica| replica.host)
        };
        let host = unit.and_then(given);
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
    Ok(store.parties_of_standing(plan.probation, seen_since, founders)? < founders)
}

/// Lets the lots fall.
pub(super) fn draw(rows: &mut Rows, draws: Draws, cx: &mut Context<'_>) {
    let Draws { units, gone, candidates, mut queues } = draws;
    for id in &gone {
        forgo(rows, *id, cx);
    }
    for id in &units {
        // An earlier item of this batch may have moved it.
        let turn = rows.unit(*id).and_then(|unit| unit.turn);
        if turn.is_none_or(|turn| turn.draw_at > cx.now) {
            continue;
        }
        // Nobody gets work of a job whose audits are still being drawn: whoever was drawn now would come
        // in vain. That takes a moment, and what is to be drawn stays so.
        if matches!(rows.job(id.job).state, JobState::Settling(_)) {
            continue;
        }
        match candidates.get(&id.job) {
            Some(candidates) if candidates.is_founding => vote(rows, *id, cx),
            Some(candidates) => one(rows, *id, candidates, &mut queues, cx),
            None => {}
        }
    }
}

/// Whoever was drawn will not come: the lot falls again at once.
pub(super) fn forgo(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    let turn = rows.unit(id).and_then(|unit| unit.turn);
    let drawn = turn.and_then(|turn| rows.find(turn.host?));
    // An earlier item of this batch may have moved the unit.
    if drawn.is_none_or(|host| !will_not_come(host, rows.job(id.job), cx.now)) {
        return;
    }
    if let Some(turn) = &mut rows.unit_mut(id).turn {
        turn.draw_at = cx.now;
        cx.effects.due(cx.now);
    }
}

/// Nobody can be believed now: the unit is for whoever asks, and its answer has to lead.
fn vote(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) {
    let unit = rows.unit_mut(id);
    (unit.test, unit.turn) = (Test::Vote, None);
    let last = unit.next_replica_id().number.saturating_sub(1);
    advance(rows, id.replica(last), cx);
}

fn one(rows: &mut Rows, id: UnitId, all: &Candidates, queues: &mut Queues, cx: &mut Context<'_>) {
    let spoilt = rows.spoilt_chains(id);
    let (unit, job) = rows.unit_in_job(id);
    let counts = |replica: &Replica| !spoilt.contains(&replica.chain);
    if transition::standing(unit, &job.policy, counts).is_some() {
        // Whoever kept the dispute up was caught meanwhile.
        let last = unit.next_replica_id().number.saturating_sub(1);
        return advance(rows, id.replica(last), cx);
    }
    let Some(turn) = unit.turn else { return };
    let drawn = match crossed(rows, id, cx) {
        Some(audited) => choose(rows, id, turn, &all.but(rows, &audited.isa), cx)
            .or_else(|| choose(rows, id, turn, all, cx)),
        None => choose(rows, id, turn, all, cx),
    };
    let draws = turn.draws.saturating_add(1);
    let wait = if let Some(host) = drawn {
        cx.effects.turn(host);
        queues.wait(rows.host(host), rows.job(id.job).policy.lease_ms)
    } else {
        backoff::pause(cx.settings.backoff_base, cx.settings.backoff_max, draws, cx.rng)
    };
    let draw_at = cx.now.plus(wait);
    cx.effects.due(draw_at);
    rows.unit_mut(id).turn = Some(Turn { host: drawn, draw_at, draws });
}

/// What the audited host offers, if the lot says that its auditor is to be of another instruction set. It
/// falls with each draw, so after the answer, and only for audits: who decides a dispute is drawn by
/// work alone.
fn crossed(rows: &Rows, id: UnitId, cx: &mut Context<'_>) -> Option<Arc<Capabilities>> {
    let unit = rows.unit(id)?;
    let mut answers = unit.voices().filter(|replica| replica.class().is_some());
    let audited = answers.next()?;
    let is_audit = unit.test.is_by_chance() && answers.next().is_none();
    let is_crossed = is_audit && below(Plan::CROSSED_PER.into(), cx.rng) == 0;
    is_crossed.then(|| Arc::clone(&rows.host(audited.host).capabilities))
}

/// One of the candidates, those first who were drawn by work.
fn choose(
    rows: &Rows,
    id: UnitId,
    turn: Turn,
    all: &Candidates,
    cx: &mut Context<'_>,
) -> Option<HostId> {
    pick(rows, id, turn, &all.by_work, cx).or_else(|| pick(rows, id, turn, &all.others, cx))
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
        && !unit.knows(host.party())
        && was_seen_lately(host, job, now)
        && host.leases.len() < LEASES_PER_HOST_MAX
        && job.requirement.fits(&host.capabilities).is_ok()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::digest::Digest;
    use crate::engine::effects::Effects;
    use crate::estimate::Estimates;
    use crate::host::Standing;
    use crate::locality::Locality;
    use crate::replica::{ReplicaState, Usage, Verdict};
    use crate::settings::Settings;
    use crate::store::conformance::rows as samples;

    /// A job, a unit that host 1 answered and that is to be audited, and hosts of these instruction sets
    /// beside it, from 2 on.
    fn rows(test: Test, isas: &[&str]) -> (Rows, UnitId) {
        let mut rows = Rows::default();
        let job = Job { state: JobState::Open, ..samples::sure_job(1) };
        let id = job.id.unit(0);
        let state = ReplicaState::Success {
            outputs: Vec::new(),
            answer: Digest::of(b"42"),
            usage: Usage::default(),
            verdict: Verdict::Inconclusive,
        };
        let replica = Replica { host: HostId(1), state, ..samples::replica(0) };
        rows.add_unit(WorkUnit { test, replicas: vec![replica], ..WorkUnit::new(id) });
        for (number, isa) in (1..).zip(["x86_64"].iter().chain(isas)) {
            let host = samples::host(number, &[]);
            let capabilities = Capabilities {
                isa: (*isa).to_owned(),
                memory_bytes: u64::MAX,
                profiles: [job.requirement.profile].into(),
                ..Arc::unwrap_or_clone(host.capabilities)
            };
            let standing = Standing { compared: 1_000, ..Standing::default() };
            rows.add_host(Host { standing, capabilities: capabilities.into(), ..host });
        }
        rows.add_job(job);
        (rows, id)
    }

    /// How often each of hosts 2 to 5 is drawn, in so many draws.
    fn drawn(test: Test, isas: [&str; 4], draws: u32) -> [u32; 4] {
        let (mut rows, id) = rows(test, &isas);
        let by_work = (2..6).map(HostId).collect();
        let all = Candidates { by_work, others: Vec::new(), is_founding: false };
        let (mut served_last, mut announced_until) = (None, Timestamp(0));
        let mut cx = Context {
            now: samples::host(1, &[]).seen_at,
            settings: &Settings::default(),
            rng: &mut ChaCha8Rng::seed_from_u64(7),
            served_last: &mut served_last,
            estimates: &mut Estimates::default(),
            locality: &mut Locality::default(),
            announced_until: &mut announced_until,
            effects: Effects::default(),
        };
        let mut times = [0; 4];
        for _ in 0..draws {
            rows.unit_mut(id).turn = Some(Turn { host: None, draw_at: cx.now, draws: 0 });
            one(&mut rows, id, &all, &mut Queues::default(), &mut cx);
            let host = rows.unit(id).and_then(|unit| unit.turn).and_then(|turn| turn.host);
            let Some(HostId(host)) = host else { panic!("nobody was drawn") };
            times[usize::try_from(host - 2).unwrap()] += 1;
        }
        times
    }

    /// One of four is of another instruction set. It gets its quarter, and of the rest the part that is
    /// crossed: never more, whatever it claims to be.
    #[test]
    fn a_part_of_the_audits_goes_to_another_instruction_set() {
        const DRAWS: u32 = 64_000;
        let times = drawn(Test::Audit, ["x86_64", "x86_64", "aarch64", "x86_64"], DRAWS);
        let expected = DRAWS / 4 + DRAWS * 3 / 4 / Plan::CROSSED_PER;
        assert!(times[2].abs_diff(expected) < 400, "{times:?}, of which {expected}");
        let even = drawn(Test::Audit, ["x86_64"; 4], DRAWS);
        assert!(even.iter().all(|times| times.abs_diff(DRAWS / 4) < 400), "{even:?}");
    }

    /// Whoever can cause a check or a dispute cannot choose among whom it is drawn.
    #[test]
    fn only_audits_are_crossed() {
        let isas = ["x86_64", "x86_64", "aarch64", "x86_64"];
        let times = drawn(Test::Second, isas, 64_000);
        assert!(times[2].abs_diff(16_000) < 400, "{times:?}");
    }
}
