//! Lets somebody join: the owner of the coordinator makes an invite.

use super::check;
use super::context::{Context, Decision};
use crate::invite::{Invite, Role};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::store::Write;

pub(super) fn decide(invite: Invite, cx: &Context<'_>) -> Decision {
    if let Err(refusal) = check_invite(&invite, cx) {
        return Decision::refuse(refusal);
    }
    Decision { reply: Reply::Invited, writes: vec![Write::PutInvite(invite)] }
}

fn check_invite(invite: &Invite, cx: &Context<'_>) -> Result<(), Refusal> {
    check::within("uses_left", invite.uses_left.into(), 1, u32::MAX.into())?;
    if invite.expires_at <= cx.now {
        return Err(Refusal::InviteExpired);
    }
    match &invite.role {
        Role::Host { volunteer: Some(name) } => check::name("volunteer", name),
        Role::Host { volunteer: None } | Role::Scientist => Ok(()),
    }
}
