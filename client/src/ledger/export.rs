//! From the coordinator to a file, checked on the way.

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use manyhands_core::ledger::{Head, Replay, RowError};
use manyhands_proto::convert::{WireError, ledger_rows};
use manyhands_proto::document::ledger::{Line, read_line, row_line};
use manyhands_proto::document::{DocumentError, Signed};
use manyhands_proto::v1;
use tempfile::NamedTempFile;
use thiserror::Error;
use tonic::Status;

use crate::session::Session;

/// Rows in one question.
const PAGE: u64 = 1_000;

/// Why there is no file.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The file cannot be written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The coordinator's answer makes no sense.
    #[error("the coordinator's ledger cannot be used: {0}")]
    Wire(#[from] WireError),
    /// Its signed head makes no sense.
    #[error("the coordinator's ledger cannot be used: its head: {0}")]
    Head(DocumentError),
    /// A row makes no sense.
    #[error("the coordinator's ledger is not whole: row {seq}: {error}")]
    Row {
        /// Its number.
        seq: u64,
        /// What is wrong with it.
        error: RowError,
    },
    /// A row cannot be written.
    #[error("row {seq} cannot be written: {error}")]
    Line {
        /// Its number.
        seq: u64,
        /// Why.
        error: DocumentError,
    },
    /// The rows do not end where the head says.
    #[error("the coordinator's ledger is not whole: after row {0} its rows end before its head")]
    Short(u64),
    /// The rows are not those that the head names.
    #[error("the coordinator's ledger is not whole: its rows are not those that its head signs")]
    Other,
    /// The coordinator refused.
    #[error("{}", .0.message())]
    Refused(#[from] Status),
}

/// Writes the ledger as it is now. The file appears under its name when it is whole.
///
/// # Errors
/// When the coordinator refuses, its ledger does not hold, or the file cannot be written.
pub async fn export(session: &Session, path: &Path) -> Result<Signed<Head>, ExportError> {
    let io = |error| ExportError::Io { path: path.to_owned(), error };
    let reply = session.ledger().head(v1::LedgerHeadRequest {}).await?.into_inner();
    let head = match read_line(&reply.document).map_err(ExportError::Head)? {
        Line::Head(head) => head,
        Line::Row(_) => return Err(ExportError::Head(DocumentError::Member("document"))),
    };
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let file = NamedTempFile::new_in(dir.unwrap_or_else(|| Path::new("."))).map_err(io)?;
    let mut file = BufWriter::new(file);
    let mut replay = Replay::default();
    while replay.head().rows < head.body.rows {
        page(session, head.body.rows, &mut replay, |line| {
            file.write_all(line).and_then(|()| file.write_all(b"\n")).map_err(io)
        })
        .await?;
    }
    if replay.head() != head.body {
        return Err(ExportError::Other);
    }
    file.write_all(&reply.document).and_then(|()| file.write_all(b"\n")).map_err(io)?;
    let file = file.into_inner().map_err(|error| io(error.into_error()))?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(head)
}

/// Reads the next rows, of `total`, and gives each line away.
async fn page(
    session: &Session,
    total: u64,
    replay: &mut Replay,
    mut write: impl FnMut(&[u8]) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let skip = replay.head().rows;
    let limit = u32::try_from((total - skip).min(PAGE)).unwrap_or(u32::MAX);
    let request = v1::LedgerRowsRequest { skip, limit };
    let rows = ledger_rows(session.ledger().rows(request).await?.into_inner())?;
    if rows.is_empty() || rows.len() as u64 > u64::from(limit) {
        return Err(ExportError::Short(skip));
    }
    for row in rows {
        let seq = row.seq;
        replay.follow(&row).map_err(|error| ExportError::Row { seq, error })?;
        write(&row_line(&row).map_err(|error| ExportError::Line { seq, error })?)?;
    }
    Ok(())
}
