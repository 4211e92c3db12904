//! Records that travel, and what becomes of those that were touched on the way.

use bytes::Bytes;
use manyhands_core::peer::{CoordinatorAt, PeerAddress};
use manyhands_core::time::Timestamp;
use proptest::prelude::*;
use prost::Message as _;

use super::*;

fn identity(number: u8) -> Identity {
    Identity::from_seed(&[number; 32])
}

fn key(number: u8) -> Key {
    Key(*identity(number).public_key().as_bytes())
}

fn addresses() -> Vec<PeerAddress> {
    let v4 = PeerAddress::new([198, 51, 100, 7].into(), 7_777).unwrap();
    let v6 = PeerAddress::new("2001:db8::7".parse().unwrap(), 7_778).unwrap();
    vec![v4, v6]
}

/// Peer 1 of project 9, whom 2 and 3 have visited.
fn sample() -> SignedRecord {
    let record = Record::new(key(9), key(1), addresses(), 5, Timestamp(1_000)).unwrap();
    let signed = sign(&identity(1), record.clone()).unwrap();
    let mut witnesses: Vec<Witness> = [(2, 0), (3, 1), (2, 1)]
        .map(|(by, at)| {
            let address = addresses()[at];
            let visit = Visit { project: key(9), key: key(1), address, seen_at: Timestamp(900) };
            witness(&identity(by), &visit)
        })
        .into();
    witnesses.sort_by_key(|witness| (witness.address, witness.by));
    SignedRecord::new(record, *signed.signature(), witnesses).unwrap()
}

fn wire() -> v1::PeerRecord {
    sample().into()
}

fn coordinators() -> v1::CoordinatorRecord {
    let mut at: Vec<CoordinatorAt> = [(1, "grid.example.org:443"), (2, "[2001:db8::1]:7777")]
        .map(|(number, address)| CoordinatorAt {
            key: key(number),
            addresses: vec![address.to_owned()],
        })
        .into();
    at.sort_by_key(|at| at.key);
    let record = CoordinatorRecord::new(key(9), at, 3, Timestamp(1_000)).unwrap();
    sign_coordinators(&identity(9), record).unwrap().into()
}

fn refused(wire: v1::PeerRecord) -> String {
    open(wire).unwrap_err().to_string()
}

#[test]
fn what_was_signed_is_read_back() {
    let bytes = wire().encode_to_vec();
    assert!(bytes.len() <= RECORD_BYTES_MAX, "{}", bytes.len());
    assert_eq!(open(v1::PeerRecord::decode(bytes.as_slice()).unwrap()), Ok(sample()));
    let opened = open_coordinators(coordinators()).unwrap();
    assert_eq!(v1::CoordinatorRecord::from(opened), coordinators());
}

