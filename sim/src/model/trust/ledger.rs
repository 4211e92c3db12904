//! The end of a job: every identity is audited as often as the plan says, whatever chance has left
//! out on the way.

use super::grid::{Grid, at};

/// What an identity has answered alone.
#[derive(Clone, Debug, Default)]
struct Account {
    tested: u64,
    untested: Vec<u32>,
}

impl Grid<'_> {
    /// Draws the audits that are owed, until none is.
    pub(super) fn settle_accounts(&mut self) {
        loop {
            let mut is_settled = true;
            for (identity, account) in (0..).zip(self.accounts()) {
                is_settled &= self.settle(identity, account);
            }
            if is_settled {
                return;
            }
        }
    }

    /// Whether nothing was owed.
    fn settle(&mut self, identity: u32, mut account: Account) -> bool {
        let answered = account.tested + account.untested.len() as u64;
        let owed = self.plan.audits_owed(answered, account.tested);
        for _ in 0..owed {
            if self.identities[at(identity)].is_caught {
                return false;
            }
            let drawn = self.chance.index(account.untested.len());
            let unit = account.untested.swap_remove(drawn);
            let row = &mut self.units[at(unit)];
            let is_its_own = row.voices.first().is_some_and(|first| first.identity == identity);
            // A catch may have changed what the account was made from: then there is another round.
            if !is_its_own || std::mem::replace(&mut row.is_tested, true) {
                continue;
            }
            if row.voices.len() == 1 {
                self.audit(unit);
                self.reopen_what_rests_on_the_caught();
            }
        }
        owed == 0
    }

    fn accounts(&self) -> Vec<Account> {
        let mut accounts = vec![Account::default(); self.identities.len()];
        for (number, unit) in (0..).zip(&self.units) {
            let Some(first) = unit.voices.first() else { continue };
            let account = &mut accounts[at(first.identity)];
            if unit.is_tested {
                account.tested += 1;
            } else {
                account.untested.push(number);
            }
        }
        accounts
    }
}
