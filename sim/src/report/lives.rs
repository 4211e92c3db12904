//! Lies by who told them, and those that stand by on whose word they do. Each life of a host is an identity.

use std::collections::BTreeMap;

use manyhands_core::id::HostId;
use manyhands_core::work_unit::WorkUnit;

use super::PopulationReport;
use crate::clusters::Clusters;
use crate::workload::{Variant, said};

/// What every life of a host told.
#[derive(Debug, Default)]
pub(super) struct Lives(BTreeMap<(HostId, u32), Lies>);

#[derive(Clone, Copy, Debug, Default)]
struct Lies {
    told: u64,
    stand: u64,
}

impl Lives {
    /// Notes who answered a unit. If its answer `is_wrong`, that is by whoever gave it first, or left the
    /// checkpoint from which others went on to it.
    pub(super) fn note(&mut self, unit: &WorkUnit, is_wrong: bool) {
        for replica in unit.replicas.iter().filter(|replica| replica.verdict().is_some()) {
            let Some(said) = said(replica) else { continue };
            let lies = self.0.entry((replica.host, replica.life)).or_default();
            lies.told += u64::from(said != Variant::TRUTH);
        }
        let first = unit.first_valid().filter(|_| is_wrong);
        if let Some(began) = first.and_then(|first| unit.replica(first.chain)) {
            self.0.entry((began.host, began.life)).or_default().stand += 1;
        }
    }

    /// Adds them to their populations.
    pub(super) fn count(
        self,
        populations: &mut [PopulationReport],
        population: impl Fn(HostId) -> Option<usize>,
    ) {
        for ((host, _), Lies { told, stand }) in self.0 {
            let report = population(host).and_then(|at| populations.get_mut(at));
            if let Some(report) = report {
                report.clusters = report.clusters.plus(Clusters::identity(told, stand));
            }
        }
    }
}
