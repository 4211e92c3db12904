//! A scientist joins. The same key again changes nothing and uses no invite up.

use super::context::{Context, Decision};
use super::{admission, check};
use crate::account::Account;
use crate::command::Admit;
use crate::invite::{Invite, Role};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::store::{Store, StoreError, Write};

pub(super) struct Loaded {
    account: Option<Account>,
    invite: Option<Invite>,
}

pub(super) fn load(store: &dyn Store, admit: &Admit) -> Result<Loaded, StoreError> {
    Ok(Loaded { account: store.account(&admit.key)?, invite: store.invite(&admit.token)? })
}

pub(super) fn decide(loaded: Loaded, admit: Admit, cx: &Context<'_>) -> Decision {
    if loaded.account.is_some() {
        return Decision { reply: Reply::Admitted, writes: Vec::new() };
    }
    match redeem(loaded.invite, &admit, cx) {
        Err(refusal) => Decision::refuse(refusal),
        Ok(invite) => {
            let account = Account { key: admit.key, name: admit.name, admitted_at: cx.now };
            let writes = vec![Write::PutInvite(invite), Write::PutAccount(account)];
            Decision { reply: Reply::Admitted, writes }
        }
    }
}

fn redeem(invite: Option<Invite>, admit: &Admit, cx: &Context<'_>) -> Result<Invite, Refusal> {
    check::name("name", &admit.name)?;
    let invite = admission::redeem(invite, cx)?;
    match invite.role {
        Role::Scientist => Ok(invite),
        Role::Host { .. } => Err(Refusal::InviteForOther(invite.role)),
    }
}
