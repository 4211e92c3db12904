//! When this machine computes, how much, and why not more: the volunteer wins every conflict.
//!
//! ```text
//! Readings (sensors) ─┐
//! Moment (clocks)    ─┼─► Governor::tick ─► Decision ─► the worker's shell obeys
//! Wish (the owner)   ─┘         │
//!                               └─► Tally: where each second of each day went
//! ```
//!
//! Invariants first, then the reasons for them: `GOVERNOR.md`.
//!
//! - [`reading`] is what is known of the machine, [`hours`] civil time, [`limits`] how much may be used,
//!   [`rule`] the language of exceptions, [`defaults`] the rules that hold unless the owner says otherwise.
//! - `cause` finds all that keeps programs from running, `calm` keeps the machine from flapping,
//!   `budget` counts bytes.
//! - [`reason`], [`tally`] and `explain` say why, and sum it up.

mod budget;
mod calm;
mod cause;
mod decision;
pub mod defaults;
mod explain;
pub mod hours;
pub mod limits;
pub mod reading;
pub mod reason;
pub mod rule;
pub mod tally;
mod wish;

pub use self::budget::Spent;
pub use self::cause::yielded_to;
pub use self::decision::{Decision, Memory, Stop};
pub use self::wish::Wish;

use self::budget::Budget;
use self::calm::{Amount, Calm};
use self::cause::{Cause, Situation, Yielded};
use self::hours::LocalTime;
use self::limits::{Limits, Machine};
use self::reading::{Fact, Gauge, Readings};
use self::reason::Reason;
use self::rule::{Action, Rule, Watch};
use self::tally::{Exchanged, Tally, Use};
use self::wish::Wished;
use super::energy::{Busy, CORE_POWER, Energy, Power};
use crate::time::Span;

/// If the governor was not asked for so long, the machine slept.
pub const GAP_MAX: Span = Span::minutes(2);

/// When something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Since the worker's start, by a clock that nobody sets; it goes on while the machine sleeps.
    pub uptime: Span,
    /// What the clock on the wall shows.
    pub local: LocalTime,
}

/// What the worker has done since it last asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// So many programs ran.
    Computing(u32),
    /// None did. If it might have, this is why.
    Waiting(Reason),
}

/// Decides, and counts what came of it. See the module.
#[derive(Clone, Debug)]
pub struct Governor {
    limits: Limits,
    machine: Machine,
    watch: Watch,
    wished: Wished,
    budget: Budget,
    /// Bytes that were moved since the last tick.
    moved_bytes: u64,
    /// Of them, what was exchanged with other workers.
    exchanged: Exchanged,
    core_power: Power,
    yielded: Yielded,
    calm: Calm,
    /// Since when nothing may run.
    paused_at: Option<Span>,
    /// What it was asked with last, and what it said.
    last: Option<Last>,
    tally: Tally,
}

#[derive(Clone, Debug)]
struct Last {
    moment: Moment,
    readings: Readings,
    decision: Decision,
    /// Whether the decision's reason is gone, and is only waited after.
    is_over: bool,
}

impl Governor {
    /// A governor of `machine`, who goes by `limits` and `rules` and goes on with the `tally` of earlier
    /// processes.
    #[must_use]
    pub fn new(machine: Machine, limits: Limits, rules: Vec<Rule>, tally: Tally) -> Self {
        Self {
            limits,
            machine,
            watch: Watch::new(rules),
            wished: Wished::default(),
            budget: Budget::default(),
            moved_bytes: 0,
            exchanged: Exchanged::default(),
            core_power: CORE_POWER,
            yielded: Yielded::default(),
            calm: Calm::default(),
            paused_at: None,
            last: None,
            tally,
        }
    }

    /// Goes by other limits and rules from the next tick on. They are the owner's word, so nothing is waited after.
    pub fn adopt(&mut self, limits: Limits, rules: Vec<Rule>) {
        (self.limits, self.watch) = (limits, Watch::new(rules));
        self.calm.end();
    }

    /// Takes up what the owner knows a busy core to draw.
    pub fn set_core_power(&mut self, power: Power) {
        self.core_power = power;
    }

