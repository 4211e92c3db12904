//! The operator lets a suspended host on again: a memory module was replaced, or a verdict was wrong.
//!
//! A pardon covers what the host said before it, and gives nothing back but the chance to earn it: the
//! host begins a life without standing. Of the credit that was taken back it gets what the engine can
//! verify: that of each answer with which others agree.

use super::check;
use super::context::{Context, Decision};
use super::rows::Rows;
use crate::command::Pardon;
use crate::host::{Host, HostState, Pardoned};
use crate::id::HostId;
use crate::limits::REASON_BYTES_MAX;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::store::{Store, StoreError};

pub(super) fn load(store: &dyn Store, pardon: &Pardon) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    rows.find_host(store, pardon.host)?;
    Ok(rows)
}

pub(super) fn decide(mut rows: Rows, pardon: Pardon, cx: &mut Context<'_>) -> Decision {
    let Pardon { host, reason } = pardon;
    if let Err(refusal) = may_be(&rows, host, &reason) {
        return Decision::refuse(refusal);
    }
    let host = rows.host_mut(host);
    host.pardoned = Some(Box::new(Pardoned { at: cx.now, reason }));
    let_on(host, cx);
    Decision { reply: Reply::Pardoned, writes: rows.into_writes() }
}

fn may_be(rows: &Rows, host: HostId, reason: &str) -> Result<(), Refusal> {
    check::text("reason", reason, REASON_BYTES_MAX)?;
    let row = rows.find(host).ok_or(Refusal::UnknownHost(host))?;
    check::remembered(row)?;
    match row.state {
        HostState::Suspended { .. } => Ok(()),
        HostState::Active => Err(Refusal::NotSuspended(host)),
    }
}

/// Lets a host on again that should not have been suspended: what it vouched for is gone through once
/// more, and what others confirm is paid again.
pub(super) fn let_on(host: &mut Host, cx: &mut Context<'_>) {
    host.state = HostState::Active;
    host.standing.pardoned = host.standing.life;
    host.look_again(cx.now);
    cx.effects.due(cx.now);
}
