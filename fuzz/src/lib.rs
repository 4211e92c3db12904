//! What is asked of every reader: any bytes are refused or understood, in bounded memory and without a
//! panic, and what was understood is said again and read again as the same.
#![cfg(fuzzing)]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::str::FromStr;

use manyhands_core::agent::governor::rule::Rule;
use manyhands_core::command::{Renewal, ReplicaReport};
use manyhands_core::id::{HostId, JobId, ReplicaId, UnitId};
use manyhands_core::job::Counts;
use manyhands_core::manifest::{AppVersion, Draft};
use manyhands_core::query::Subject;
use manyhands_core::replica::CheckpointRef;
use manyhands_core::reply::LeaseGrant;
use manyhands_core::requirement::Capabilities;
use manyhands_proto::document::{canonical, ledger, receipt::Receipt};
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::invite::{Invite, Token};
use manyhands_proto::link::Address;
use manyhands_proto::{chosen, convert, peer, statement, v1};
use prost::Message;

/// Units of a manifest that are worked out.
const UNITS_MAX: u32 = 4;

/// Longest document that a client reads is larger; longer ones show nothing new.
const DOCUMENT_BYTES_MAX: usize = 1 << 16;

/// Messages between neighbours of a swarm.
pub fn peer_message(bytes: &[u8]) {
    manyhands_swarm::fuzzing::peer_message(bytes);
}

/// Records of peers and coordinators.
pub fn discovery(bytes: &[u8]) {
    understood(bytes, peer::open);
    understood(bytes, peer::open_coordinators);
    understood(bytes, |reply: v1::CoordinatorsReply| {
        reply.record.map(peer::open_coordinators).transpose()
    });
    understood(bytes, |reply: v1::RegisterReply| {
        reply.record.map(peer::open).transpose()?;
        reply.coordinators.map(peer::open_coordinators).transpose()
    });
    let somebody = Identity::from_seed(&[1; 32]).public_key();
    understood(bytes, |units: v1::ChosenUnits| chosen::open(&units, &somebody));
}

/// What worker and coordinator say on their stream.
pub fn work(bytes: &[u8]) {
    survives::<v1::ReplicaId, ReplicaId>(bytes);
    survives::<v1::Capabilities, Capabilities>(bytes);
    survives::<v1::Checkpoint, CheckpointRef>(bytes);
    survives::<v1::Renewal, Renewal>(bytes);
    survives::<v1::Report, ReplicaReport>(bytes);
    survives::<v1::Lease, LeaseGrant>(bytes);
    understood(bytes, convert::renewals);
    understood(bytes, convert::reports);
    understood(bytes, |wire: v1::Claim| convert::claim(&wire));
    let anybody = PublicKey::from_bytes(&[0; 32]);
    if let (Ok(batch), Ok(key)) = (v1::Reports::decode(bytes), anybody) {
        let answers = batch.reports.len();
        assert_eq!(statement::take(&key, batch).len(), answers);
    }
}

/// What slots say, and the keys that leases bring.
pub fn slot(bytes: &[u8]) {
    drop(convert::slot_note(bytes));
    understood(bytes, |lease: v1::Lease| convert::input_keys(&lease));
}

/// What scientists and operators ask, and are answered.
pub fn jobs(bytes: &[u8]) {
    survives::<v1::WhyRequest, Subject>(bytes);
    survives::<v1::UnitCounts, Counts>(bytes);
    understood(bytes, |request: v1::InviteRequest| convert::role(&request));
    understood(bytes, convert::canonical_outputs);
    understood(bytes, convert::ledger_rows);
}

/// Manifests, alone and as they come in a submission.
pub fn manifest(bytes: &[u8]) {
    survives::<v1::Manifest, Draft>(bytes);
    understood(bytes, AppVersion::try_from as fn(v1::AppVersion) -> _);
    let Ok(manifest) = convert::decode_manifest(bytes) else { return };
    let again = convert::encode_manifest(&manifest).expect("what was read can be written");
    assert_eq!(&again.0[..], bytes, "a manifest has one encoding");
    for index in 0..UNITS_MAX {
        drop(manifest.unit(index));
    }
}

/// Receipts, and lines of an exported ledger.
pub fn documents(bytes: &[u8]) {
    drop(Receipt::open(bytes));
    if let Ok(value) = canonical::read(bytes, DOCUMENT_BYTES_MAX) {
        let again = canonical::write(&value).expect("what was read can be written");
        assert_eq!(again, bytes.strip_suffix(b"\n").unwrap_or(bytes), "one value, one encoding");
    }
    if let Ok(ledger::Line::Row(row)) = ledger::read_line(bytes) {
        let again = ledger::row_line(&row).expect("what was read can be written");
        assert_eq!(trimmed(&again), trimmed(bytes), "a row has one line");
    }
}

/// Proofs that a host contradicted itself.
pub fn evidence(bytes: &[u8]) {
    let Ok(wire) = v1::EvidenceReply::decode(bytes) else { return };
    let Ok(Some(read)) = convert::contradiction(wire) else { return };
    let said = convert::evidence(Some(read.clone()));
    assert_eq!(convert::contradiction(said), Ok(Some(read)));
}

/// What people type, or are sent to paste.
pub fn texts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    reads::<Invite>(text);
    reads::<Address>(text);
    reads::<PublicKey>(text);
    reads::<JobId>(text);
    reads::<HostId>(text);
    reads::<UnitId>(text);
    reads::<ReplicaId>(text);
    drop(Token::from_str(text));
    if let Ok(rule) = Rule::parse("fuzzed", text, &BTreeSet::new()) {
        let again = Rule::parse("fuzzed", &rule.to_string(), &BTreeSet::new());
        assert_eq!(again.map(|again| again.to_string()), Ok(rule.to_string()));
    }
}

/// Decodes a message and hands it to whoever makes sense of it; both may refuse.
fn understood<W: Message + Default, T, E>(bytes: &[u8], read: impl Fn(W) -> Result<T, E>) {
    if let Ok(wire) = W::decode(bytes) {
        drop(read(wire));
    }
}

/// A value of the domain that was read from these bytes crosses the wire unchanged.
fn survives<W, D>(bytes: &[u8])
where
    W: Message + Default + From<D>,
    D: TryFrom<W> + Clone + PartialEq + Debug,
    <D as TryFrom<W>>::Error: Debug,
{
    let Ok(wire) = W::decode(bytes) else { return };
    let Ok(read) = D::try_from(wire) else { return };
    let said = W::from(read.clone()).encode_to_vec();
    let heard = W::decode(said.as_slice()).expect("what was encoded can be decoded");
    assert_eq!(D::try_from(heard).expect("what was said can be read"), read);
}

/// A text that is read is written, and read again, as the same.
fn reads<T: FromStr + ToString + PartialEq + Debug>(text: &str)
where
    T::Err: Debug,
{
    if let Ok(value) = text.parse::<T>() {
        let again = value.to_string().parse::<T>().expect("what was written can be read");
        assert_eq!(again, value, "{text:?}");
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}
