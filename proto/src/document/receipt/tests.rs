//! A receipt of a small job, and receipts that a careless or lying coordinator might sign.

use std::collections::BTreeSet;

use manyhands_core::credit::MicroCredits;
use manyhands_core::digest::Digest;
use manyhands_core::host::{Counters, HostState, Standing};
use manyhands_core::id::{HostId, JobId, VolunteerId};
use manyhands_core::job::{Counts, Tally};
use manyhands_core::key::{Key, Signature};
use manyhands_core::order::Order;
use manyhands_core::policy::Policy;
use manyhands_core::query::Disputes;
use manyhands_core::replica::{self, Output, Replica, ReplicaState, Usage, Verdict};
use manyhands_core::requirement::{Capabilities, Kind, Requirement};
use manyhands_core::work_unit::{UnitState, WorkUnit};
use proptest::prelude::*;

use super::*;

fn coordinator() -> Identity {
    Identity::from_seed(&[1; 32])
}

fn job() -> Job {
    Job {
        id: JobId(3),
        manifest: Digest([5; 32]),
        submitter: Key([6; 32]),
        signature: Signature([7; 64]),
        name: "Ada's \"sweep\"".to_owned(),
        units_total: 2,
        file_axis: None,
        begun_ahead: 0,
        requirement: Requirement { kind: Kind::Command, memory_bytes_max: 1, profile: 1 },
        policy: Policy { quorum: 2, ..Policy::default() },
        order: Order::default(),
        parts: 0,
        state: JobState::Finished,
        counts: Counts::default(),
        tally: Tally::default(),
        submitted_at: Timestamp(1_700_000_000_000),
        ended_at: Some(Timestamp(1_700_000_000_009)),
    }
}

fn replica(number: u16, text: &str, verdict: Verdict) -> Replica {
    let outputs = vec![Output::inline("stdout", text.as_bytes().to_vec())];
    let answer = replica::answer(&outputs);
    Replica {
        number,
        host: HostId(u64::from(number) + 1),
        volunteer: VolunteerId(u64::from(number) + 11),
        block: None,
        life: 0,
        is_voice: true,
        chain: number,
        lineage: Vec::new(),
        leased_at: Timestamp(0),
        resumed_from: None,
        checkpoint: None,
        sealed: None,
        is_paid: true,
        signed: None,
        state: ReplicaState::Success { outputs, answer, usage: Usage::default(), verdict },
    }
}

fn host(id: u64, state: HostState) -> Host {
    let isa = ["aarch64", "x86_64"][usize::from(id.is_multiple_of(2))].to_owned();
    let (os, version) = ("linux".to_owned(), "1".to_owned());
    let profiles = BTreeSet::from([1]);
    Host {
        id: HostId(id),
        key: Key([8; 32]),
        volunteer: VolunteerId(id + 10),
        block: None,
        nickname: format!("höst {id}"),
        capabilities: Capabilities { slots: 1, memory_bytes: 1, profiles, isa, os, version }.into(),
        state,
        standing: Standing::default(),
        reopening: None,
        counters: Counters::default(),
        credit: MicroCredits(0),
        pardoned: None,
        leases: Vec::new(),
        enrolled_at: Timestamp(0),
        seen_at: Timestamp(0),
        forgotten_at: None,
    }
}

/// Two units: of one both volunteers agree, of the other two of three.
fn receipt() -> Receipt {
    use Verdict::{Invalid, Valid};
    let unit = |index: u32, replicas| WorkUnit {
        replicas,
        state: UnitState::Done { canonical: 0 },
        ..WorkUnit::new(JobId(3).unit(index))
    };
    let mut survey = Survey::new(2);
    survey.add(&unit(0, vec![replica(0, "", Valid), replica(1, "", Valid)]));
    let three = [(0, "x", Valid), (1, "x", Valid), (2, "y", Invalid)];
    survey.add(&unit(
        1,
        three.map(|(number, text, verdict)| replica(number, text, verdict)).to_vec(),
    ));
    let suspended = HostState::Suspended { suspended_at: Timestamp(1), until: None, unit: None };
    let states = [HostState::Active, HostState::Active, suspended];
    let hosts: Vec<(Host, Voice)> = survey
        .voices
        .iter()
        .zip(states)
        .map(|((id, voice), state)| (host(id.0, state), *voice))
        .collect();
    Receipt::new(&job(), &survey, &hosts, "a line".to_owned(), Timestamp(1_700_000_000_010))
}

/// What coordinators wrote and signed before receipts spoke of disputes, to the byte.
const OLD: &str = include_str!("tests/receipt-1.json");

#[test]
fn a_receipt_of_the_first_layout_still_holds() {
    let signed = Receipt::open(OLD.trim_end().as_bytes()).unwrap();
    let told_more = Some(DisputeFacts::from(&Disputes::default()));
    assert_eq!(signed.signer, coordinator().public_key());
    assert_eq!(signed.body.disputes, None, "it does not say that there were none");
    let renewed =
        Receipt { document: DOCUMENT.to_owned(), disputes: told_more, ..signed.body.clone() };
    assert_eq!(renewed, receipt());
}

/// Each layout is signed in a context of its own, and says what it has to say.
#[test]
fn neither_layout_passes_for_the_other() {
    let new = String::from_utf8(receipt().sign(&coordinator()).unwrap()).unwrap();
    let forged = |text: &str, from: &str, to: &str| {
        let text = text.trim_end().replacen(from, to, 1);
        Receipt::open(text.as_bytes()).unwrap_err()
    };
    let is_forged = |error| matches!(error, DocumentError::Signature { .. });
    assert!(is_forged(forged(OLD, OLD_DOCUMENT, DOCUMENT)));
    assert!(is_forged(forged(&new, DOCUMENT, OLD_DOCUMENT)));
    let silent = Receipt { disputes: None, ..receipt() };
    let bytes = silent.sign(&coordinator()).unwrap();
    assert!(matches!(Receipt::open(&bytes), Err(DocumentError::Shape(_))));
    let later = "manyhands receipt 3".to_owned();
    let bytes = Receipt { document: later.clone(), ..receipt() }.sign(&coordinator()).unwrap();
    assert_eq!(Receipt::open(&bytes), Err(DocumentError::Layout(later)));
}

