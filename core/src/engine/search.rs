//! What a host that asks gets of each job.
//!
//! In a job with a quorum, units that others began come first, then units that nobody ever had; which of these,
//! `fresh.rs` says. In a job with a confidence it depends on what the host's word is worth: see [`Role`].
//! A [party](crate::party) never gets a unit that it had before in any role.

use super::context::Context;
use super::draw::is_founding;
use super::fresh::{self, Fresh};
use super::rows::Rows;
use crate::backoff::below;
use crate::host::Host;
use crate::id::{JobId, UnitId};
use crate::job::Job;
use crate::limits::{PROBATION_LEASES_MAX, REPLICAS_MAX};
use crate::outlook::Outlook;
use crate::reply::Idle;
use crate::requirement::Kind;
use crate::schedule;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::trust::Plan;
use crate::work_unit::{UnitState, WorkUnit};

/// Rows of a job that are looked at in vain, at most twice, before fresh units are given instead.
const LOOKED_AT_IN_VAIN_MAX: usize = 64;

/// The same of all jobs together: a volunteer who had a hand in every unit of a thousand jobs must
/// not hold up everybody else.
const LOOKED_AT_IN_VAIN_SUM_MAX: usize = 2_048;

/// All of something, in millionths.
const PPM: u64 = 1_000_000;

/// What a host is in a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// One voice of a quorum.
    Voter,
    /// One voice of many, while hardly anybody has standing.
    Founder,
    /// Believed: it has standing.
    Believed,
    /// Compared, not believed: it gets units that have an answer.
    Newcomer,
}

impl Role {
    /// Whether its answers count.
    pub(super) fn is_voice(self) -> bool {
        match self {
            Self::Voter | Self::Founder | Self::Believed => true,
            Self::Newcomer => false,
        }
    }
}

/// Something that may be leased.
pub(super) enum Choice {
    /// A unit that others began.
    Started(UnitId, Role),
    /// Units that nobody ever had.
    Fresh(JobId, Fresh, Role),
}

/// The search for work of one request.
pub(super) struct Search<'a> {
    store: &'a dyn Store,
    host: Host,
    /// What the host expects of itself.
    outlook: Outlook,
    /// How many units are still to be found.
    pub(super) wanted: usize,
    /// How many rows of a job may be looked at in vain before the search goes on elsewhere.
    in_vain_max: usize,
    /// Units for which it is this host's turn.
    turns: Vec<WorkUnit>,
    pub(super) rows: Rows,
    /// What was found, best first.
    pub(super) choices: Vec<Choice>,
    /// Whether units that nobody looked at may be of use.
    has_unseen: bool,
    /// Why there is nothing, if there is nothing.
    idle: Idle,
}

/// So many more units than are wanted are looked at whose turn it is, for those that it cannot have.
const TURNS_SPARE: usize = 8;

impl<'a> Search<'a> {
    /// A search for `wanted` units in so many jobs.
    pub(super) fn new(
        store: &'a dyn Store,
        rows: Rows,
        (host, outlook): (Host, Outlook),
        wanted: usize,
        jobs: usize,
    ) -> Result<Self, StoreError> {
        let in_vain_max = LOOKED_AT_IN_VAIN_SUM_MAX / jobs.max(1);
        let mut turns = store.units_of_turn(host.id, wanted.saturating_add(TURNS_SPARE))?;
        // It was drawn where it was then. If it has moved to a party that had the unit, the lot falls again.
        turns.retain(|unit| !unit.knows(host.party()));
        Ok(Self {
            store,
            wanted,
            in_vain_max: in_vain_max.clamp(1, LOOKED_AT_IN_VAIN_MAX),
            turns,
            host,
            outlook,
            rows,
            choices: Vec::new(),
            has_unseen: false,
            idle: Idle::NoJobs,
        })
    }

    /// Whether it is the host's turn for a unit of this job.
    pub(super) fn has_turn_in(&self, job: JobId) -> bool {
        self.turns.iter().any(|unit| unit.id.job == job)
    }

    /// Why there is nothing, if there is nothing.
    pub(super) fn idle(&self) -> Idle {
        if self.has_unseen { Idle::NotAllSeen } else { self.idle }
    }

