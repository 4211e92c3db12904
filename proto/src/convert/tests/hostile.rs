//! Messages that lie: each gets an error that names the field and the limit.

use bytes::Bytes;
use manyhands_core::command::{Renewal, ReplicaReport};
use manyhands_core::digest::Digest;
use manyhands_core::id::JobId;
use manyhands_core::limits::{BATCH_MAX, INLINE_BYTES_MAX, INPUTS_MAX};
use manyhands_core::manifest::{AppVersion, Axis, Draft};
use manyhands_core::private::InputKey;
use manyhands_core::replica::{CheckpointRef, Output};
use manyhands_core::requirement::Capabilities;
use manyhands_core::trust::Confidence;
use proptest::prelude::*;
use prost::Message as _;

use super::samples;
use crate::convert::{
    Fault, MANIFEST_BYTES_MAX, WireError, claim, claim_message, decode_manifest, encode_manifest,
    input_keys, outlook, renewals, reports, role,
};
use crate::v1::{self, axis, report};

/// The words in which a message is refused.
fn refused<T: std::fmt::Debug>(result: Result<T, WireError>) -> String {
    result.unwrap_err().to_string()
}

fn replica() -> Option<v1::ReplicaId> {
    Some(v1::ReplicaId { job: 1, unit: 2, number: 3 })
}

fn inline(name: &str, bytes: &[u8]) -> v1::Artefact {
    v1::Artefact {
        name: name.into(),
        digest: Bytes::copy_from_slice(Digest::of(bytes).as_bytes()),
        size_bytes: bytes.len() as u64,
        inline: Some(Bytes::copy_from_slice(bytes)),
        salt: Bytes::new(),
    }
}

fn success(outputs: Vec<v1::Artefact>) -> v1::Report {
    let outcome = report::Outcome::Success(v1::Success { outputs });
    v1::Report { replica: replica(), outcome: Some(outcome), ..Default::default() }
}

#[test]
fn missing_fields_are_named() {
    assert_eq!(refused(ReplicaReport::try_from(v1::Report::default())), "outcome: is missing");
    let report = v1::Report { replica: None, ..success(vec![]) };
    assert_eq!(refused(ReplicaReport::try_from(report)), "replica: is missing");
    assert_eq!(refused(Draft::try_from(v1::Manifest::default())), "app: is missing");
    assert_eq!(refused(AppVersion::try_from(v1::AppVersion::default())), "kind: is missing");
    assert_eq!(refused(Axis::try_from(v1::Axis::default())), "values: is missing");
    assert_eq!(refused(role(&v1::InviteRequest::default())), "role: is missing");
    assert_eq!(refused(Capabilities::try_from(v1::Capabilities::default())), "slots: is missing");
}

#[test]
fn nobody_is_there_for_more_than_all_of_the_time() {
    let wire = v1::Outlook { available_ppm: 1_000_001, stretch_ms: None };
    let expected = "outlook.available_ppm: is 1000001 where at most 1000000 is allowed";
    assert_eq!(refused(outlook(Some(wire))), expected);
}

#[test]
fn the_path_leads_to_the_field() {
    let short = v1::Artefact { digest: Bytes::from_static(b"abc"), ..inline("a", b"a") };
    let reports_of = vec![success(vec![]), success(vec![short])];
    let batch = v1::Reports { batch: 1, reports: reports_of, signature: Bytes::new() };
    assert_eq!(
        refused(reports(batch)),
        "reports[1].success.outputs[0].digest: has 3 bytes where 32 are needed"
    );
}

#[test]
fn unknown_values_are_named() {
    let app = v1::AppVersion { kind: 9, ..v1::AppVersion::default() };
    assert_eq!(refused(AppVersion::try_from(app)), "kind: is 9, which this version does not know");
}

#[test]
fn long_lists_are_refused_before_they_are_converted() {
    let too_many = vec![v1::Renewal::default(); BATCH_MAX + 1];
    assert_eq!(
        refused(renewals(v1::Renew { renewals: too_many })),
        "renewals: has 1001 items where at most 1000 are allowed"
    );
    let values = vec![String::new(); 100_001];
    let list = axis::Values::List(axis::List { values });
    let error = Axis::try_from(v1::Axis { name: "p".into(), values: Some(list) }).unwrap_err();
    assert_eq!(error.fault, Fault::TooMany { max: 100_000, actual: 100_001 });
    let profiles = vec![1; 17];
    let has = v1::Capabilities { slots: 1, profiles, ..v1::Capabilities::default() };
    assert_eq!(
        refused(Capabilities::try_from(has)),
        "profiles: has 17 items where at most 16 are allowed"
    );
}

#[test]
fn numbers_keep_their_bounds() {
    let id = v1::ReplicaId { job: 1, unit: 2, number: 65_536 };
    let renewal = v1::Renewal { replica: Some(id), ..v1::Renewal::default() };
    assert_eq!(
        refused(Renewal::try_from(renewal)),
        "replica.number: is 65536 where at most 65535 is allowed"
    );
    let renewal = v1::Renewal { replica: replica(), progress_ppm: 1_000_001, checkpoint: None };
    assert_eq!(
        refused(Renewal::try_from(renewal)),
        "progress_ppm: is 1000001 where at most 1000000 is allowed"
    );
}

