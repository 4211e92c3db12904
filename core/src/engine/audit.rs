//! Which answers are checked: a sample as soon as they are there, and the audits that each host owes when the job has
//! all its answers. `trust/TRUST.md` says how many and why.

use rand_core::Rng;

use super::context::Context;
use super::reopen::{has_answer, open_again};
use super::rows::Rows;
use crate::backoff::below;
use crate::id::{HostId, JobId, UnitId};
use crate::job::{JobState, Settling};
use crate::limits::{AUDIT_BATCH, PARTS_BATCH};
use crate::replica::Replica;
use crate::store::{Store, StoreError};
use crate::transition;
use crate::trust::Plan;
use crate::work_unit::{Test, UnitState, WorkUnit};

/// All of something, in millionths.
const PPM: u64 = 1_000_000;

/// Draws whether an answer is checked at once that would stand alone now. The lot falls when the answer is
/// there, and not before, so nobody can know it when they answer.
pub(super) fn draw(
    rows: &mut Rows,
    id: UnitId,
    counts: impl Fn(&Replica) -> bool + Copy,
    cx: &mut Context<'_>,
) {
    let job = rows.job(id.job);
    let Some(plan) = job.policy.confidence.as_ref().map(Plan::new) else { return };
    let Some(unit) = rows.unit(id) else { return };
    let is_open = unit.state == UnitState::Open && unit.test == Test::None;
    if !is_open {
        return;
    }
    let Some(standing) = transition::standing(unit, &job.policy, counts) else { return };
    // Whoever chose a unit may have chosen what to say. A second host is asked, and that is no audit, or true
    // answers to units of one's own choice would use up those of others.
    if unit.voices().any(|replica| replica.sealed.is_some()) {
        rows.unit_mut(id).test = Test::Second;
        return;
    }
    let said_so = |replica: &&Replica| counts(replica) && replica.class() == Some(standing);
    let Some(believed) = unit.voices().find(said_so).map(|replica| replica.host) else { return };
    let hosts = job.parts.max(plan.founders());
    let part = rows.part(id.job, believed);
    let rate = plan.sample_ppm(part, u64::from(job.units_total / hosts.max(1)));
    if below(PPM, cx.rng) < u64::from(rate) {
        rows.unit_mut(id).test = Test::Sample;
    }
}

/// Some answers of a job that has all of them.
pub(super) struct Page {
    job: JobId,
    /// Where this goes on.
    at: Settling,
    units: Vec<UnitId>,
    /// Whether these are the last ones of their host.
    is_host_done: bool,
    /// Whether there are no more hosts.
    is_last: bool,
}

/// Reads the next answers among which audits are to be drawn.
pub(super) fn load(store: &dyn Store, rows: &mut Rows) -> Result<Option<Page>, StoreError> {
    let Some(job) = store.jobs_settling(1)?.pop() else { return Ok(None) };
    let (JobState::Settling(at), Some(confidence)) = (job.state, job.policy.confidence) else {
        return Ok(None);
    };
    let (id, plan) = (job.id, Plan::new(&confidence));
    rows.add_job(job);
    let mut page = Page { job: id, at, units: Vec::new(), is_host_done: true, is_last: false };
    if page.at.owed == 0 {
        page.is_last = !next_host(store, &mut page, &plan)?;
    }
    if page.at.owed > 0 {
        load_units(store, rows, &mut page)?;
    }
    Ok(Some(page))
}

/// Goes to the next host that is owed audits; whether there may be one.
fn next_host(store: &dyn Store, page: &mut Page, plan: &Plan) -> Result<bool, StoreError> {
    let parts = store.parts(page.job, page.at.host, PARTS_BATCH)?;
    let owing = parts.iter().find(|part| plan.audits_owed(part) > 0);
    if let Some(part) = owing.or_else(|| parts.last()) {
        page.at = Settling {
            host: part.host,
            next: 0,
            owed: plan.audits_owed(part),
            unseen: part.alone().saturating_sub(part.audited),
        };
    }
    Ok(owing.is_some() || parts.len() == PARTS_BATCH)
}

