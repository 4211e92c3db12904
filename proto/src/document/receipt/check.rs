//! Whether a receipt agrees with itself. A coordinator that signs nonsense is caught here.

use std::collections::BTreeSet;

use super::{DisputeFacts, HostFacts, Receipt, Share};

pub(super) const ACTIVE: &str = "active";
pub(super) const SUSPENDED: &str = "suspended";

/// Two parts of a receipt that cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is signed, but contradicts itself: {0}")]
pub struct Inconsistent(String);

/// Checks every number that follows from others.
pub(super) fn check(receipt: &Receipt) -> Result<(), Inconsistent> {
    check_units(receipt)?;
    check_replicas(receipt)?;
    check_assurance(receipt)?;
    check_disputes(receipt)?;
    check_hosts(receipt)
}

fn check_units(receipt: &Receipt) -> Result<(), Inconsistent> {
    let units = &receipt.units;
    let begun = [units.open, units.validated, units.done, units.failed, units.cancelled];
    let begun = sum(begun);
    let total = sum([begun, units.never_begun]);
    ensure(total == units.total, "the units by state are not all units")?;
    ensure(count(&receipt.copies) == begun, "`copies` does not count every unit that was begun")?;
    let has_outputs = sum([units.validated, units.done]);
    let agreeing = count(&receipt.agreeing);
    ensure(agreeing == has_outputs, "`agreeing` does not count every unit with outputs")?;
    let is_over = match receipt.job.state.as_str() {
        "finished" => {
            let open = sum([units.open, units.validated, units.never_begun, units.cancelled]);
            ensure(open == 0, "the job is finished and has units that are not")?;
            true
        }
        "cancelled" => {
            ensure(units.open == 0, "the job is cancelled and has open units")?;
            true
        }
        "open" | "auditing" | "cancelling" => false,
        _ => return Err(Inconsistent("`job.state` is none".to_owned())),
    };
    let has_end = receipt.job.ended_at_ms.is_some();
    let has_digest = receipt.outputs.is_some();
    ensure(has_end == is_over, "`job.ended_at_ms` and `job.state`")?;
    ensure(has_digest == is_over, "`outputs` is there exactly when the job has ended")
}

fn check_replicas(receipt: &Receipt) -> Result<(), Inconsistent> {
    let replicas = &receipt.replicas;
    ensure(copies(&receipt.copies) == replicas.leased, "`copies` and `replicas.leased`")?;
    ensure(copies(&receipt.agreeing) <= replicas.valid, "`agreeing` and `replicas.valid`")?;
    let judged = sum([replicas.valid, replicas.invalid]);
    ensure(judged <= replicas.leased, "more replicas were judged than there were")
}

/// What follows from the quorum holds for each unit with outputs.
fn check_assurance(receipt: &Receipt) -> Result<(), Inconsistent> {
    let is_audited = receipt.policy.confidence.is_some();
    let quorum = if is_audited { 1 } else { receipt.policy.quorum };
    ensure(receipt.assurance.audits.is_some() == is_audited, "`assurance.audits`")?;
    if let Some(audits) = receipt.assurance.audits {
        let is_part = audits.audited <= audits.believed && audits.believed <= receipt.units.total;
        ensure(is_part, "`assurance.audits` and `units.total`")?;
    }
    ensure(receipt.assurance.quorum == quorum, "`assurance.quorum` and `policy.quorum`")?;
    let has_quorum = |share: &Share| share.copies >= quorum.into();
    ensure(receipt.agreeing.iter().all(has_quorum), "a unit has outputs without its quorum")
}

/// A dispute has two parties, and there are none where a quorum counts.
fn check_disputes(receipt: &Receipt) -> Result<(), Inconsistent> {
    let Some(disputes) = &receipt.disputes else { return Ok(()) };
    let DisputeFacts { settled, found_wrong, broken_engines } = disputes;
    ensure(found_wrong <= settled, "`disputes.found_wrong` and `disputes.settled`")?;
    let may_be = *settled == 0 || receipt.policy.confidence.is_some();
    ensure(may_be, "`disputes`, of a job without a confidence")?;
    let are_hosts = |hosts: &[u64]| hosts.len() > 1 && hosts.is_sorted_by(|a, b| a < b);
    let are_sets = broken_engines.iter().all(|engine| are_hosts(&engine.hosts));
    ensure(are_sets, "the hosts of an engine in `disputes` are not several in order")?;
    let blamed = sum(broken_engines.iter().map(|engine| engine.hosts.len() as u64));
    let are_parties = blamed <= found_wrong.saturating_mul(2);
    ensure(are_parties, "`disputes` name more hosts than were found wrong")
}

fn check_hosts(receipt: &Receipt) -> Result<(), Inconsistent> {
    let hosts = &receipt.hosts;
    let is_sorted = hosts.is_sorted_by(|a, b| a.id < b.id);
    ensure(is_sorted, "`hosts` are not in order, or one is there twice")?;
    let named = hosts.len() as u64;
    ensure(named <= receipt.hosts_total, "`hosts` are more than `hosts_total`")?;
    let is_known = |host: &HostFacts| [ACTIVE, SUSPENDED].contains(&host.standing.as_str());
    ensure(hosts.iter().all(is_known), "a host's `standing` is none")?;
    let voices = |of: fn(&HostFacts) -> u64| hosts.iter().map(of).fold(0, u64::saturating_add);
    let (valid, invalid) = (voices(|host| host.valid), voices(|host| host.invalid));
    let (all_valid, all_invalid) = (receipt.replicas.valid, receipt.replicas.invalid);
    let is_within = valid <= all_valid && invalid <= all_invalid;
    ensure(is_within, "hosts have more answers than there are")?;
    let is_whole = (valid, invalid) == (all_valid, all_invalid);
    let all_named = named == receipt.hosts_total;
    ensure(is_whole || !all_named, "the hosts' answers are not all answers")?;

    let sound = || hosts.iter().filter(|host| host.standing == ACTIVE && host.valid > 0);
    let volunteers: BTreeSet<u64> = sound().map(|host| host.volunteer).collect();
    ensure(volunteers.len() as u64 == receipt.volunteers, "`volunteers` and `hosts`")?;
    let isas: BTreeSet<&String> = sound().map(|host| &host.isa).collect();
    ensure(isas.into_iter().eq(&receipt.isas), "`isas` and `hosts`")
}

fn count(shares: &[Share]) -> u64 {
    sum(shares.iter().map(|share| share.units))
}

fn copies(shares: &[Share]) -> u64 {
    sum(shares.iter().map(|share| share.units.saturating_mul(share.copies)))
}

fn sum(numbers: impl IntoIterator<Item = u64>) -> u64 {
    numbers.into_iter().fold(0, u64::saturating_add)
}

fn ensure(holds: bool, what: &str) -> Result<(), Inconsistent> {
    if holds { Ok(()) } else { Err(Inconsistent(what.to_owned())) }
}
