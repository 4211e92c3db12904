//! All that keeps programs from running at a moment, and how much each of it leaves.

use super::calm::{Amount, Wait};
use super::limits::{Allowance, Limits, Machine};
use super::reading::{Gauge, Readings};
use super::reason::Reason;
use super::rule::{Action, Rule, SILENCE_MAX, Watch};
use super::wish::Wish;
use crate::time::Span;

/// One thing that takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) reason: Reason,
    /// What it leaves.
    pub(super) leaves: Amount,
    /// Whether someone is disturbed as long as it is not obeyed.
    pub(super) is_urgent: bool,
    /// Whether our own programs may bring it about.
    pub(super) is_by_the_work: bool,
    /// Whether it is about memory that others need.
    pub(super) is_about_memory: bool,
}

/// How long what these take away is waited for, of which one is decisive. Only where nothing but other programs is in the
/// way it is short: what else there is must not hide behind them.
pub(super) fn wait(causes: &[Cause], decisive: Option<&Cause>) -> Wait {
    if causes.iter().all(|cause| cause.reason == Reason::Load) {
        return Wait::of_load();
    }
    Wait::usual(decisive.is_some_and(|cause| cause.is_by_the_work))
}

/// Cores that are left to other programs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Yielded {
    cores: u32,
    known_at: Span,
}

/// What is decided from.
#[derive(Debug)]
pub(super) struct Situation<'a> {
    pub(super) limits: &'a Limits,
    pub(super) machine: Machine,
    pub(super) wish: Wish,
    pub(super) watch: &'a Watch,
    /// Why a person may be disturbed, if one may.
    pub(super) in_use: Option<Reason>,
    pub(super) yielded: Yielded,
    /// Whether as many bytes were written as may be in a day.
    pub(super) has_written_all: bool,
}

impl Yielded {
    /// Follows what other programs compute, rounded to whole cores; half a core more or less than what
    /// is left to them changes nothing.
    pub(super) fn follow(&mut self, uptime: Span, load_of_others: Option<i64>) {
        let Some(load) = load_of_others else {
            if uptime.minus(self.known_at) > SILENCE_MAX {
                self.cores = 0;
            }
            return;
        };
        self.known_at = uptime;
        self.cores = self.cores.clamp(yielded_to(load), whole(load.saturating_add(750)));
    }
}

/// Cores that are left to other programs at least if they compute on so many thousandths of one.
#[must_use]
pub fn yielded_to(load_of_others: i64) -> u32 {
    whole(load_of_others.saturating_add(250))
}

fn whole(thousandths: i64) -> u32 {
    u32::try_from(thousandths.max(0) / 1_000).unwrap_or(u32::MAX)
}

impl Situation<'_> {
    /// What may run if nothing keeps it from doing so.
    pub(super) fn everything(&self) -> Amount {
        self.within(&self.limits.idle)
    }

    fn within(&self, allowance: &Allowance) -> Amount {
        let cpu_percent = allowance.cpu_percent.clamp(1, 100);
        Amount { slots: self.machine.slots_within(allowance), cpu_percent }
    }

    /// All causes, what a person said first.
    pub(super) fn causes(&self) -> Vec<Cause> {
        let everything = self.everything();
        let nothing = Amount { slots: 0, ..everything };
        let mut causes = Vec::new();
        let mut plain = |reason, leaves, is_urgent| {
            let (is_by_the_work, is_about_memory) = (reason == Reason::Load, false);
            causes.push(Cause { reason, leaves, is_urgent, is_by_the_work, is_about_memory });
        };
        if let Some(reason) = self.wish.reason() {
            plain(reason, nothing, true);
        }
        if let Some(reason) = &self.in_use {
            plain(reason.clone(), self.within(&self.limits.in_use), true);
        }
        if self.limits.yields {
            let slots = self.machine.cores.saturating_sub(self.yielded.cores);
            plain(Reason::Load, Amount { slots, ..everything }, true);
        }
        if everything.slots == 0 {
            plain(Reason::Limits, nothing, false);
        }
        if self.has_written_all {
            plain(Reason::DiskBudget, nothing, false);
        }
        causes.extend(self.watch.holding().filter_map(|rule| self.rule(rule)));
        // The order tells which of several is named: a rule says more than that someone is there.
        causes.sort_by_key(|cause| {
            let is_said = self.wish.reason().as_ref() == Some(&cause.reason);
            (!is_said, !matches!(cause.reason, Reason::Rule(_)))
        });
        causes.retain(|cause| cause.leaves.and(everything) != everything || everything.slots == 0);
        causes
    }

    fn rule(&self, rule: &Rule) -> Option<Cause> {
        let everything = self.everything();
        let leaves = match rule.action() {
            Action::Pause => Amount { slots: 0, ..everything },
            Action::Use(cores) => Amount { slots: cores.of(self.machine.cores), ..everything },
            Action::CpuPercent(percent) => Amount { cpu_percent: percent, ..everything },
            Action::NoNetwork => return None,
        };
        Some(Cause {
            reason: Reason::of(rule),
            leaves,
            is_urgent: !rule.can_wait(),
            is_by_the_work: rule.feels_the_work(),
            is_about_memory: rule.is_about_memory(),
        })
    }
}

/// Why the machine counts as used: a person touched it not long ago, or nobody can tell.
pub(super) fn in_use(limits: &Limits, readings: &Readings) -> Option<Reason> {
    match readings.gauge(&Gauge::Idle).and_then(|ms| u64::try_from(ms).ok()) {
        Some(ms) => (ms < limits.idle_after.0).then_some(Reason::InUse),
        None => Some(Reason::Untold),
    }
}
