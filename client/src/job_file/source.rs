//! The job file's text, and where in it something was written.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::{JobFileError, Place, Problem};

/// A job file's text with its path.
#[derive(Debug)]
pub(super) struct SourceText {
    path: PathBuf,
    text: String,
}

impl SourceText {
    pub(super) fn new(path: &Path, text: String) -> Self {
        Self { path: path.to_owned(), text }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What is written at `span`.
    pub(super) fn slice(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }

    /// The folder that the file's relative paths start from.
    pub(super) fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        }
    }

    /// A problem with what is written at `span`.
    pub(super) fn error(&self, span: Range<usize>, problem: Problem) -> JobFileError {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let place = Place { file: self.path.clone(), line: Some(line) };
        JobFileError { place, problem: Box::new(problem) }
    }

    /// A problem with the whole file.
    pub(super) fn whole(&self, problem: Problem) -> JobFileError {
        JobFileError::whole(&self.path, problem)
    }
}
