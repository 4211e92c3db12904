//! Who has answered, on disk: a line for each, so that a worker that starts again, or without a coordinator, knows somebody.
//!
//! ```text
//! KEY IP:PORT LINKED_AT_MS RECORD     the record as its bytes in hexadecimal, or `-`
//! ```
//!
//! The file may be old, and anybody who can write it may have changed it: records are verified, and the table takes no more
//! of them than it would take from others.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::Path;

use manyhands_core::key::Key;
use manyhands_core::peer::table::{Remembered, TRIED_MAX};
use manyhands_core::peer::{PeerAddress, SignedRecord};
use manyhands_core::time::Timestamp;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::peer::{self, RECORD_BYTES_MAX};
use manyhands_proto::v1;
use prost::Message as _;

/// Longest line: a record, and what stands before it.
const LINE_BYTES_MAX: usize = 2 * RECORD_BYTES_MAX + 256;

/// Longest file that is read.
const FILE_BYTES_MAX: u64 = (TRIED_MAX * LINE_BYTES_MAX) as u64;

/// What was written down. What cannot be read is left out: it is only a hint.
pub(super) fn read(path: &Path) -> Vec<Remembered> {
    let mut text = String::new();
    let read =
        File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "whom this worker knew is forgotten");
        }
        Ok(_) | Err(_) => {}
    }
    text.lines().take(TRIED_MAX).filter_map(line).collect()
}

/// Writes beside, and renames: readers see the old file or the new one.
pub(super) fn write(path: &Path, peers: &[Remembered]) -> io::Result<()> {
    let text: String = peers.iter().filter_map(written).collect();
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(new, path)
}

fn written(peer: &Remembered) -> Option<String> {
    let key = PublicKey::from_bytes(peer.key.as_bytes()).ok()?;
    let record = match &peer.record {
        None => "-".to_owned(),
        Some(record) => hex(&v1::PeerRecord::from(record.clone()).encode_to_vec()),
    };
    let (address, linked_at) = (peer.address.socket_addr(), peer.linked_at.0);
    Some(format!("{key} {address} {linked_at} {record}\n"))
}

fn line(line: &str) -> Option<Remembered> {
    let mut words = line.split(' ');
    let key: PublicKey = words.next()?.parse().ok()?;
    let at: SocketAddr = words.next()?.parse().ok()?;
    let linked_at = Timestamp(words.next()?.parse().ok()?);
    let record = words.next().filter(|word| *word != "-").and_then(record);
    let address = PeerAddress::new(at.ip(), at.port()).ok()?;
    Some(Remembered { key: Key(*key.as_bytes()), address, linked_at, record })
}

/// A record whose signatures are right.
fn record(word: &str) -> Option<SignedRecord> {
    if word.len() > 2 * RECORD_BYTES_MAX {
        return None;
    }
    peer::open(v1::PeerRecord::decode(&*bytes(word)?).ok()?).ok()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use manyhands_core::peer::Record;
    use manyhands_proto::identity::Identity;

    use super::*;

    fn known(seed: u8, has_record: bool) -> Remembered {
        let identity = Identity::from_seed(&[seed; 32]);
        let key = Key(*identity.public_key().as_bytes());
        let address = PeerAddress::new([10, 0, 0, seed].into(), 7_777).unwrap();
        let record = Record::new(Key([9; 32]), key, vec![address], 1, Timestamp(5)).unwrap();
        let record = peer::sign(&identity, record).filter(|_| has_record);
        Remembered { key, address, linked_at: Timestamp(3), record }
    }

    #[test]
    fn what_was_written_down_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("peers");
        assert_eq!(read(&path), []);
        let peers = [known(1, true), known(2, false)];
        write(&path, &peers).unwrap();
        assert_eq!(read(&path), peers);
    }

    #[test]
    fn a_changed_file_brings_no_forged_records_and_no_strange_addresses() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("peers");
        write(&path, &[known(1, true)]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let (head, record) = text.trim().rsplit_once(' ').unwrap();
        // The signature is at the end.
        let forged = format!("{}{}", &record[..record.len() - 2], "00");
        let low = head.replace(":7777", ":25");
        let long = "f".repeat(2 * RECORD_BYTES_MAX + 2);
        fs::write(&path, format!("{head} {forged}\n{low} -\nnonsense\n\n{head} {long}\n")).unwrap();
        let peer = Remembered { record: None, ..known(1, true) };
        assert_eq!(read(&path), [peer.clone(), peer]);
    }
}
