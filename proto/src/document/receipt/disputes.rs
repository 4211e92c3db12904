//! What a receipt says of disputes about steps.

use manyhands_core::id::HostId;
use manyhands_core::query::{BrokenEngine, Disputes};
use serde::{Deserialize, Serialize};

/// What disputes came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisputeFacts {
    /// How many have ended.
    pub settled: u64,
    /// Of those, the ones that found somebody wrong.
    pub found_wrong: u64,
    /// Engines whose hosts, of several volunteers, were refuted by hosts with other ones only; the first 16.
    pub broken_engines: Vec<BrokenEngineFacts>,
}

/// An engine that seems to be broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokenEngineFacts {
    /// Its version.
    pub engine: String,
    /// Its instruction set.
    pub isa: String,
    /// The numbers of the hosts that were refuted; the first 100.
    pub hosts: Vec<u64>,
}

impl From<&Disputes> for DisputeFacts {
    fn from(disputes: &Disputes) -> Self {
        let engine = |of: &BrokenEngine| BrokenEngineFacts {
            engine: of.engine.clone(),
            isa: of.isa.clone(),
            hosts: of.hosts.iter().map(|host| host.0).collect(),
        };
        Self {
            settled: disputes.settled,
            found_wrong: disputes.found_wrong,
            broken_engines: disputes.broken.iter().map(engine).collect(),
        }
    }
}

impl From<&DisputeFacts> for Disputes {
    fn from(facts: &DisputeFacts) -> Self {
        let engine = |of: &BrokenEngineFacts| BrokenEngine {
            engine: of.engine.clone(),
            isa: of.isa.clone(),
            hosts: of.hosts.iter().copied().map(HostId).collect(),
        };
        Self {
            settled: facts.settled,
            found_wrong: facts.found_wrong,
            broken: facts.broken_engines.iter().map(engine).collect(),
        }
    }
}