    /// Takes up what the owner wants; the next tick obeys.
    pub fn wish(&mut self, wish: Wish, uptime: Span) {
        self.wished = Wished::new(wish, uptime);
        if wish == Wish::Resume {
            self.calm.end();
        }
    }

    /// What the owner wants now; of a snooze, what is left of it.
    #[must_use]
    pub fn wished(&self, uptime: Span) -> Wish {
        self.wished.now(uptime)
    }

    /// Goes on with the day's budgets where an earlier process stopped. To be said before the first tick.
    pub fn recall(&mut self, spent: Spent) {
        self.budget = Budget::recall(spent);
    }

    /// What was spent of the day's budgets; none before the first tick.
    #[must_use]
    pub fn spent(&self) -> Option<Spent> {
        self.budget.spent()
    }

    /// Takes up that so many bytes were sent or received.
    pub fn moved(&mut self, bytes: u64) {
        self.moved_bytes = self.moved_bytes.saturating_add(bytes);
    }

    /// Takes up what of the moved bytes was exchanged with other workers.
    pub fn exchanged(&mut self, exchanged: Exchanged) {
        self.exchanged = self.exchanged.plus(exchanged);
    }

    /// Takes up that so many bytes were written to disk.
    pub fn wrote(&mut self, bytes: u64) {
        self.budget.wrote(bytes);
    }

    /// Counts the time since the last tick as what the worker did in it, and decides what it does now.
    /// To be asked about once a second.
    pub fn tick(&mut self, now: Moment, readings: &Readings, doing: &Doing) -> Decision {
        self.account(now, doing);
        let readings = self.with_use(readings);
        self.watch.look(now.uptime, now.local, &readings);
        self.budget_of_today(now);
        self.yielded.follow(now.uptime, readings.gauge(&Gauge::LoadOfOthers));
        let (decision, is_over) = self.decide(now.uptime, &readings);
        self.last = Some(Last { moment: now, readings, decision: decision.clone(), is_over });
        decision
    }

    /// Bytes moved today, and how many may be.
    #[must_use]
    pub fn network_today(&self) -> (u64, Option<u64>) {
        (self.budget.moved_bytes(), self.limits.network_day_bytes)
    }

    /// Where the time went.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The rules, and which of them hold.
    #[must_use]
    pub const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// What is to be done, and whether the reason for it is gone already.
    fn decide(&mut self, uptime: Span, readings: &Readings) -> (Decision, bool) {
        let wish = self.wished.now(uptime);
        let has_written_all =
            self.limits.disk_day_bytes.is_some_and(|it| self.budget.written_bytes() >= it);
        let situation = Situation {
            limits: &self.limits,
            machine: self.machine,
            wish,
            watch: &self.watch,
            in_use: cause::in_use(&self.limits, readings),
            yielded: self.yielded,
            has_written_all,
        };
        let (everything, causes) = (situation.everything(), situation.causes());
        let wanted = causes.iter().fold(everything, |least, cause| least.and(cause.leaves));
        let wait = cause::wait(&causes, decisive(wanted, everything, &causes));
        let granted = self.calm.grant(uptime, wanted, wait);
        self.paused_at = if granted.slots > 0 { None } else { self.paused_at.or(Some(uptime)) };
        let no_network = self.no_network();
        let now = decisive(granted, everything, &causes).map(|cause| cause.reason.clone());
        let is_over = now.is_none();
        let decision = Decision {
            slots: granted.slots,
            cpu_percent: granted.cpu_percent,
            stop: stop(&causes),
            memory: self.memory(uptime, &causes),
            fetches: granted.slots > 0 && no_network.is_none() && wish != Wish::Finish,
            no_network,
            no_downloads: has_written_all,
            reason: if granted == everything && granted.slots > 0 {
                None
            } else {
                now.or_else(|| self.reason_before())
            },
        };
        (decision, is_over)
    }

    fn reason_before(&self) -> Option<Reason> {
        self.last.as_ref().and_then(|last| last.decision.reason.clone())
    }

