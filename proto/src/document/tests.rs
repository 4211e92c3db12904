//! Documents that hold, and every way to spoil one.

use manyhands_core::credit::MicroCredits;
use manyhands_core::id::{HostId, JobId, VolunteerId};
use manyhands_core::ledger::{Entry, Head, Kind, Replay};
use manyhands_core::time::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::ledger::{Line, head_line, read_line, row_line};
use super::*;
use crate::identity::KEY_BYTES;

const CONTEXT: Context = Context::new("test document 1");

fn coordinator() -> Identity {
    Identity::from_seed(&[1; KEY_BYTES])
}

/// RFC 8785, sections 3.2.2 and 3.2.3, as far as this restriction goes.
#[test]
fn values_have_the_encoding_of_the_rfc() {
    let value = json!({
        "peach": "This sorting order",
        "péché": "is wrong according to French",
        "pêche": "but canonicalization MUST",
        "sin": "ignore locale",
        "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
        "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
        "string": "\u{20ac}$\u{f}\nA'B\"\\\\\"/",
        "n": [0, -1, canonical::INTEGER_MAX],
    });
    let written = String::from_utf8(canonical::write(&value).unwrap()).unwrap();
    let expected = concat!(
        r#"{"\r":"Carriage Return","1":"One","n":[0,-1,9007199254740991],"#,
        r#""peach":"This sorting order","péché":"is wrong according to French","#,
        r#""pêche":"but canonicalization MUST","sin":"ignore locale","#,
        r#""string":"€$\u000f\nA'B\"\\\\\"/","#,
        "\"\u{80}\":\"Control\",\"\u{20ac}\":\"Euro Sign\",",
        "\"\u{1f600}\":\"Emoji: Grinning Face\",",
        "\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
    );
    assert_eq!(written, expected);
    assert_eq!(canonical::read(written.as_bytes(), 1_000), Ok(value));
}

