//! What must hold of a host that is forgotten: nothing describes it any more, and nothing comes back.

use std::collections::BTreeMap;

use super::{Violation, broken, ensure};
use crate::host::Host;
use crate::id::HostId;
use crate::time::Timestamp;

/// Nothing is left that describes it.
pub(super) fn check(host: &Host) -> Result<(), Violation> {
    if !host.is_forgotten() {
        return Ok(());
    }
    let has = &host.capabilities;
    let offers = has.slots > 0 || has.memory_bytes > 0 || !has.profiles.is_empty();
    let is_described = offers || !has.os.is_empty() || !host.nickname.is_empty();
    let is_placed = host.block.is_some() || host.pardoned.is_some();
    let is_dated = host.seen_at > Timestamp(0) || host.enrolled_at > Timestamp(0);
    let is_bare = !is_described && !is_placed && !is_dated;
    ensure(is_bare, format_args!("host {} is forgotten, and described: {host:?}", host.id))
}

/// Whoever is forgotten stays so, and gets nothing new; no host loses its key or number.
pub(super) fn check_step(old: &Host, after: &BTreeMap<HostId, Host>) -> Result<(), Violation> {
    let new = after.get(&old.id);
    let new = new.ok_or_else(|| broken(format_args!("host {} has vanished", old.id)))?;
    let is_same = (new.key, new.volunteer) == (old.key, old.volunteer);
    ensure(is_same, format_args!("host {} is another one now", old.id))?;
    if !old.is_forgotten() {
        return Ok(());
    }
    let is_so = new.forgotten_at == old.forgotten_at;
    ensure(is_so, format_args!("host {} was forgotten, and is known again", old.id))?;
    let is_old = new.leases.iter().all(|lease| old.lease(lease.replica).is_some());
    ensure(is_old, format_args!("host {} is forgotten, and got a lease", old.id))
}
