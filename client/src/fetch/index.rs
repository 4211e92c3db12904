//! The table of all units: parameters, outcome, files.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use manyhands_core::manifest::Manifest;
use manyhands_core::replica::Output;
use tempfile::NamedTempFile;

use super::FetchError;
use crate::layout::{INDEX_FILE, csv_line};

/// The table while it is written; it appears under its name when it is whole.
///
/// One line for each output of a unit, or one for a unit that failed, in the order of units.
#[derive(Debug)]
pub(super) struct Index<'a> {
    manifest: &'a Manifest,
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl<'a> Index<'a> {
    /// Begins the table, creating `dir`.
    pub(super) fn create(dir: &Path, manifest: &'a Manifest) -> Result<Self, FetchError> {
        let path = dir.join(INDEX_FILE);
        let begin = || {
            fs::create_dir_all(dir)?;
            let mut file = BufWriter::new(NamedTempFile::new_in(dir)?);
            let axes = manifest.draft().axes.iter().map(|axis| axis.name.as_str());
            let after = ["outcome", "output", "file", "size_bytes", "blake3"];
            let header: Vec<&str> = ["unit"].into_iter().chain(axes).chain(after).collect();
            writeln!(file, "{}", csv_line(&header))?;
            Ok(file)
        };
        match begin() {
            Ok(file) => Ok(Self { manifest, path, file }),
            Err(error) => Err(FetchError::Index { path, error }),
        }
    }

    /// One output of a unit that is done.
    pub(super) fn output(
        &mut self,
        unit: u32,
        output: &Output,
        path: &str,
    ) -> Result<(), FetchError> {
        let (bytes, digest) = (output.bytes.to_string(), output.digest.to_string());
        self.line(unit, &["done", &output.name, path, &bytes, &digest])
    }

    /// A unit that failed, with the reason.
    pub(super) fn failed(&mut self, unit: u32, reason: &str) -> Result<(), FetchError> {
        self.line(unit, &[&format!("failed: {reason}"), "", "", "", ""])
    }

    fn line(&mut self, unit: u32, rest: &[&str]) -> Result<(), FetchError> {
        let values = self.manifest.unit(unit).map(|unit| unit.values).unwrap_or_default();
        let number = unit.to_string();
        let values = values.iter().map(|(_, value)| value.as_str());
        let fields: Vec<&str> =
            [number.as_str()].into_iter().chain(values).chain(rest.iter().copied()).collect();
        let written = writeln!(self.file, "{}", csv_line(&fields));
        written.map_err(|error| self.failure(error))
    }

    /// Shows the table under its name.
    pub(super) fn finish(self) -> Result<(), FetchError> {
        let path = self.path;
        let shown = self.file.into_inner().map_err(io::IntoInnerError::into_error);
        let shown = shown.and_then(|file| file.persist(&path).map_err(|error| error.error));
        match shown {
            Ok(_file) => Ok(()),
            Err(error) => Err(FetchError::Index { path, error }),
        }
    }

    fn failure(&self, error: io::Error) -> FetchError {
        FetchError::Index { path: self.path.clone(), error }
    }
}
