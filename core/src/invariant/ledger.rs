//! What must hold of the ledger.

use std::collections::BTreeMap;

use super::{Violation, broken, ensure};
use crate::credit::MicroCredits;
use crate::host::Host;
use crate::id::{HostId, ReplicaId};
use crate::limits::PAGE_MAX;
use crate::store::Store;
use crate::work_unit::WorkUnit;

/// Every replica that was paid has exactly one row, nothing else has one, no grant is above its
/// claim, and each host's credit is the sum of its rows. What is valid was paid: `unit` checks that.
pub(super) fn check(
    store: &dyn Store,
    units: &[WorkUnit],
    hosts: &BTreeMap<HostId, Host>,
) -> Result<(), Violation> {
    let mut paid: BTreeMap<ReplicaId, HostId> = BTreeMap::new();
    for unit in units {
        let replicas = unit.replicas.iter().filter(|replica| replica.is_paid);
        paid.extend(replicas.map(|r| (unit.replica_id(r.number), r.host)));
    }
    let mut sums: BTreeMap<HostId, MicroCredits> = BTreeMap::new();
    let mut skip = 0;
    loop {
        let page = store.ledger(skip, PAGE_MAX)?;
        if page.is_empty() {
            break;
        }
        skip += page.len() as u64;
        for row in page {
            let owner = paid.remove(&row.replica);
            ensure(
                owner == Some(row.host),
                format_args!(
                    "ledger: replica {} is not marked as paid, or was paid before",
                    row.replica
                ),
            )?;
            ensure(
                row.grant <= row.claim,
                format_args!("ledger: {} above its claim", row.replica),
            )?;
            let sum = sums.entry(row.host).or_default();
            *sum = sum.plus(row.grant);
        }
    }
    if let Some((replica, _)) = paid.first_key_value() {
        return Err(broken(format_args!("ledger: replica {replica} has no row")));
    }
    for host in hosts.values() {
        let sum = sums.get(&host.id).copied().unwrap_or_default();
        ensure(host.credit == sum, format_args!("host {}: credit is not its grants", host.id))?;
    }
    Ok(())
}
