//! For which project to compute next, where a volunteer gives to several: stride scheduling
//! (Waldspurger and Weihl, 1995).
//!
//! Each project has a *pass*: the time that it got, divided by its share. The one with the least pass is
//! next. So over time each gets time in proportion to its share, whatever its units take, and a project
//! without work is passed over. When it has work again it begins where the others are: what it could not
//! use is not owed to it, or it would have the machine for itself for days.

use std::collections::BTreeMap;

use crate::time::Span;

/// Largest share. A share is a weight: 2 gets twice what 1 gets.
pub const SHARE_MAX: u32 = 1_000_000;

/// Passes are counted in parts of a millisecond, so that large shares do not round to nothing.
const PARTS: u128 = SHARE_MAX as u128;

/// What projects got, and are to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares<P> {
    projects: BTreeMap<P, Account>,
    /// The pass of whoever was chosen last: nobody begins before it.
    front: u128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Account {
    share: u32,
    pass: u128,
}

impl<P: Ord + Clone> Default for Shares<P> {
    fn default() -> Self {
        Self { projects: BTreeMap::new(), front: 0 }
    }
}

impl<P: Ord + Clone> Shares<P> {
    /// Gives a project a share, 0 to [`SHARE_MAX`]; with 0 it is served when no other one has work.
    pub fn set(&mut self, project: P, share: u32) {
        let share = share.min(SHARE_MAX);
        let front = self.front;
        self.projects.entry(project).or_insert(Account { share, pass: front }).share = share;
    }

    /// Forgets a project.
    pub fn remove(&mut self, project: &P) {
        self.projects.remove(project);
    }

    /// The one of those that have work whose turn it is; equals in their order.
    pub fn choose(&mut self, with_work: impl IntoIterator<Item = P>) -> Option<P> {
        let account = |project: P| self.projects.get(&project).map(|account| (*account, project));
        let known = with_work.into_iter().filter_map(account);
        let place = |(account, project): &(Account, P)| {
            (account.share == 0, account.pass.max(self.front), project.clone())
        };
        let (account, chosen) = known.min_by_key(place)?;
        if account.share > 0 {
            self.front = self.front.max(account.pass);
        }
        Some(chosen)
    }

    /// Takes up that so much time was used for a project.
    pub fn used(&mut self, project: &P, time: Span) {
        let front = self.front;
        let Some(account) = self.projects.get_mut(project) else { return };
        let stride = u128::from(time.0) * PARTS / u128::from(account.share.max(1));
        account.pass = account.pass.max(front).saturating_add(stride);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Serves units of 1 to 7 minutes to whoever has work; says how many minutes each got.
    fn serve(shares: &mut Shares<char>, turns: u32, with_work: &str) -> BTreeMap<char, u32> {
        let mut got = BTreeMap::new();
        for turn in 0..turns {
            let minutes = 1 + turn * 5 % 7;
            let chosen = shares.choose(with_work.chars()).unwrap();
            shares.used(&chosen, Span::minutes(minutes));
            *got.entry(chosen).or_insert(0) += minutes;
        }
        got
    }

    fn shares(each: &[(char, u32)]) -> Shares<char> {
        let mut shares = Shares::default();
        each.iter().for_each(|(project, share)| shares.set(*project, *share));
        shares
    }

    #[test]
    fn time_is_given_in_proportion_to_the_shares_whatever_units_take() {
        let got = serve(&mut shares(&[('a', 1), ('b', 2), ('c', 5)]), 2_000, "abc");
        let all: u32 = got.values().sum();
        for (project, eighths) in [('a', 1), ('b', 2), ('c', 5)] {
            assert!(got[&project].abs_diff(all * eighths / 8) <= 2 * 7, "{got:?}");
        }
    }

    #[test]
    fn who_had_no_work_is_owed_nothing() {
        let mut shares = shares(&[('a', 1), ('b', 1)]);
        serve(&mut shares, 1_000, "a");
        let got = serve(&mut shares, 100, "ab");
        assert!(got[&'a'].abs_diff(got[&'b']) <= 2 * 7, "{got:?}");
    }

    #[test]
    fn who_joins_late_is_owed_nothing_either() {
        let mut shares = shares(&[('a', 1)]);
        serve(&mut shares, 1_000, "a");
        shares.set('b', 1);
        let got = serve(&mut shares, 100, "ab");
        assert!(got[&'a'].abs_diff(got[&'b']) <= 2 * 7, "{got:?}");
    }

    #[test]
    fn a_share_of_nothing_is_served_when_nobody_else_has_work() {
        let mut shares = shares(&[('a', 0), ('b', 1)]);
        assert_eq!(serve(&mut shares, 10, "ab").keys().collect::<Vec<_>>(), [&'b']);
        assert_eq!(shares.choose("a".chars()), Some('a'));
        assert_eq!(shares.choose("z".chars()), None);
    }
}
