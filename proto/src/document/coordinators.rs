//! A coordinator record as a file: canonical JSON that a person can read, with the signature that it has
//! on the wire.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use bytes::Bytes;
use manyhands_core::peer::SignedCoordinators;
use serde::{Deserialize, Serialize};

use super::{DocumentError, canonical, hex, unhex};
use crate::disk;
use crate::identity::PublicKey;
use crate::peer::{RecordError, open_coordinators};
use crate::v1;

/// Largest file: eight coordinators with four addresses each have some 9 KiB.
pub const COORDINATORS_BYTES_MAX: usize = 16 << 10;

/// What tells such a file from other documents.
const DOCUMENT: &str = "manyhands coordinators 1";

/// Why a file is no coordinator record.
#[derive(Debug, thiserror::Error)]
pub enum CoordinatorsFileError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is no document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It breaks a rule, or is not signed by its project.
    #[error(transparent)]
    Record(#[from] RecordError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    coordinators: Vec<WrittenAt>,
    document: String,
    expires_at_ms: u64,
    project: String,
    seq: u64,
    signature: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAt {
    addresses: Vec<String>,
    key: String,
}

/// The text of a record, a line.
///
/// # Errors
/// When a number is too large to be written.
pub fn write(signed: &SignedCoordinators) -> Result<Vec<u8>, DocumentError> {
    let wire = v1::CoordinatorRecord::from(signed.clone());
    let shape = |what: &str| DocumentError::Shape(format!("`{what}` is no key"));
    let key = |what: &str, bytes: &[u8]| {
        PublicKey::from_bytes(bytes).map(|key| key.to_string()).map_err(|_bytes| shape(what))
    };
    let mut coordinators = Vec::new();
    for v1::CoordinatorAt { key: of, addresses } in wire.coordinators {
        coordinators.push(WrittenAt { addresses, key: key("key", &of)? });
    }
    let written = Written {
        coordinators,
        document: DOCUMENT.to_owned(),
        expires_at_ms: wire.expires_at_ms,
        project: key("project", &wire.project)?,
        seq: wire.seq,
        signature: hex(&wire.signature),
    };
    let value = serde_json::to_value(written);
    let value = value.map_err(|error| DocumentError::Shape(error.to_string()))?;
    let mut text = canonical::write(&value)?;
    text.push(b'\n');
    Ok(text)
}

/// Reads a record and checks that its project signed it. Whether it still counts is for
/// [`Coordinators`](manyhands_core::peer::Coordinators) to say.
///
/// # Errors
/// [`CoordinatorsFileError`]: the first thing that is wrong with it.
pub fn open(bytes: &[u8]) -> Result<SignedCoordinators, CoordinatorsFileError> {
    let value = canonical::read(bytes, COORDINATORS_BYTES_MAX).map_err(DocumentError::from)?;
    let shape = |error: &dyn std::fmt::Display| DocumentError::Shape(error.to_string());
    let written: Written = serde_json::from_value(value).map_err(|error| shape(&error))?;
    if written.document != DOCUMENT {
        return Err(DocumentError::Shape(format!("`document` is not {DOCUMENT:?}")).into());
    }
    let key = |what: &str, text: &str| -> Result<Bytes, DocumentError> {
        let key: Result<PublicKey, _> = text.parse();
        let key = key.map_err(|error| DocumentError::Shape(format!("`{what}`: {error}")))?;
        Ok(Bytes::copy_from_slice(key.as_bytes()))
    };
    let mut coordinators = Vec::new();
    for WrittenAt { addresses, key: of } in written.coordinators {
        coordinators.push(v1::CoordinatorAt { key: key("key", &of)?, addresses });
    }
    let signature = unhex(&written.signature).ok_or(DocumentError::SignatureText)?;
    Ok(open_coordinators(v1::CoordinatorRecord {
        project: key("project", &written.project)?,
        coordinators,
        seq: written.seq,
        expires_at_ms: written.expires_at_ms,
        signature: Bytes::copy_from_slice(&signature),
    })?)
}

/// Reads the file at `path`, or as much of it as could be a record.
///
/// # Errors
/// As [`open`], and when it cannot be read.
pub fn read_file(path: &Path) -> Result<SignedCoordinators, CoordinatorsFileError> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(COORDINATORS_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    open(&bytes)
}

/// Writes a record to `path`: whoever reads it, also after a power cut, sees the old file or the new one.
///
/// # Errors
/// When it cannot be written.
pub fn write_file(path: &Path, signed: &SignedCoordinators) -> io::Result<()> {
    let text = write(signed).map_err(io::Error::other)?;
    disk::replace(path, &text)
}

#[cfg(test)]
mod tests {
    use manyhands_core::key::Key;
    use manyhands_core::peer::{CoordinatorAt, CoordinatorRecord};
    use manyhands_core::time::Timestamp;

    use super::*;
    use crate::identity::Identity;
    use crate::peer::sign_coordinators;

    fn signed() -> SignedCoordinators {
        let [project, one] = [[1; 32], [2; 32]].map(|seed| Identity::from_seed(&seed));
        let key = |identity: &Identity| Key(*identity.public_key().as_bytes());
        let addresses = vec!["grid.example.org:7654".to_owned(), "[2001:db8::1]:7654".to_owned()];
        let named = vec![CoordinatorAt { key: key(&one), addresses }];
        let record =
            CoordinatorRecord::new(key(&project), named, 7, Timestamp(1_800_000_000_000)).unwrap();
        sign_coordinators(&project, record).unwrap()
    }

    #[test]
    fn a_file_is_read_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record");
        write_file(&path, &signed()).unwrap();
        assert_eq!(read_file(&path).unwrap(), signed());
        assert!(matches!(
            read_file(&dir.path().join("none")),
            Err(CoordinatorsFileError::Read(error)) if error.kind() == io::ErrorKind::NotFound
        ));
    }

    #[test]
    fn no_letter_of_it_can_be_changed() {
        let text = write(&signed()).unwrap();
        for at in 0..text.len() - 1 {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert!(open(&changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        let said = |text: &[u8]| open(text).unwrap_err().to_string();
        assert!(said(b"hello").starts_with("it is not JSON"));
        assert!(said(b"{}").contains("missing field"), "{}", said(b"{}"));
        assert_eq!(said(&[b' '; COORDINATORS_BYTES_MAX + 1]), "it has more than 16384 bytes");
        let text = String::from_utf8(write(&signed()).unwrap()).unwrap();
        let forged = text.replace("\"seq\":7", "\"seq\":8");
        let words =
            "signature: is not the one of `project` for this record: it was changed or forged";
        assert_eq!(said(forged.as_bytes()), words);
        let other = text.replace("coordinators 1", "coordinators 2");
        assert!(said(other.as_bytes()).contains("`document` is not"));
    }
}
