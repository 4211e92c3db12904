//! A ledger's file, replayed line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use manyhands_core::ledger::{Head, Replay, RowError};
use manyhands_proto::document::ledger::{LINE_BYTES_MAX, Line, read_line};
use manyhands_proto::document::{DocumentError, Signed};
use manyhands_proto::identity::PublicKey;
use thiserror::Error;

/// A ledger that is whole.
#[derive(Debug)]
pub struct Verified {
    /// Who signed it. Whether that is the right coordinator is another question.
    pub signer: PublicKey,
    /// Where it ends.
    pub head: Head,
    /// What everybody has by its end.
    pub replay: Replay,
}

/// The first thing that is wrong with a file.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A line is too long for a row.
    #[error("line {line}: it has more than {LINE_BYTES_MAX} bytes, which no row has")]
    Long {
        /// Which one, from 1.
        line: u64,
    },
    /// A line is neither a row nor a signed head.
    #[error("line {line}: {error}")]
    Line {
        /// Which one, from 1.
        line: u64,
        /// What is wrong.
        error: DocumentError,
    },
    /// A row is wrong where it is.
    #[error("line {line}, row {seq}: {error}")]
    Row {
        /// Which one, from 1.
        line: u64,
        /// The row's number, as it says itself.
        seq: u64,
        /// What is wrong.
        error: RowError,
    },
    /// The last line is missing.
    #[error("it ends after row {rows}, without the signed head: it was cut short")]
    NoHead {
        /// Rows until there.
        rows: u64,
    },
    /// The head names other rows.
    #[error(
        "line {line}: the signed head names {} rows with hash {}, the file has {} with hash {}: \
         rows are missing or were added",
        head.rows, head.chain, found.rows, found.chain
    )]
    OtherHead {
        /// Which one, from 1.
        line: u64,
        /// What was signed.
        head: Head,
        /// What there is.
        found: Head,
    },
    /// Something comes after the last line.
    #[error("line {line}: nothing may follow the signed head")]
    AfterHead {
        /// Which one, from 1.
        line: u64,
    },
}

/// Replays the ledger in a file. Blocks.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify(path: &Path) -> Result<Verified, VerifyError> {
    replay(BufReader::new(File::open(path)?))
}

fn replay(mut file: impl BufRead) -> Result<Verified, VerifyError> {
    let mut replay = Replay::default();
    let mut bytes = Vec::with_capacity(LINE_BYTES_MAX);
    for line in 1.. {
        match next(&mut file, &mut bytes, line)? {
            None => break,
            Some(Line::Row(row)) => {
                let seq = row.seq;
                replay.follow(&row).map_err(|error| VerifyError::Row { line, seq, error })?;
            }
            Some(Line::Head(Signed { signer, body: head })) => {
                let found = replay.head();
                if head != found {
                    return Err(VerifyError::OtherHead { line, head, found });
                }
                bytes.clear();
                if file.by_ref().take(1).read_until(b'\n', &mut bytes)? > 0 {
                    return Err(VerifyError::AfterHead { line: line + 1 });
                }
                return Ok(Verified { signer, head, replay });
            }
        }
    }
    Err(VerifyError::NoHead { rows: replay.head().rows })
}

/// The next line; none at the end. No more is read of it than a line may have.
fn next(
    file: &mut impl BufRead,
    bytes: &mut Vec<u8>,
    line: u64,
) -> Result<Option<Line>, VerifyError> {
    bytes.clear();
    let max = LINE_BYTES_MAX as u64;
    if file.by_ref().take(max).read_until(b'\n', bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() >= LINE_BYTES_MAX && !bytes.ends_with(b"\n") {
        return Err(VerifyError::Long { line });
    }
    read_line(bytes).map(Some).map_err(|error| VerifyError::Line { line, error })
}

#[cfg(test)]
mod tests {
    use manyhands_core::credit::MicroCredits;
    use manyhands_core::id::{HostId, JobId, VolunteerId};
    use manyhands_core::ledger::{Entry, Kind};
    use manyhands_core::time::Timestamp;
    use manyhands_proto::document::ledger::{head_line, row_line};
    use manyhands_proto::identity::Identity;

    use super::*;

    fn lines() -> Vec<String> {
        let mut head = Head::EMPTY;
        let entry = |kind, unit| Entry {
            kind,
            replica: JobId(1).unit(unit).replica(0),
            host: HostId(1),
            volunteer: VolunteerId(1),
            amount: MicroCredits(7),
            at: Timestamp(1),
        };
        let entries = [entry(Kind::Grant, 1), entry(Kind::Grant, 2), entry(Kind::TakeBack, 1)];
        let rows = entries.map(|entry| row_line(&head.append(entry)).unwrap());
        let last = head_line(&Identity::from_seed(&[1; 32]), head).unwrap();
        rows.into_iter().chain([last]).map(|line| String::from_utf8(line).unwrap()).collect()
    }

    fn said(lines: &[String]) -> String {
        replay((lines.join("\n") + "\n").as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_whole_file_is_summed_up() {
        let verified = replay(lines().join("\n").as_bytes()).unwrap();
        let account = verified.replay.hosts()[&HostId(1)].1;
        assert_eq!((verified.head.rows, account.standing()), (3, MicroCredits(7)));
        assert_eq!(verified.signer, Identity::from_seed(&[1; 32]).public_key());
    }

    #[test]
    fn whatever_is_wrong_is_named_with_its_line() {
        let whole = lines();
        let without = |at: usize| [&whole[..at], &whole[at + 1..]].concat();
        let with = |at: usize, line: String| [&whole[..at], &[line], &whole[at + 1..]].concat();
        assert!(said(&whole[..3]).contains("after row 3, without the signed head"));
        assert!(replay(&b""[..]).unwrap_err().to_string().contains("after row 0"));
        assert!(said(&without(1)).starts_with("line 2, row 3: it has number 3 where 2 is next"));
        assert!(said(&without(2)).starts_with("line 3: the signed head names 3 rows"));
        let swapped = [whole[1].clone(), whole[0].clone(), whole[2].clone(), whole[3].clone()];
        assert!(said(&swapped).starts_with("line 1, row 2: it has number 2 where 1 is next"));
        let richer = with(1, whole[1].replace("\"amount\":7", "\"amount\":9"));
        assert!(said(&richer).starts_with("line 2, row 2: its chain is not the hash"));
        assert!(said(&with(3, whole[3].replace("rows\":3", "rows\":2"))).contains("signature"));
        assert!(
            said(&with(0, "{\"amount\": 7}".to_owned())).contains("line 1: it is not in canon")
        );
        assert!(said(&with(0, "{}".to_owned())).contains("line 1: it is no row of a ledger"));
        assert!(said(&with(0, "x".repeat(5_000))).contains("line 1: it has more than 1024 bytes"));
        assert!(said(&[whole.clone(), vec![String::new()]].concat()).contains("line 5: nothing"));
        let no_text = replay(&b"{\"\xff\":1}\n"[..]).unwrap_err().to_string();
        assert_eq!(no_text, "line 1: byte 2 is not UTF-8");
    }
}
