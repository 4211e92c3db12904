//! Round trips of arbitrary values, and what hostile messages get.

mod hostile;
mod samples;

use manyhands_core::command::{Renewal, ReplicaReport};
use manyhands_core::id::{HostId, JobId, ReplicaId};
use manyhands_core::job::Counts;
use manyhands_core::manifest::Draft;
use manyhands_core::outlook::{ALWAYS_PPM, Outlook};
use manyhands_core::query::Subject;
use manyhands_core::reply::LeaseGrant;
use manyhands_core::requirement::Capabilities;
use manyhands_core::time::Span;
use proptest::prelude::*;

use super::*;
use crate::v1;

/// Sends a value over the wire, bytes and all, and takes it back.
fn sent<W, D>(value: &D) -> D
where
    W: prost::Message + Default + From<D>,
    D: Clone + TryFrom<W>,
    D::Error: std::fmt::Debug,
{
    let bytes = W::from(value.clone()).encode_to_vec();
    D::try_from(W::decode(bytes.as_slice()).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn replica_ids_survive(job: u64, unit: u32, number: u16) {
        let id = JobId(job).unit(unit).replica(number);
        prop_assert_eq!(sent::<v1::ReplicaId, ReplicaId>(&id), id);
    }

    #[test]
    fn drafts_survive(draft in samples::draft()) {
        prop_assert_eq!(&sent::<v1::Manifest, Draft>(&draft), &draft);
    }

    #[test]
    fn a_manifest_has_one_encoding_and_one_digest(manifest in samples::manifest()) {
        let (bytes, digest) = encode_manifest(&manifest).unwrap();
        let again = decode_manifest(&bytes).unwrap();
        prop_assert_eq!(&again, &manifest);
        prop_assert_eq!(encode_manifest(&again).unwrap(), (bytes, digest));
    }

    #[test]
    fn capabilities_survive(has in samples::capabilities()) {
        prop_assert_eq!(&sent::<v1::Capabilities, Capabilities>(&has), &has);
    }

    #[test]
    fn outlooks_survive(available_ppm in 0..=ALWAYS_PPM, stretch in any::<Option<u64>>()) {
        let outlook = Outlook { available_ppm, stretch: stretch.map(Span) };
        prop_assert_eq!(sent::<v1::Outlook, Outlook>(&outlook), outlook);
    }

    #[test]
    fn leases_survive(lease in samples::lease()) {
        prop_assert_eq!(sent::<v1::Lease, LeaseGrant>(&lease), lease);
    }

    #[test]
    fn renewals_survive(renewal in samples::renewal()) {
        prop_assert_eq!(sent::<v1::Renewal, Renewal>(&renewal), renewal);
    }

    #[test]
    fn reports_survive(report in samples::report()) {
        prop_assert_eq!(&sent::<v1::Report, ReplicaReport>(&report), &report);
    }

    #[test]
    fn evidence_survives(of in samples::equivocation()) {
        prop_assert_eq!(contradiction(evidence(Some(of.clone()))), Ok(Some(of)));
    }

    #[test]
    fn counts_survive(n: [u16; 6]) {
        let [waiting, open, validated, done, failed, cancelled] = n.map(u32::from);
        let counts = Counts { waiting, open, validated, done, failed, cancelled };
        prop_assert_eq!(sent::<v1::UnitCounts, Counts>(&counts), counts);
    }

    #[test]
    fn canonical_outputs_survive(outputs in samples::outputs(), job: u64, unit: u32) {
        let wire = canonical(JobId(job).unit(unit), outputs.clone());
        prop_assert_eq!(wire.unit, unit);
        let Some(v1::unit_outputs::End::Canonical(end)) = wire.end else { panic!("no outputs") };
        prop_assert_eq!(canonical_outputs(end), Ok(outputs));
    }
}

#[test]
fn subjects_survive() {
    for subject in
        [Subject::Job(JobId(3)), Subject::Unit(JobId(3).unit(17)), Subject::Host(HostId(5))]
    {
        assert_eq!(sent::<v1::WhyRequest, Subject>(&subject), subject);
    }
}
