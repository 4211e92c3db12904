//! What must hold of the ledger.

use std::collections::BTreeMap;

use super::{Snapshot, Violation, broken, ensure, unit};
use crate::credit::MicroCredits;
use crate::id::{HostId, ReplicaId};
use crate::ledger::{Entry, Head, Kind};
use crate::limits::PAGE_MAX;
use crate::store::Store;

/// Grants that stand, by replica.
type Standing = BTreeMap<ReplicaId, (HostId, MicroCredits)>;

/// The chain holds; no replica is paid twice, and what is taken back is just what it was paid; what
/// stands is what the units' rows say, and each host's credit is the sum of it. That what is valid
/// is paid, and what is not is taken back, `unit` checks.
pub(super) fn check(store: &dyn Store, snapshot: &Snapshot) -> Result<(), Violation> {
    let standing = read(store)?;
    let mut paid = Standing::new();
    for unit in &snapshot.units {
        let job = &snapshot.jobs[&unit.id.job];
        let replicas = unit.replicas.iter().filter(|replica| replica.is_paid);
        paid.extend(replicas.map(|r| (unit.replica_id(r.number), (r.host, unit::pay(r, job)))));
    }
    ensure(standing == paid, format_args!("ledger: {standing:?} stands, {paid:?} was paid"))?;
    let mut sums: BTreeMap<HostId, MicroCredits> = BTreeMap::new();
    for (host, amount) in standing.values() {
        let sum = sums.entry(*host).or_default();
        *sum = sum.plus(*amount);
    }
    for host in snapshot.hosts.values() {
        let sum = sums.get(&host.id).copied().unwrap_or_default();
        ensure(host.credit == sum, format_args!("host {}: credit is not what stands", host.id))?;
    }
    Ok(())
}

fn read(store: &dyn Store) -> Result<Standing, Violation> {
    let (mut standing, mut head) = (Standing::new(), Head::EMPTY);
    loop {
        let page = store.ledger(head.rows, PAGE_MAX)?;
        for row in &page {
            head.follow(row).map_err(|error| broken(format_args!("ledger: {error}")))?;
            book(&mut standing, &row.entry)?;
        }
        if page.is_empty() {
            break;
        }
    }
    ensure(store.ledger_head()? == head, format_args!("ledger: its head is not {head:?}"))?;
    Ok(standing)
}

fn book(standing: &mut Standing, entry: &Entry) -> Result<(), Violation> {
    let Entry { kind, replica, host, amount, .. } = *entry;
    let before = match kind {
        Kind::Grant => standing.insert(replica, (host, amount)),
        Kind::TakeBack => standing.remove(&replica),
    };
    let expected = match kind {
        Kind::Grant => None,
        Kind::TakeBack => Some((host, amount)),
    };
    ensure(before == expected, format_args!("ledger: {kind} for {replica} after {before:?}"))
}
