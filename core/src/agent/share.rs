//! For which project to compute next, where a volunteer gives to several: stride scheduling
//! (Waldspurger and Weihl, 1995), on several slots and with units whose length nobody knows before.
//!
//! Each project has a *pass*: the time that it got, divided by its share. The one with the least pass is
//! next. So over time each gets time in proportion to its share, whatever its units take.
//!
//! - A unit is charged when it begins, by what units of its project usually take, and what it took in truth
//!   corrects that. Otherwise all slots that are free at once would go to one project.
//! - A project whose units are still being fetched is passed over and keeps its turn.
//! - A project that had no work at all begins where the others are when it has some: what it could not use
//!   is not owed to it, or it would have the machine for itself for days.

use std::collections::{BTreeMap, BTreeSet};

use crate::time::Span;

mod slots;

pub use self::slots::slots_for;

/// Largest share. A share is a weight: 2 gets twice what 1 gets.
pub const SHARE_MAX: u32 = 1_000_000;

/// Passes are counted in parts of a millisecond, so that large shares do not round to nothing.
const PARTS: u128 = SHARE_MAX as u128;

/// What projects got, and are to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares<P> {
    projects: BTreeMap<P, Account>,
    /// The least pass of those that had work when that was looked at last: nobody begins before it.
    front: u128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Account {
    share: u32,
    pass: u128,
    has_work: bool,
}

impl Account {
    /// How far so much time takes its pass.
    fn stride(&self, time: Span) -> u128 {
        u128::from(time.0) * PARTS / u128::from(self.share.max(1))
    }
}

/// What a unit that runs was charged for so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge(Span);

impl<P: Ord + Clone> Default for Shares<P> {
    fn default() -> Self {
        Self { projects: BTreeMap::new(), front: 0 }
    }
}

impl<P: Ord + Clone> Shares<P> {
    /// Gives a project a share, 0 to [`SHARE_MAX`]; with 0 it is served when no other one has anything to run.
    /// Before, it got so much more than it was to get, as [`ahead`](Self::ahead) said.
    pub fn set(&mut self, project: P, share: u32, ahead: Span) {
        let share = share.min(SHARE_MAX);
        let account = Account { share, pass: 0, has_work: false };
        let pass = self.front.saturating_add(account.stride(ahead));
        self.projects.insert(project, Account { pass, ..account });
    }

    /// Takes up which projects have any work here, fetched or not.
    pub fn look(&mut self, with_work: &BTreeSet<P>) {
        let had = |(project, account): &(&P, &Account)| {
            account.has_work && account.share > 0 && with_work.contains(*project)
        };
        let least = self.projects.iter().filter(had).map(|(_, account)| account.pass).min();
        self.front = self.front.max(least.unwrap_or(0));
        for (project, account) in &mut self.projects {
            let has_work = with_work.contains(project);
            if has_work && !account.has_work {
                account.pass = account.pass.max(self.front);
            }
            account.has_work = has_work;
        }
    }

    /// The one of those with something to run whose turn it is; equals in their order.
    pub fn next(&self, ready: impl IntoIterator<Item = P>) -> Option<P> {
        let account = |project: P| self.projects.get(&project).map(|account| (*account, project));
        let known = ready.into_iter().filter_map(account);
        let place =
            |(account, project): &(Account, P)| (account.share == 0, account.pass, project.clone());
        known.min_by_key(place).map(|(_, project)| project)
    }

    /// A unit of a project begins, and is expected to take so long.
    pub fn begin(&mut self, project: &P, expected: Span) -> Charge {
        let mut charge = Charge::default();
        self.charge(project, &mut charge, expected);
        charge
    }

    /// A unit has taken more time so far than it was charged for.
    pub fn charge(&mut self, project: &P, charge: &mut Charge, used: Span) {
        if let Some(account) = self.projects.get_mut(project)
            && used > charge.0
        {
            account.pass = account.pass.saturating_add(account.stride(used.minus(charge.0)));
            charge.0 = used;
        }
    }

    /// A unit has ended, or was stopped, and took so long in truth.
    pub fn end(&mut self, project: &P, mut charge: Charge, used: Span) {
        self.charge(project, &mut charge, used);
        if let Some(account) = self.projects.get_mut(project) {
            account.pass = account.pass.saturating_sub(account.stride(charge.0.minus(used)));
        }
    }

    /// How much time a project got beyond what was its due, beside the one that is furthest behind: what is to
    /// be remembered of it.
    #[must_use]
    pub fn ahead(&self, project: &P) -> Span {
        let Some(account) = self.projects.get(project) else { return Span::ZERO };
        let strides = account.pass.saturating_sub(self.front) * u128::from(account.share.max(1));
        Span(u64::try_from(strides / PARTS).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
