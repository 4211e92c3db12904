//! A ledger as a file: a line of canonical JSON for each row, and a last one that names and signs
//! them all.

use manyhands_core::credit::MicroCredits;
use manyhands_core::digest::Digest;
use manyhands_core::id::{HostId, JobId, VolunteerId};
use manyhands_core::ledger::{Entry, Head, Kind, LedgerRow};
use manyhands_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DocumentError, Signed, canonical, sign, verify};
use crate::identity::{Context, Identity};

/// What the head of a ledger is signed for.
pub const LEDGER_SIGNATURE: Context = Context::new("manyhands ledger head v1");

/// Longest line: rows have some 250 bytes, the head some 350.
pub const LINE_BYTES_MAX: usize = 1_024;

/// What tells the last line from rows.
const DOCUMENT: &str = "manyhands ledger head 1";

/// A line of a ledger's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A row.
    Row(LedgerRow),
    /// The last line: how many rows there are, and their hash.
    Head(Signed<Head>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowLine {
    amount: u64,
    at_ms: u64,
    chain: String,
    host: u64,
    job: u64,
    kind: KindWord,
    replica: u16,
    seq: u64,
    unit: u32,
    volunteer: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindWord {
    Grant,
    TakeBack,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    document: String,
    hash: String,
    rows: u64,
}

/// A row as a line, without its end.
///
/// # Errors
/// When a number is too large to be written.
pub fn row_line(row: &LedgerRow) -> Result<Vec<u8>, DocumentError> {
    let Entry { kind, replica, host, volunteer, amount, at } = row.entry;
    let line = RowLine {
        amount: amount.0,
        at_ms: at.0,
        chain: row.chain.to_string(),
        host: host.0,
        job: replica.unit.job.0,
        kind: match kind {
            Kind::Grant => KindWord::Grant,
            Kind::TakeBack => KindWord::TakeBack,
        },
        replica: replica.number,
        seq: row.seq,
        unit: replica.unit.index,
        volunteer: volunteer.0,
    };
    let value = serde_json::to_value(line);
    let value = value.map_err(|error| DocumentError::Shape(error.to_string()))?;
    Ok(canonical::write(&value)?)
}

/// The signed last line, without its end.
///
/// # Errors
/// When a number is too large to be written.
pub fn head_line(identity: &Identity, head: Head) -> Result<Vec<u8>, DocumentError> {
    let Head { rows, chain } = head;
    let line = HeadLine { document: DOCUMENT.to_owned(), hash: chain.to_string(), rows };
    sign(identity, LEDGER_SIGNATURE, &line)
}

/// Reads a line, and checks its signature if it is a head. Whether a row follows those before it is
/// for [`Replay`](manyhands_core::ledger::Replay) to say.
///
/// # Errors
/// When it is neither a row nor a signed head.
pub fn read_line(line: &[u8]) -> Result<Line, DocumentError> {
    let value = canonical::read(line, LINE_BYTES_MAX)?;
    if value.get("document").is_some() {
        return read_head(value).map(Line::Head);
    }
    let no_row = |error: &dyn std::fmt::Display| DocumentError::Row(error.to_string());
    let row: RowLine = serde_json::from_value(value).map_err(|error| no_row(&error))?;
    let entry = Entry {
        kind: match row.kind {
            KindWord::Grant => Kind::Grant,
            KindWord::TakeBack => Kind::TakeBack,
        },
        replica: JobId(row.job).unit(row.unit).replica(row.replica),
        host: HostId(row.host),
        volunteer: VolunteerId(row.volunteer),
        amount: MicroCredits(row.amount),
        at: Timestamp(row.at_ms),
    };
    let chain = read_hash(&row.chain).ok_or_else(|| no_row(&"`chain` is no hash"))?;
    Ok(Line::Row(LedgerRow { seq: row.seq, entry, chain }))
}

fn read_head(value: Value) -> Result<Signed<Head>, DocumentError> {
    let Signed { signer, body } = verify::<HeadLine>(LEDGER_SIGNATURE, value)?;
    if body.document != DOCUMENT {
        return Err(DocumentError::Shape(format!("`document` is not {DOCUMENT:?}")));
    }
    let no_hash = || DocumentError::Shape("`hash` is none".to_owned());
    let chain = read_hash(&body.hash).ok_or_else(no_hash)?;
    Ok(Signed { signer, body: Head { rows: body.rows, chain } })
}

/// A hash in small letters: one hash has one text.
fn read_hash(text: &str) -> Option<Digest> {
    text.parse().ok().filter(|digest: &Digest| digest.to_string() == text)
}