#[test]
fn the_largest_record_fits() {
    let addresses = (1..=4).map(|last: u16| {
        PeerAddress::new([0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into(), u16::MAX).unwrap()
    });
    let addresses: Vec<PeerAddress> = addresses.collect();
    let record = Record::new(key(9), key(1), addresses.clone(), u64::MAX, Timestamp(u64::MAX));
    let record = record.unwrap();
    let signed = sign(&identity(1), record.clone()).unwrap();
    let visits = addresses.iter().flat_map(|address| [2, 3].map(|by| (by, *address)));
    let mut witnesses: Vec<Witness> = visits
        .map(|(by, address)| {
            let seen_at = Timestamp(u64::MAX);
            witness(&identity(by), &Visit { project: key(9), key: key(1), address, seen_at })
        })
        .collect();
    witnesses.sort_by_key(|witness| (witness.address, witness.by));
    let largest = SignedRecord::new(record, *signed.signature(), witnesses).unwrap();
    assert!(v1::PeerRecord::from(largest).encoded_len() <= RECORD_BYTES_MAX);
}

#[test]
fn nobody_signs_for_another() {
    let record = sample().record().clone();
    assert_eq!(sign(&identity(2), record), None);
    let opened = open_coordinators(coordinators()).unwrap();
    assert_eq!(sign_coordinators(&identity(1), opened.record), None);
}

#[test]
fn a_forged_record_is_refused() {
    let forged = "signature: is not the one of `key` for this record: it was changed or forged";
    let newer = v1::PeerRecord { seq: 6, ..wire() };
    assert_eq!(refused(newer), forged);
    let lasting = v1::PeerRecord { expires_at_ms: 2_000, ..wire() };
    assert_eq!(refused(lasting), forged);
    let project = Bytes::copy_from_slice(key(8).as_bytes());
    assert_eq!(refused(v1::PeerRecord { project, ..wire() }), forged);
    let mut moved = wire();
    moved.addresses[0].port = 7_776;
    assert_eq!(refused(moved), forged);
    // A key for which anybody can sign is none.
    let mut weak = wire();
    weak.key = Bytes::from_static(&[0; 32]);
    assert_eq!(refused(weak), forged);
}

#[test]
fn a_forged_witness_is_refused_with_its_record() {
    let said = |index| format!("witnesses[{index}]: did not sign that; it was changed or forged");
    let mut later = wire();
    later.witnesses[1].seen_at_ms += 1;
    assert_eq!(refused(later), said(1));
    // The visit was to another address.
    let mut elsewhere = wire();
    elsewhere.witnesses.remove(0);
    elsewhere.witnesses.truncate(1);
    elsewhere.witnesses[0].address = 0;
    assert_eq!(refused(elsewhere), said(0));
    let mut other = wire();
    other.witnesses.truncate(1);
    other.witnesses[0].by = Bytes::copy_from_slice(key(4).as_bytes());
    assert_eq!(refused(other), said(0));
}

#[test]
fn absurd_records_are_refused_with_the_field_and_the_limit() {
    let check = |change: &dyn Fn(&mut v1::PeerRecord), expected: &str| {
        let mut absurd = wire();
        change(&mut absurd);
        assert_eq!(refused(absurd), expected);
    };
    check(&|it| it.addresses.clear(), "addresses: has 0 items where 1 to 4 are allowed");
    let many = vec![wire().addresses[0].clone(); 5];
    check(
        &|it| it.addresses.clone_from(&many),
        "addresses: has 5 items where at most 4 are allowed",
    );
    check(&|it| it.addresses.reverse(), "addresses: are not in ascending order, each once");
    check(&|it| it.addresses[1].port = 80, "addresses[1]: port 80 is below 1024");
    check(
        &|it| it.addresses[1].port = 65_536,
        "addresses[1].port: is 65536 where at most 65535 is allowed",
    );
    check(
        &|it| it.addresses[0].ip = Bytes::from_static(&[1, 2, 3]),
        "addresses[0].ip: has 3 bytes where 16 are needed",
    );
    check(
        &|it| it.addresses[0].ip = Bytes::from_static(&[169, 254, 169, 254]),
        "addresses[0]: 169.254.169.254 is not an address of one machine that others can reach",
    );
    check(
        &|it| it.witnesses[2].address = u32::MAX,
        "witnesses[2].address: is 4294967295 where at most 1 is allowed",
    );
    let crowd = vec![wire().witnesses[0].clone(); 9];
    check(
        &|it| it.witnesses.clone_from(&crowd),
        "witnesses: has 9 items where at most 8 are allowed",
    );
    check(&|it| it.key = Bytes::new(), "key: has 0 bytes where 32 are needed");
}

#[test]
fn coordinators_are_believed_by_the_projects_signature_only() {
    let check = |change: &dyn Fn(&mut v1::CoordinatorRecord), expected: &str| {
        let mut changed = coordinators();
        change(&mut changed);
        assert_eq!(open_coordinators(changed).unwrap_err().to_string(), expected);
    };
    let forged = "signature: is not the one of `project` for this record: it was changed or forged";
    check(&|it| it.seq += 1, forged);
    check(&|it| it.coordinators[0].addresses[0] = "evil.example:443".into(), forged);
    check(&|it| it.project = Bytes::copy_from_slice(key(8).as_bytes()), forged);
    check(
        &|it| it.coordinators[1].addresses[0] = "grid.example.org".into(),
        "coordinators[1].addresses[0]: `grid.example.org` names no port: write host:port",
    );
    check(
        &|it| it.coordinators[1].addresses[0] = "Grid.Example.Org:443".into(),
        "coordinators[1].addresses[0]: is not in its one canonical encoding",
    );
    check(
        &|it| it.coordinators[0].addresses[0] = format!("{}:1", "x".repeat(300)),
        "coordinators[0].addresses[0]: has 302 bytes where at most 259 are allowed",
    );
}

proptest! {
    /// Whatever bytes come, the answer is a record that is signed, or an error.
    #[test]
    fn no_bit_of_a_record_can_be_turned(at: prop::sample::Index, bit in 0..8_u8) {
        let mut bytes = wire().encode_to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = v1::PeerRecord::decode(bytes.as_slice()) {
            // A changed number of a field can make it an unknown one, so that a witness is missing.
            if let Ok(opened) = open(read) {
                prop_assert_eq!(opened.record().digest(), sample().record().digest());
            }
        }
    }

    #[test]
    fn any_bytes_are_a_record_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(read) = v1::PeerRecord::decode(bytes.as_slice()) {
            prop_assert!(open(read).is_err());
        }
        if let Ok(read) = v1::CoordinatorRecord::decode(bytes.as_slice()) {
            prop_assert!(open_coordinators(read).is_err());
        }
    }
}
