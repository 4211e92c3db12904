//! When whoever was drawn should have come. At the end of a job a host is drawn for many units at once, and computes them
//! one after the other: it is not late as long as it has others to compute before.

use std::collections::BTreeMap;

use crate::host::Host;
use crate::id::HostId;
use crate::store::{Store, StoreError};
use crate::time::Span;

/// A queue is counted up to here. Whatever is behind comes no later, or is given to somebody else.
const QUEUE_MAX: usize = 64;

/// For how many units it is the turn of each host that may be drawn.
#[derive(Default)]
pub(super) struct Queues(BTreeMap<HostId, u32>);

impl Queues {
    /// Reads how long these hosts' queues are.
    pub(super) fn load<'a>(
        &mut self,
        store: &dyn Store,
        hosts: impl Iterator<Item = &'a HostId>,
    ) -> Result<(), StoreError> {
        for host in hosts {
            if !self.0.contains_key(host) {
                let turns = store.turns_of(*host, QUEUE_MAX)?;
                self.0.insert(*host, u32::try_from(turns).unwrap_or(u32::MAX));
            }
        }
        Ok(())
    }

    /// How long is waited for a host that was drawn now: the time of a lease for itself, and for each unit before it that
    /// all slots of the host compute before it.
    pub(super) fn wait(&mut self, host: &Host, lease: Span) -> Span {
        let turns = self.0.entry(host.id).or_default();
        let before = *turns / u32::from(host.capabilities.slots.max(1));
        *turns = turns.saturating_add(1);
        Span(lease.0.saturating_mul(u64::from(before) + 1))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::conformance::rows::host;

    #[test]
    fn whoever_has_others_to_compute_before_is_waited_for_longer() {
        let mut host = host(1, &[]);
        Arc::make_mut(&mut host.capabilities).slots = 2;
        let mut queues = Queues::default();
        let minutes: Vec<u64> =
            (0..5).map(|_| queues.wait(&host, Span::minutes(10)).0 / 60_000).collect();
        assert_eq!(minutes, [10, 10, 20, 20, 30]);
    }
}
