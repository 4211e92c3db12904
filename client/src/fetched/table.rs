//! Reading the table that a fetch leaves: comma-separated values (RFC 4180), a record at a time.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::FetchedError;

/// Longest record: values of eight axes, a path, a failure's reason, each character quoted.
const RECORD_BYTES_MAX: u64 = 64 * 1024;

/// The columns after the unit and the values of its axes.
const LAST: [&str; 5] = ["outcome", "output", "file", "size_bytes", "blake3"];

/// The table, with where it is.
pub(super) struct Table {
    path: PathBuf,
    file: BufReader<File>,
    columns: usize,
    line: u64,
}

/// What of a record matters here.
pub(super) struct Cells {
    pub(super) unit: String,
    pub(super) outcome: String,
    pub(super) output: String,
    pub(super) file: String,
    pub(super) size_bytes: String,
    pub(super) blake3: String,
}

impl Table {
    /// Opens a table and reads its titles.
    pub(super) fn open(path: &Path) -> Result<Self, FetchedError> {
        let open = File::open(path);
        let file = open.map_err(|error| FetchedError::Io { path: path.to_owned(), error })?;
        let (path, file) = (path.to_owned(), BufReader::new(file));
        let mut table = Self { path, file, columns: 0, line: 0 };
        let titles = table.record()?.unwrap_or_default();
        let (first, last) = (titles.first(), titles.len().checked_sub(LAST.len()));
        let is_ours = first.is_some_and(|first| first == "unit")
            && last.is_some_and(|last| last > 0 && titles[last..] == LAST);
        if !is_ours {
            return Err(table.blame("these are not the titles of a table of outputs".to_owned()));
        }
        table.columns = titles.len();
        Ok(table)
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Result<Option<Cells>, FetchedError> {
        let Some(mut record) = self.record()? else { return Ok(None) };
        let found = record.len();
        if found != self.columns {
            let what = format!("it has {found} cells where {} are needed", self.columns);
            return Err(self.blame(what));
        }
        let mut last = record.split_off(found - LAST.len()).into_iter();
        let mut next = || last.next().unwrap_or_default();
        Ok(Some(Cells {
            unit: record.swap_remove(0),
            outcome: next(),
            output: next(),
            file: next(),
            size_bytes: next(),
            blake3: next(),
        }))
    }

    /// That the record that was read last is wrong.
    pub(super) fn blame(&self, what: String) -> FetchedError {
        FetchedError::Table { path: self.path.clone(), line: self.line, what }
    }

    /// The cells of the next record, which ends with a line of which all quotes are closed.
    fn record(&mut self) -> Result<Option<Vec<String>>, FetchedError> {
        let mut bytes = Vec::new();
        loop {
            let left = RECORD_BYTES_MAX.saturating_sub(bytes.len() as u64);
            let read = self.file.by_ref().take(left).read_until(b'\n', &mut bytes);
            let path = || self.path.clone();
            let read = read.map_err(|error| FetchedError::Io { path: path(), error })?;
            if read == 0 && bytes.is_empty() {
                return Ok(None);
            }
            self.line += 1;
            if !bytes.ends_with(b"\n") {
                let is_long = bytes.len() as u64 >= RECORD_BYTES_MAX;
                let what = if is_long { "it is too long" } else { "the table ends in the middle" };
                return Err(self.blame(what.to_owned()));
            }
            let quotes = bytes.iter().filter(|byte| **byte == b'"').count();
            if quotes.is_multiple_of(2) {
                break;
            }
        }
        bytes.pop();
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(cells(&text))),
            Err(_no_text) => Err(self.blame("it is not UTF-8".to_owned())),
        }
    }
}

/// Cells of a record; two quotes in a quoted cell are one.
fn cells(record: &str) -> Vec<String> {
    let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut characters = record.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::csv_line;

    #[test]
    fn what_was_written_is_read() {
        for fields in [&["a", "", "b c"][..], &["a,b", "say \"hi\"", "x\ny", "\""], &[""]] {
            assert_eq!(cells(&csv_line(fields)), fields);
        }
    }
}
