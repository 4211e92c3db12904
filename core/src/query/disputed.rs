//! What disputes found, in words: of a unit, of a host, and of an engine that many hosts share.

use std::collections::BTreeMap;

use super::words::listed;
use crate::dispute::{Dispute, Ended, UnderWay};
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId, VolunteerId};
use crate::limits::PAGE_MAX;
use crate::store::{Store, StoreError};
use crate::trust::bisect::{Finding, Next};

/// So many volunteers with one engine that others refuted are no coincidence.
const VICTIMS_MIN: usize = 2;

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
        if let Some(victims) = victims(store, disputes, host)? {
            let kind = &host.capabilities;
            text.push_str(&format!(
                "; {}, all with engine {} on {}, computed the same program wrongly by the word of \
                 hosts with other ones: that engine may be broken",
                listed("host", &victims),
                kind.version,
                kind.isa,
            ));
            break;
        }
    }
    Ok(text)
}

/// The hosts of several volunteers with the engine and instruction set of this one that were refuted by
/// hosts with other ones only, if it is one of them.
fn victims(
    store: &dyn Store,
    disputes: &[Dispute],
    host: &Host,
) -> Result<Option<Vec<HostId>>, StoreError> {
    let kind = |of: &Host| (of.capabilities.isa.clone(), of.capabilities.version.clone());
    let mut victims: BTreeMap<HostId, VolunteerId> = BTreeMap::new();
    for ended in disputes.iter().flat_map(|dispute| &dispute.ended) {
        for (loser, finding) in ended.hosts.iter().zip(ended.findings) {
            let Some(loser) = store.host(*loser)?.filter(|it| kind(it) == kind(host)) else {
                continue;
            };
            let mut judges = Vec::new();
            for judge in &ended.judges {
                judges.extend(store.host(*judge)?);
            }
            let is_by_others = judges.iter().all(|judge| kind(judge) != kind(host));
            if finding == Finding::Refuted && is_by_others {
                victims.insert(loser.id, loser.volunteer);
            }
        }
    }
    let mut volunteers: Vec<_> = victims.values().collect();
    volunteers.sort_unstable();
    volunteers.dedup();
    let are_many = volunteers.len() >= VICTIMS_MIN && victims.contains_key(&host.id);
    Ok(are_many.then(|| victims.into_keys().collect()))
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
