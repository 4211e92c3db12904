//! The end of a job: every identity is audited as often as the plan says.

use manyhands_core::id::{HostId, JobId};
use manyhands_core::part::Part;
use manyhands_core::work_unit::Test;

use super::grid::{Grid, at};

/// What an identity has answered.
#[derive(Clone, Debug)]
struct Account {
    part: Part,
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
        let owed = self.plan.audits_owed(&account.part);
        for _ in 0..owed {
            if self.identities[at(identity)].is_caught {
                return false;
            }
            let drawn = self.chance.index(account.untested.len());
            let unit = account.untested.swap_remove(drawn);
            let row = &mut self.units[at(unit)];
            let is_its_own = row.voices.first().is_some_and(|first| first.identity == identity);
            // A catch may have changed what the account was made from: then there is another round.
            if !is_its_own || !row.test.may_be_audited() {
                continue;
            }
            row.test = Test::Audit;
            let has_auditor = row.voices.len() > 1;
            self.identities[at(identity)].audited += 1;
            if !has_auditor {
                self.audit(unit);
                self.reopen_what_rests_on_the_caught();
            }
        }
        owed == 0
    }

    fn accounts(&self) -> Vec<Account> {
        let part = Part::new(JobId(0), HostId(0));
        let mut accounts = vec![Account { part, untested: Vec::new() }; self.identities.len()];
        for (number, unit) in (0..).zip(&self.units) {
            let Some(first) = unit.voices.first() else { continue };
            let account = &mut accounts[at(first.identity)];
            account.part = account.part.with(unit.test);
            if unit.test.may_be_audited() {
                account.untested.push(number);
            }
        }
        accounts
    }
}