    fn memory(&self, uptime: Span, causes: &[Cause]) -> Memory {
        let lasted = self.paused_at.map(|since| uptime.minus(since));
        let is_long = lasted.is_some_and(|lasted| lasted >= self.limits.memory_after);
        let is_needed = causes.iter().any(|cause| cause.is_about_memory);
        match (is_needed, is_long) {
            (true, _) => Memory::OfAll,
            (false, true) => Memory::OfSaved,
            (false, false) => Memory::Kept,
        }
    }

    fn no_network(&self) -> Option<Reason> {
        let takes_network = |action| matches!(action, Action::NoNetwork);
        let spent = self.limits.network_day_bytes.is_some_and(|it| self.budget.moved_bytes() >= it);
        let rule = self.watch.first(takes_network).map(Reason::of);
        rule.or_else(|| spent.then_some(Reason::NetworkBudget))
    }

    /// The readings, with the fact that follows from them.
    fn with_use(&self, readings: &Readings) -> Readings {
        let mut readings = readings.clone();
        if readings.gauge(&Gauge::Idle).is_some() {
            let is_in_use = cause::in_use(&self.limits, &readings).is_some();
            readings.state(Fact::InUse, is_in_use);
        }
        readings
    }

    /// Counts bytes that were moved, for the day's budget and for its history.
    fn budget_of_today(&mut self, now: Moment) {
        let (today, bytes) = (now.local.day, std::mem::take(&mut self.moved_bytes));
        self.budget.look(now.uptime, now.local);
        self.budget.moved(bytes);
        self.tally.note_cost(today, Energy(0), bytes);
        self.tally.note_exchanged(today, std::mem::take(&mut self.exchanged));
    }

    fn account(&mut self, now: Moment, doing: &Doing) {
        let Some(Last { moment, decision, readings, .. }) = &self.last else { return };
        let elapsed = now.uptime.minus(moment.uptime);
        let (used, cores) = match doing {
            _ if elapsed > GAP_MAX => (Use::Waited(Reason::Asleep), 0),
            Doing::Computing(slots) => (Use::Donated, u64::from(*slots)),
            Doing::Waiting(reason) => (Use::Waited(waited_for(reason, decision)), 0),
        };
        let share = u64::from(decision.cpu_percent);
        let core_time = Span(elapsed.0.saturating_mul(cores).saturating_mul(share) / 100);
        let shown = |gauge| readings.gauge(gauge).and_then(|value| u64::try_from(value).ok());
        let others = shown(&Gauge::LoadOfOthers).unwrap_or(0);
        let busy = Busy { ours: cores.saturating_mul(share) * 10, others };
        let power = busy.power(shown(&Gauge::Power).map(Power), self.core_power);
        self.tally.note(now.local, elapsed, &used, core_time);
        self.tally.note_cost(now.local.day, power.over(elapsed), 0);
    }
}

/// Why nothing ran while `decision` held, where the worker would name `reason` if it had been free.
fn waited_for(reason: &Reason, decision: &Decision) -> Reason {
    let is_without_work = matches!(reason, Reason::NoWork | Reason::Fetching);
    let forbidden = if decision.slots == 0 {
        decision.reason.as_ref()
    } else if is_without_work {
        // Who may not download has nothing to compute for that reason.
        decision.no_network.as_ref()
    } else {
        None
    };
    forbidden.unwrap_or(reason).clone()
}

/// As gently as the least gentle cause allows.
fn stop(causes: &[Cause]) -> Stop {
    if causes.iter().any(|cause| cause.is_urgent) { Stop::AtOnce } else { Stop::Saved }
}

/// The first cause that leaves no more than `amount`; none, if there is no such cause (any more).
fn decisive(amount: Amount, everything: Amount, causes: &[Cause]) -> Option<&Cause> {
    let takes_slots = amount.slots < everything.slots || amount.slots == 0;
    causes.iter().find(|cause| {
        let leaves = cause.leaves.and(everything);
        if takes_slots {
            leaves.slots <= amount.slots
        } else {
            leaves.cpu_percent <= amount.cpu_percent
        }
    })
}
