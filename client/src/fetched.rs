//! A folder of fetched outputs, checked without a coordinator: every file against the table beside
//! them, and the table as a whole by one digest.

mod table;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use manyhands_core::digest::Digest;
use manyhands_core::limits::OUTPUTS_MAX;
use manyhands_core::path;
use manyhands_core::results::{Results, ResultsDigest};
use thiserror::Error;

use self::table::{Cells, Table};
use crate::layout::INDEX_FILE;

/// Bytes read at once while a file is hashed.
const READ_BYTES: usize = 256 * 1024;

/// Why a folder is not what a fetch leaves.
#[derive(Debug, Error)]
pub enum FetchedError {
    /// The table or a file cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line of the table is none that a fetch writes.
    #[error("{}:{line}: {what}", path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// The line on which the record ends, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// A file is not what the table says.
    #[error("{}: its content is not what {INDEX_FILE} says: it was changed", .0.display())]
    Changed(PathBuf),
}

/// Hashes all files that the table in `dir` names; what is beside them is not looked at. Blocks.
///
/// # Errors
/// The first file or line that is not as it should be.
pub fn digest(dir: &Path) -> Result<ResultsDigest, FetchedError> {
    let mut table = Table::open(&dir.join(INDEX_FILE))?;
    let mut results = Results::default();
    let mut last: Option<(u32, String, usize)> = None;
    while let Some(cells) = table.next()? {
        let Some(file) = output(&cells).map_err(|what| table.blame(what))? else { continue };
        let place = match &last {
            Some((unit, _, _)) if *unit < file.unit => 1,
            Some((unit, name, place)) if *unit == file.unit && name < &file.name => place + 1,
            Some(_) => return Err(table.blame("it is out of order, or there twice".to_owned())),
            None => 1,
        };
        if place > OUTPUTS_MAX {
            return Err(table.blame(format!("a unit has more than {OUTPUTS_MAX} outputs")));
        }
        check(&dir.join(&file.path), &file)?;
        results.add(file.unit, &file.name, &file.digest, file.bytes);
        last = Some((file.unit, file.name, place));
    }
    Ok(results.digest())
}

/// One output of one unit, as the table has it.
struct Output {
    unit: u32,
    name: String,
    path: String,
    bytes: u64,
    digest: Digest,
}

/// The output in a record; none in that of a unit that failed.
fn output(cells: &Cells) -> Result<Option<Output>, String> {
    if cells.outcome != "done" {
        let is_failure = cells.outcome.starts_with("failed: ");
        return if is_failure { Ok(None) } else { Err("no outcome is written so".to_owned()) };
    }
    for name in [&cells.output, &cells.file] {
        path::check(name).map_err(|error| error.to_string())?;
    }
    let no_number = |what: &str| format!("`{what}` is no number");
    Ok(Some(Output {
        unit: cells.unit.parse().map_err(|_no_number| no_number("unit"))?,
        name: cells.output.clone(),
        path: cells.file.clone(),
        bytes: cells.size_bytes.parse().map_err(|_no_number| no_number("size_bytes"))?,
        digest: cells.blake3.parse().map_err(|error| format!("`blake3`: {error}"))?,
    }))
}

/// Whether the file has the size and content that it should have; no more is read of it.
fn check(path: &Path, expected: &Output) -> Result<(), FetchedError> {
    let failed = |error| FetchedError::Io { path: path.to_owned(), error };
    let found = std::fs::metadata(path).map_err(failed)?;
    if !found.is_file() || found.len() != expected.bytes {
        return Err(FetchedError::Changed(path.to_owned()));
    }
    let mut file = File::open(path).map_err(failed)?.take(expected.bytes.saturating_add(1));
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    let is_same = Digest(hasher.finalize().into()) == expected.digest;
    if is_same { Ok(()) } else { Err(FetchedError::Changed(path.to_owned())) }
}

#[cfg(test)]
mod tests;