#[test]
fn other_values_and_other_encodings_are_refused() {
    for value in [json!(null), json!(true), json!(1.5), json!(1_u64 << 53), json!(i64::MIN)] {
        assert!(matches!(canonical::write(&value), Err(CanonicalError::Value(_))), "{value}");
    }
    let form = |text: &str| match canonical::read(text.as_bytes(), 100) {
        Err(CanonicalError::Form { at }) => at,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(form(r#"{"a":1, "b":2}"#), 7);
    assert_eq!(form(r#"{"b":1,"a":2}"#), 2);
    assert_eq!(form(r#"{"a":1,"a":1}"#), 6);
    assert_eq!(form(r#"{"a":"\u0041"}"#), 6);
    assert_eq!(form("{}\n\n"), 2);
    assert!(matches!(canonical::read(b"[1.0]", 9), Err(CanonicalError::Value(_))));
    assert_eq!(canonical::read(b"[\"\xff\"]", 9), Err(CanonicalError::NotUtf8 { at: 2 }));
    assert_eq!(canonical::read(b"[1,2,3]", 6), Err(CanonicalError::TooLong { max: 6 }));
    assert!(matches!(canonical::read(b"[1,", 6), Err(CanonicalError::Json(_))));
    let deep = "[".repeat(100_000);
    assert!(matches!(canonical::read(deep.as_bytes(), 1 << 20), Err(CanonicalError::Json(_))));
}

#[test]
fn a_document_is_its_signers_and_of_its_kind() {
    let body = json!({"job": 3, "name": "Ada's \"job\""});
    let bytes = sign(&coordinator(), CONTEXT, &body).unwrap();
    let signer = coordinator().public_key();
    assert_eq!(open(CONTEXT, &bytes), Ok(Signed { signer, body: body.clone() }));
    let newline = [bytes.as_slice(), b"\n"].concat();
    assert_eq!(open::<Value>(CONTEXT, &newline).unwrap().body, body);

    let other = Context::new("test document 2");
    assert_eq!(open::<Value>(other, &bytes), Err(DocumentError::Signature { signer }));
    // Somebody else's name on it, and somebody else's signature.
    let mallory = Identity::from_seed(&[2; KEY_BYTES]);
    let text = String::from_utf8(bytes.clone()).unwrap();
    let renamed = text.replace(&signer.to_string(), &mallory.public_key().to_string());
    let signer = mallory.public_key();
    let forged = open::<Value>(CONTEXT, renamed.as_bytes());
    assert_eq!(forged, Err(DocumentError::Signature { signer }));
    let signed_again = sign(&mallory, CONTEXT, &body).unwrap();
    assert_eq!(open::<Value>(CONTEXT, &signed_again).unwrap().signer, signer);

    let unsigned = canonical::write(&body).unwrap();
    assert_eq!(open::<Value>(CONTEXT, &unsigned), Err(DocumentError::Member("signature")));
    assert!(matches!(sign(&mallory, CONTEXT, &json!([1])), Err(DocumentError::Shape(_))));
}

fn ledger_file(entries: &[(bool, u8)]) -> Vec<u8> {
    let (mut head, mut file) = (Head::EMPTY, Vec::new());
    for (at, (is_large, host)) in (0_u32..).zip(entries) {
        let entry = Entry {
            kind: Kind::Grant,
            replica: JobId(1).unit(at).replica(0),
            host: HostId(u64::from(*host)),
            volunteer: VolunteerId(u64::from(*host) + 100),
            amount: MicroCredits(if *is_large { 18_446_744_073_710 } else { 1 }),
            at: Timestamp(1_700_000_000_000),
        };
        file.extend(row_line(&head.append(entry)).unwrap());
        file.push(b'\n');
    }
    file.extend(head_line(&coordinator(), head).unwrap());
    file.push(b'\n');
    file
}

/// Whether a ledger's file is whole and the coordinator's.
fn is_whole(file: &[u8]) -> bool {
    let (mut replay, mut end) = (Replay::default(), None);
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        match read_line(line) {
            Ok(Line::Row(row)) if end.is_none() => {
                if replay.follow(&row).is_err() {
                    return false;
                }
            }
            Ok(Line::Head(head)) if end.is_none() => end = Some(head),
            Ok(_) | Err(_) => return false,
        }
    }
    end == Some(Signed { signer: coordinator().public_key(), body: replay.head() })
}

fn values() -> impl Strategy<Value = Value> {
    let integer = -(1_i64 << 53) + 1..1 << 53;
    let leaf = prop_oneof![any::<String>().prop_map(Value::from), integer.prop_map(Value::from)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let members = prop::collection::btree_map(any::<String>(), inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_reads_back(value in values()) {
        let bytes = canonical::write(&value).unwrap();
        prop_assert_eq!(canonical::read(&bytes, bytes.len()), Ok(value));
    }

    /// Any two different texts are different values or refused: no byte is without meaning.
    #[test]
    fn any_changed_byte_of_a_document_is_found(
        name in any::<String>(), at in any::<prop::sample::Index>(), flip in 1..=255_u8,
    ) {
        let mut bytes = sign(&coordinator(), CONTEXT, &json!({"name": name})).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let signer = coordinator().public_key();
        prop_assert!(open::<Value>(CONTEXT, &bytes).map_or(true, |found| found.signer != signer));
    }

    /// Whatever byte of a ledger's file is changed, whichever line is dropped, moved or doubled.
    #[test]
    fn any_change_of_a_ledger_is_found(
        entries in prop::collection::vec(any::<(bool, u8)>(), 1..8),
        at in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), flip in 1..=255_u8,
        how in 0..4,
    ) {
        let file = ledger_file(&entries);
        prop_assert!(is_whole(&file));
        let mut lines: Vec<Vec<u8>> =
            file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let (line, other) = (at.index(lines.len()), to.index(lines.len()));
        match how {
            0 => drop(lines.remove(line)),
            1 => lines.swap(line, other),
            2 => lines.insert(other, lines[line].clone()),
            _ => {
                // The last line feed may be there or not.
                let at = at.index(file.len() - 1);
                lines = vec![file.clone()];
                lines[0][at] ^= flip;
            }
        }
        let changed = lines.concat();
        prop_assert_eq!(is_whole(&changed), changed == file);
    }
}
