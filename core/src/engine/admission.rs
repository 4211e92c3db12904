//! Whether an invite admits its bearer: shared by the commands that use one up.

use super::context::Context;
use crate::invite::Invite;
use crate::refusal::Refusal;

/// Uses the invite up by one.
pub(super) fn redeem(invite: Option<Invite>, cx: &Context<'_>) -> Result<Invite, Refusal> {
    let mut invite = invite.ok_or(Refusal::UnknownInvite)?;
    if invite.expires_at <= cx.now {
        return Err(Refusal::InviteExpired);
    }
    invite.uses_left = invite.uses_left.checked_sub(1).ok_or(Refusal::InviteUsedUp)?;
    Ok(invite)
}