fn load_units(store: &dyn Store, rows: &mut Rows, page: &mut Page) -> Result<(), StoreError> {
    let from = page.job.unit(page.at.next);
    let mut units = store.units_vouched(page.at.host, from, AUDIT_BATCH)?;
    let is_full = units.len() == AUDIT_BATCH;
    units.retain(|unit| unit.job == page.job);
    page.is_host_done = !is_full || units.len() < AUDIT_BATCH;
    units.iter().try_for_each(|unit| rows.find_unit_and_hosts(store, *unit))?;
    page.units = units;
    Ok(())
}

/// Draws audits among the answers that were read, and ends the job if none is owed any more.
pub(super) fn settle(rows: &mut Rows, page: Page, cx: &mut Context<'_>) {
    let Page { job, mut at, units, is_host_done, is_last } = page;
    for id in &units {
        if rows.unit(*id).is_some_and(|unit| may_be_audited(unit, at.host)) {
            choose(rows, *id, &mut at, cx);
        }
    }
    at.next = units.last().map_or(at.next, |unit| unit.index.saturating_add(1));
    if is_host_done {
        (at.owed, at.unseen) = (0, 0);
    }
    // What this has opened may have ended the settling already.
    let job = rows.job_mut(job);
    if !matches!(job.state, JobState::Settling(_)) {
        return;
    }
    let has_ended = job.counts.ended() == job.units_total;
    cx.effects.changed(job.id);
    job.state = match (is_last, has_ended) {
        (false, _) => JobState::Settling(at),
        (true, false) => JobState::Open,
        (true, true) => JobState::Finished,
    };
    job.ended_at = (job.state == JobState::Finished).then_some(cx.now);
    if job.ended_at.is_some() {
        cx.effects.ended(job.id);
    }
}

/// Whether the answer rests on the word of this host first of all, and was not looked at by chance yet.
fn may_be_audited(unit: &WorkUnit, host: HostId) -> bool {
    unit.believed() == Some(host) && has_answer(unit) && unit.test.may_be_audited()
}

fn choose(rows: &mut Rows, id: UnitId, at: &mut Settling, cx: &mut Context<'_>) {
    if is_chosen(at, cx.rng) {
        open_again(rows, id, Test::Audit, cx);
    }
}

/// Whether the next answer is among those that are owed: of `unseen` ones exactly `owed` are, and each set
/// of so many is equally likely.
fn is_chosen(at: &mut Settling, rng: &mut impl Rng) -> bool {
    let is_chosen = below(at.unseen.into(), rng) < u64::from(at.owed);
    at.unseen = at.unseen.saturating_sub(1);
    at.owed -= u32::from(is_chosen);
    is_chosen
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;

    /// The positions that are chosen of so many.
    fn chosen(owed: u32, unseen: u32, rng: &mut ChaCha8Rng) -> Vec<u32> {
        let mut at = Settling { owed, unseen, ..Settling::default() };
        (0..unseen).filter(|_| is_chosen(&mut at, rng)).collect()
    }

    #[test]
    fn exactly_as_many_are_chosen_as_are_owed() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for unseen in 0..40 {
            for owed in 0..=unseen {
                assert_eq!(chosen(owed, unseen, &mut rng).len(), owed as usize, "{owed} {unseen}");
            }
        }
    }

    /// Of five answers two are owed: each of the ten pairs comes up in a tenth of all draws.
    #[test]
    fn each_set_of_answers_is_equally_likely() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut times: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        for _ in 0..20_000 {
            *times.entry(chosen(2, 5, &mut rng)).or_default() += 1;
        }
        assert_eq!(times.len(), 10);
        assert!(times.values().all(|times| times.abs_diff(2_000) < 200), "{times:?}");
    }
}
