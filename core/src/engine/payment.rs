//! What a replica is paid when a quorum agrees with it, and what is taken back if that turns out to
//! be wrong.
//!
//! A replica is paid while one grant for it stands, and never has two. The amount follows from what
//! it counted and from its job's policy, so what is taken back is just what was paid.

use super::rows::Rows;
use crate::credit::{self, MicroCredits};
use crate::id::{ReplicaId, UnitId};
use crate::ledger::{Entry, Kind};
use crate::replica::{Replica, Verdict};
use crate::time::Timestamp;

/// Pays for a replica, unless it is paid.
pub(super) fn pay(rows: &mut Rows, id: ReplicaId, now: Timestamp) {
    book(rows, id, Kind::Grant, now);
}

/// Takes back what a replica was paid, if it was.
pub(super) fn take_back(rows: &mut Rows, id: ReplicaId, now: Timestamp) {
    book(rows, id, Kind::TakeBack, now);
}

/// Takes back what replicas of hosts that were caught since were paid for a unit that does not rest on the
/// others' word alone. Their partners keep theirs: if they lied, the next quorum will say so.
pub(super) fn take_back_from_caught(rows: &mut Rows, unit: UnitId, now: Timestamp) {
    let replicas = rows.unit(unit).map(|unit| unit.replicas.as_slice()).unwrap_or_default();
    let life = |host| rows.host(host).standing.life;
    let caught = replicas.iter().filter(|r| r.is_voice && r.life != life(r.host));
    let numbers: Vec<u16> = caught.map(|replica| replica.number).collect();
    numbers.into_iter().for_each(|number| take_back(rows, unit.replica(number), now));
}

/// Takes back what replicas of hosts that were caught since were paid for something else than what stands:
/// they have no voice any more, and so get no verdict.
pub(super) fn take_back_from_refuted(rows: &mut Rows, unit: UnitId, now: Timestamp) {
    let replicas = rows.unit(unit).map(|unit| unit.replicas.as_slice()).unwrap_or_default();
    let valid = replicas.iter().find(|replica| replica.verdict() == Some(Verdict::Valid));
    let Some(stands) = valid.and_then(Replica::class) else { return };
    let life = |host| rows.host(host).standing.life;
    let caught = replicas.iter().filter(|r| r.life != life(r.host));
    let refuted = caught.filter(|r| r.class().is_some_and(|class| class != stands));
    let numbers: Vec<u16> = refuted.map(|replica| replica.number).collect();
    numbers.into_iter().for_each(|number| take_back(rows, unit.replica(number), now));
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