/// A receipt of a job with a confidence, about two units of which there was a dispute.
fn disputed() -> Receipt {
    let engine = BrokenEngineFacts {
        engine: "0.1.0".to_owned(),
        isa: "aarch64".to_owned(),
        hosts: vec![1, 3],
    };
    let disputes = DisputeFacts { settled: 3, found_wrong: 2, broken_engines: vec![engine] };
    let confidence =
        ConfidenceFacts { error_ppb: 1_000_000, hostile_ppm: 200_000, colluding_ppm: 200_000 };
    let mut receipt = receipt();
    receipt.policy.confidence = Some(confidence);
    receipt.assurance.quorum = 1;
    receipt.assurance.audits = Some(AuditFacts { believed: 2, audited: 2, error_ppb: 0 });
    Receipt { disputes: Some(disputes), ..receipt }
}

#[test]
fn a_receipt_names_a_broken_engine() {
    let receipt = disputed();
    let signed = Receipt::open(&receipt.sign(&coordinator()).unwrap()).unwrap();
    assert_eq!(signed.body, receipt);
    let facts = signed.body.disputes.unwrap();
    assert_eq!(DisputeFacts::from(&Disputes::from(&facts)), facts);
}

#[test]
fn a_receipt_reads_back_and_says_what_there_was() {
    let receipt = receipt();
    let signed = Receipt::open(&receipt.sign(&coordinator()).unwrap()).unwrap();
    assert_eq!(signed, Signed { signer: coordinator().public_key(), body: receipt.clone() });
    assert_eq!((receipt.replicas.leased, receipt.replicas.invalid), (5, 1));
    let share = |copies, units| Share { copies, units };
    assert_eq!(receipt.copies, [share(2, 1), share(3, 1)]);
    assert_eq!(receipt.agreeing, [share(2, 2)]);
    // The empty standard output of unit 0 is no file.
    let outputs = receipt.outputs.unwrap();
    assert_eq!((outputs.files, outputs.size_bytes), (1, 1));
    assert_eq!(receipt.isas, ["aarch64", "x86_64"]);
    assert_eq!((receipt.volunteers, receipt.hosts[2].standing.as_str()), (2, "suspended"));
}

#[test]
fn disputes_that_cannot_be_are_refused_although_they_are_signed() {
    let refused = |change: &dyn Fn(&mut DisputeFacts)| {
        let mut receipt = disputed();
        change(receipt.disputes.as_mut().unwrap());
        match Receipt::open(&receipt.sign(&coordinator()).unwrap()) {
            Err(DocumentError::Inconsistent(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(&|d| d.settled = 1).contains("`disputes.settled`"));
    assert!(refused(&|d| d.found_wrong = 0).contains("than were found wrong"));
    assert!(refused(&|d| d.broken_engines[0].hosts = vec![3, 1]).contains("several in order"));
    assert!(refused(&|d| d.broken_engines[0].hosts = vec![3]).contains("several in order"));
    let quorum = Receipt { disputes: disputed().disputes, ..receipt() };
    let error = Receipt::open(&quorum.sign(&coordinator()).unwrap()).unwrap_err();
    assert!(error.to_string().contains("without a confidence"), "{error}");
}

#[test]
fn a_receipt_that_contradicts_itself_is_refused_although_it_is_signed() {
    let refused = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = receipt();
        change(&mut receipt);
        match Receipt::open(&receipt.sign(&coordinator()).unwrap()) {
            Err(DocumentError::Inconsistent(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(&|r| r.units.done = 3).contains("not all units"));
    assert!(refused(&|r| r.copies[0].units = 2).contains("`copies`"));
    assert!(refused(&|r| r.copies[0].copies = 1).contains("`replicas.leased`"));
    assert!(refused(&|r| r.agreeing[0].copies = 1).contains("without its quorum"));
    assert!(refused(&|r| r.agreeing.clear()).contains("`agreeing`"));
    assert!(refused(&|r| r.policy.quorum = 3).contains("`assurance.quorum`"));
    assert!(refused(&|r| r.job.state = "open".to_owned()).contains("`job.ended_at_ms`"));
    assert!(refused(&|r| r.outputs = None).contains("`outputs`"));
    assert!(refused(&|r| r.hosts.swap(0, 1)).contains("not in order"));
    assert!(refused(&|r| r.hosts[0].valid = 9).contains("more answers than there are"));
    assert!(refused(&|r| r.hosts[0].valid = 1).contains("not all answers"));
    assert!(refused(&|r| r.hosts[2].standing = "fine".to_owned()).contains("`standing`"));
    assert!(refused(&|r| r.hosts_total = 2).contains("`hosts_total`"));
    assert!(refused(&|r| r.volunteers = 3).contains("`volunteers`"));
    assert!(refused(&|r| r.isas.truncate(1)).contains("`isas`"));
}

proptest! {
    #[test]
    fn any_changed_byte_of_a_receipt_is_found(
        at in any::<prop::sample::Index>(), flip in 1..=255_u8,
    ) {
        let mut bytes = receipt().sign(&coordinator()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let signer = coordinator().public_key();
        prop_assert!(Receipt::open(&bytes).map_or(true, |found| found.signer != signer));
    }
}
