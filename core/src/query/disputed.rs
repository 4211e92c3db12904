//! What disputes found, in words: of a unit, and of a host.

use std::collections::BTreeMap;

use super::disputes;
use super::words::listed;
use crate::dispute::{Dispute, Ended, UnderWay};
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId};
use crate::limits::PAGE_MAX;
use crate::store::{Store, StoreError};
use crate::trust::bisect::{Finding, Next};

/// How a dispute that is under way goes on.
pub(super) fn under_way(unit: UnitId, of: &UnderWay) -> String {
    let [first, second] = of.parties.map(|party| party.host);
    let differ = format!("unit {unit} is disputed: hosts {first} and {second} differ about it");
    match of.bisection.next() {
        Next::Ask { calls } => {
            format!("{differ}, and are asked how their runs stood after {calls} steps")
        }
        Next::Judge { calls, .. } => {
            format!("{differ} from step {calls} on, and others are asked to compute that step")
        }
    }
}

/// What was found in disputes about the unit, each in a sentence that goes on from another.
pub(super) fn found(dispute: &Dispute) -> String {
    let ended = dispute.ended.iter().flat_map(|ended| sentences(dispute.unit, ended));
    ended.map(|(_, found)| format!("; {found}")).collect()
}

fn sentences(unit: UnitId, of: &Ended) -> Vec<(HostId, String)> {
    let Ended { hosts, findings, call, judges, .. } = of;
    let found = |host: HostId, finding| match finding {
        Finding::Stands => None,
        Finding::Silent => {
            Some(format!("host {host} did not repeat its run of unit {unit} up to step {call}"))
        }
        Finding::Contradicted => Some(format!(
            "host {host} took back at step {call} of unit {unit} what it had said of its run"
        )),
        Finding::Refuted => Some(format!(
            "host {host} computed step {call} of unit {unit} wrongly, by the word of {}",
            listed("host", judges),
        )),
    };
    let both = hosts.iter().zip(findings);
    both.filter_map(|(host, finding)| Some((*host, found(*host, *finding)?))).collect()
}

/// What was found of a host, and of the engine that it shares with others.
pub(super) fn of_host(store: &dyn Store, host: &Host) -> Result<String, StoreError> {
    let mut text = String::new();
    let mut jobs: BTreeMap<JobId, Vec<Dispute>> = BTreeMap::new();
    each(store, |dispute| {
        let own = dispute.ended.iter().flat_map(|ended| sentences(dispute.unit, ended));
        let own: String =
            own.filter(|(of, _)| *of == host.id).map(|(_, found)| format!("; {found}")).collect();
        text.push_str(&own);
        jobs.entry(dispute.unit.job).or_default().push(dispute);
    })?;
    for disputes in jobs.values() {
        if let Some(engine) = disputes::engine_of(store, disputes, host.id)? {
            text.push_str(&format!("; {engine}"));
            break;
        }
    }
    Ok(text)
}

fn each(store: &dyn Store, mut visit: impl FnMut(Dispute)) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.disputes(after, PAGE_MAX)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.unit);
        page.into_iter().for_each(&mut visit);
    }
}
