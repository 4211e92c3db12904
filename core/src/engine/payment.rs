//! What a replica is paid when a quorum agrees with it, and what is taken back if that turns out to
//! be wrong, or given back if that was.
//!
//! A replica is paid while one grant for it stands, and never has two. The amount follows from what
//! it counted and from its job's policy, so what is taken back is just what was paid.

use super::rows::Rows;
use crate::credit::{self, MicroCredits};
use crate::id::{ReplicaId, UnitId};
use crate::ledger::{Entry, Kind};
use crate::replica::{Class, Replica};
use crate::time::Timestamp;

/// Pays for a replica, unless it is paid.
pub(super) fn pay(rows: &mut Rows, id: ReplicaId, now: Timestamp) {
    book(rows, id, Kind::Grant, now);
}

/// Takes back what a replica was paid, if it was.
pub(super) fn take_back(rows: &mut Rows, id: ReplicaId, now: Timestamp) {
    book(rows, id, Kind::TakeBack, now);
}

/// Sees to the pay of replicas of hosts that were caught since: they have no voice any more, and so get
/// no verdict.
///
/// Where nothing `stands` without them, what their voices were paid is taken back. Their partners keep
/// theirs: if they lied, the next quorum will say so. Where something stands, who said something else
/// loses what they were paid, and who said the same and was pardoned is paid.
pub(super) fn settle_with_caught(
    rows: &mut Rows,
    unit: UnitId,
    stands: Option<Class>,
    now: Timestamp,
) {
    let replicas = rows.unit(unit).map(|unit| unit.replicas.as_slice()).unwrap_or_default();
    let due = |replica: &Replica| {
        let standing = rows.host(replica.host).standing;
        if replica.life == standing.life || replica.class().is_none() {
            return None;
        }
        let is_pardoned = replica.life < standing.pardoned;
        match stands {
            None => replica.is_voice.then_some(Kind::TakeBack),
            Some(_) if replica.class() == stands => is_pardoned.then_some(Kind::Grant),
            Some(_) => Some(Kind::TakeBack),
        }
    };
    let due: Vec<_> = replicas.iter().filter_map(|r| Some((r.number, due(r)?))).collect();
    for (number, kind) in due {
        book(rows, unit.replica(number), kind, now);
    }
}

fn book(rows: &mut Rows, id: ReplicaId, kind: Kind, at: Timestamp) {
    let is_paid = match kind {
        Kind::Grant => true,
        Kind::TakeBack => false,
    };
    let unit = rows.unit(id.unit);
    let Some(replica) = unit.and_then(|unit| unit.replica(id.number)) else { return };
    if replica.is_paid == is_paid {
        return;
    }
    let (host, volunteer) = (replica.host, replica.volunteer);
    let amount = worth(rows, id, replica);
    if !is_paid && amount == MicroCredits(0) {
        // Nothing is nothing. And what was granted for time, before work was counted, stays.
        return;
    }
    if let Some(replica) = rows.unit_mut(id.unit).replica_mut(id.number) {
        replica.is_paid = is_paid;
    }
    let row = rows.host_mut(host);
    row.credit = match kind {
        Kind::Grant => row.credit.plus(amount),
        Kind::TakeBack => row.credit.minus(amount),
    };
    rows.append(Entry { kind, replica: id, host, volunteer, amount, at });
}

fn worth(rows: &Rows, id: ReplicaId, replica: &Replica) -> MicroCredits {
    let cpu_ms_max = rows.job(id.unit.job).policy.cpu_ms_max.0;
    credit::claim(replica.usage().unwrap_or_default().work, cpu_ms_max)
}