#[test]
fn a_confidence_keeps_its_bounds() {
    let refused = |error_ppb, hostile_ppm, colluding_ppm| {
        let confidence = v1::Confidence { error_ppb, hostile_ppm, colluding_ppm };
        refused(Confidence::try_from(confidence))
    };
    assert_eq!(refused(0, 1, 0), "error_ppb: is 0 where between 1 and 100000000 is allowed");
    assert_eq!(
        refused(u32::MAX, 1, 0),
        "error_ppb: is 4294967295 where between 1 and 100000000 is allowed"
    );
    assert_eq!(refused(1, 0, 0), "hostile_ppm: is 0 where between 1 and 450000 is allowed");
    assert_eq!(
        refused(1, 450_000, 350_001),
        "colluding_ppm: is 350001 where between 0 and 350000 is allowed"
    );
    assert_eq!(refused(1, 9, 10), "colluding_ppm: is 10 where between 0 and 9 is allowed");
}

#[test]
fn outputs_are_what_they_claim_and_stay_in_their_folder() {
    let lie = v1::Artefact { inline: Some(Bytes::from_static(b"b")), ..inline("a", b"a") };
    assert!(refused(Output::try_from(lie)).contains("do not match their digest"));
    let escape = inline("../etc/passwd", b"a");
    assert!(refused(Output::try_from(escape)).contains("plain relative path"));
    let large = inline("a", &vec![0; INLINE_BYTES_MAX + 1]);
    assert_eq!(
        refused(Output::try_from(large)),
        "inline: has 16385 bytes where at most 16384 are allowed"
    );
}

#[test]
fn an_error_repeats_nothing_long() {
    let long = "x".repeat(1 << 20);
    let error = v1::AppError { error: inline("", b"").digest, message: long };
    let outcome = Some(report::Outcome::AppError(error));
    let report = v1::Report { replica: replica(), outcome, ..Default::default() };
    assert!(refused(ReplicaReport::try_from(report)).len() < 200);
}

#[test]
fn large_manifests_are_refused_unread() {
    let bytes = vec![0; MANIFEST_BYTES_MAX + 1];
    let error = decode_manifest(&bytes).unwrap_err();
    assert_eq!(error.fault, Fault::TooLong { max: MANIFEST_BYTES_MAX, actual: bytes.len() });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_a_manifest_or_an_error(bytes: Vec<u8>) {
        if let Ok(manifest) = decode_manifest(&bytes) {
            prop_assert_eq!(encode_manifest(&manifest).unwrap().0, bytes);
        }
    }

    #[test]
    fn a_manifest_has_no_second_encoding(manifest in samples::manifest(), at: prop::sample::Index) {
        let (bytes, _) = encode_manifest(&manifest).unwrap();
        // An unknown field at the end: decoders skip it, so it must be looked for.
        let unknown = [bytes.as_ref(), &[0xf8, 0x07, 0x01]].concat();
        prop_assert_eq!(decode_manifest(&unknown).unwrap_err().fault, Fault::NotCanonical);
        // One byte changed is another manifest or none.
        let mut changed = bytes.to_vec();
        let at = at.index(changed.len());
        changed[at] ^= 1;
        if let Ok(other) = decode_manifest(&changed) {
            prop_assert_ne!(other, manifest);
        }
    }

    #[test]
    fn any_bytes_are_a_report_or_an_error(bytes: Vec<u8>) {
        if let Ok(wire) = v1::Reports::decode(bytes.as_slice()) {
            drop(reports(wire));
        }
        if let Ok(wire) = v1::Checkpoint::decode(bytes.as_slice()) {
            drop(CheckpointRef::try_from(wire));
        }
    }
}

#[test]
fn keys_of_private_inputs() {
    let lease = |keys: Vec<Bytes>| v1::Lease { input_keys: keys, ..Default::default() };
    let key = Bytes::from_static(&[1; 32]);
    assert_eq!(input_keys(&lease(vec![key.clone()])).unwrap(), [InputKey([1; 32])]);
    assert!(input_keys(&lease(vec![key.slice(1..)])).is_err());
    assert!(input_keys(&lease(vec![key; INPUTS_MAX + 2])).is_err());
}

#[test]
fn outputs_are_not_private() {
    let private = v1::Artefact { salt: Bytes::from_static(&[1; 16]), ..inline("a", b"a") };
    let error = Output::try_from(private).unwrap_err().to_string();
    assert!(error.starts_with("salt"), "{error}");
}

#[test]
fn claims_of_too_many_units_or_without_seals() {
    let chosen = v1::ChosenUnit { unit: 7, sealed: Bytes::from_static(&[1; 32]) };
    let of = |units: Vec<v1::ChosenUnit>| claim(&v1::Claim { job: 3, units });
    let units = vec![(7, Digest([1; 32]))];
    assert_eq!(of(vec![chosen.clone()]), Ok((JobId(3), units.clone())));
    assert_eq!(claim(&claim_message(JobId(3), &units)), Ok((JobId(3), units)));
    let open = v1::ChosenUnit { sealed: Bytes::new(), ..chosen.clone() };
    let error = refused(of(vec![chosen.clone(), open]));
    assert_eq!(error, "claim.units[1].sealed: has 0 bytes where 32 are needed");
    let error = refused(of(vec![chosen; BATCH_MAX + 1]));
    assert!(error.starts_with("claim.units: has"), "{error}");
}