    /// Takes what it can from one job.
    pub(super) fn choose_from(&mut self, job: Job, cx: &mut Context<'_>) -> Result<(), StoreError> {
        match job.requirement.fits(&self.host.capabilities) {
            Ok(()) => {}
            Err(misfit) => {
                if self.idle == Idle::NoJobs {
                    self.idle = Idle::NothingFits(misfit);
                }
                return Ok(());
            }
        }
        let role = self.role(&job, cx)?;
        let can_end = self.can_end(&job, cx);
        if role == Role::Newcomer && can_end {
            return self.compare(job, cx);
        }
        let turns = std::mem::take(&mut self.turns);
        let (own, others) = turns.into_iter().partition(|unit| unit.id.job == job.id);
        self.turns = others;
        // Also if it is there too seldom: else a host could choose what it is asked.
        self.take(own, role)?;
        if !can_end {
            if self.idle == Idle::NoJobs {
                self.idle = Idle::TooLong;
            }
            self.rows.add_job(job);
            return Ok(());
        }
        self.idle = Idle::NothingLeft;
        let started = self.started(&job, cx)?;
        self.take(started, role)?;
        let fresh = self.wanted.min(job.counts.waiting as usize);
        if fresh > 0 {
            let asks = (self.host.id, role);
            let fresh = fresh::find(self.store, &job, asks, fresh, cx.locality)?;
            self.wanted -= fresh.len();
            self.has_unseen |= fresh.has_unseen;
            self.choices.push(Choice::Fresh(job.id, fresh, role));
        }
        self.rows.add_job(job);
        Ok(())
    }

    /// Whether the host is likely to end a unit of the job in time, as far as is known how long one takes.
    fn can_end(&self, job: &Job, cx: &Context<'_>) -> bool {
        let is_resumable = job.requirement.kind == Kind::Step;
        let within = job.policy.deadline_ms;
        let run = cx.estimates.of(job.id);
        run.is_none_or(|run| self.outlook.can_end(run, within, is_resumable))
    }

    fn role(&self, job: &Job, cx: &Context<'_>) -> Result<Role, StoreError> {
        let Some(plan) = job.policy.confidence.as_ref().map(Plan::new) else {
            return Ok(Role::Voter);
        };
        Ok(match (is_founding(self.store, job, cx)?, self.host.has_standing(plan.probation)) {
            (true, _) => Role::Founder,
            (false, true) => Role::Believed,
            (false, false) => Role::Newcomer,
        })
    }

    fn take(&mut self, units: Vec<WorkUnit>, role: Role) -> Result<(), StoreError> {
        for unit in units.into_iter().take(self.wanted) {
            self.choices.push(Choice::Started(unit.id, role));
            self.rows.add_unit_and_hosts(self.store, unit)?;
            self.wanted -= 1;
        }
        Ok(())
    }

    /// Takes units for a newcomer, who computes what has an answer: some from anywhere. They look
    /// like all others, for nobody else of the volunteer ever had them.
    fn compare(&mut self, job: Job, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let held = self.host.leases.iter().filter(|lease| lease.replica.unit.job == job.id).count();
        let wanted = self.wanted.min(PROBATION_LEASES_MAX.saturating_sub(held));
        if self.idle == Idle::NoJobs {
            self.idle = Idle::OnProbation;
        }
        let share = u64::from(job.tally.compared) * PPM;
        if wanted == 0 || share > u64::from(job.tally.leased) * u64::from(Plan::NEWCOMERS_PPM) {
            return Ok(());
        }
        let from = below(job.units_total.into(), cx.rng);
        let from = u32::try_from(from).unwrap_or(0);
        let mut units = self.store.units(job.id, from, wanted + self.in_vain_max)?;
        units.retain(|unit| may_be_compared(unit) && !unit.knows(self.host.party()));
        units.truncate(wanted);
        self.rows.add_job(job);
        self.take(units, Role::Newcomer)
    }

    /// Units of the job that others began and this volunteer may take up: the first ones, and if
    /// those are not enough, some from elsewhere.
    fn started(&mut self, job: &Job, cx: &mut Context<'_>) -> Result<Vec<WorkUnit>, StoreError> {
        let (mut found, next) = self.look(job, 0, cx.now)?;
        if let Some(next) = next
            && found.len() < self.wanted
        {
            self.has_unseen = true;
            let from = schedule::somewhere(next, job.begun_until(), cx.rng);
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
        units.retain(|unit| !unit.knows(self.host.party()));
        Ok((units, next))
    }
}

/// Units, and where the next ones begin if there may be more.
type Page = (Vec<WorkUnit>, Option<u32>);

/// Whether the unit has outputs to compare with, and room for another replica.
fn may_be_compared(unit: &WorkUnit) -> bool {
    let has_room = unit.replicas.len() < usize::from(REPLICAS_MAX);
    match unit.state {
        UnitState::Validated { .. } | UnitState::Done { .. } => has_room,
        UnitState::Open | UnitState::Failed { .. } | UnitState::Cancelled => false,
    }
}
