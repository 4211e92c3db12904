//! What is wrong with a job file: where, which key, and what is allowed.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use manyhands_core::manifest::ManifestError;
use manyhands_prepare::Refusal;
use manyhands_proto::convert::WireError;
use thiserror::Error;

use super::confidence::ConfidenceTextError;
use crate::quantity::QuantityError;

/// The first thing that is wrong with a job file.
#[derive(Debug, Error)]
#[error("{place}: {problem}")]
pub struct JobFileError {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Box<Problem>,
}

/// A line of a job file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The job file.
    pub file: PathBuf,
    /// The line, from 1; `None` when it is about the whole file.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// What is wrong.
#[derive(Debug, Error)]
pub enum Problem {
    /// The job file itself cannot be read.
    #[error("{0}")]
    Read(io::Error),
    /// The job file is too long.
    #[error("the job file has more than {max} bytes: list values in files of their own")]
    TooLarge {
        /// Bytes allowed.
        max: u64,
    },
    /// It is the program, and not the file that says what to do with it.
    #[error(
        "this is a WebAssembly program; a job file names it, as in `module = \"{name}\"` \
         (examples/mersenne/job.toml is a short one)"
    )]
    Program {
        /// The program's file name.
        name: String,
    },
    /// Bytes that are no text.
    #[error("this is no text from byte {at} on; a job file is TOML")]
    NotText {
        /// The first byte that is none.
        at: usize,
    },
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{0}")]
    Toml(String),
    /// A size or span of time.
    #[error("{key}: {error}")]
    Quantity {
        /// The key.
        key: &'static str,
        /// What is wrong with its value.
        error: QuantityError,
    },
    /// A wished confidence.
    #[error("confidence: {0}")]
    Confidence(ConfidenceTextError),
    /// Two keys of which each says how sure to be.
    #[error("{key}: leave it out, or `{other}`: only one of them can decide")]
    Both {
        /// The key.
        key: &'static str,
        /// The other one.
        other: &'static str,
    },
    /// None or several of the keys that exclude each other.
    #[error("{key}: give exactly one of {choices}")]
    OneOf {
        /// The table.
        key: &'static str,
        /// The keys.
        choices: &'static str,
    },
    /// A key that is needed beside another one.
    #[error("{key}: `{missing}` is missing")]
    Missing {
        /// The table.
        key: &'static str,
        /// What it lacks.
        missing: &'static str,
    },
    /// A value of an axis that is neither text nor number.
    #[error("axis.values: {found} is no value: write texts, numbers, true or false")]
    Value {
        /// What was found.
        found: &'static str,
    },
    /// A file cannot be read.
    #[error("{key}: {}: {error}", path.display())]
    File {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Something that is there, but no file.
    #[error("{key}: {} is not a file", path.display())]
    NotFile {
        /// The key.
        key: &'static str,
        /// What it is.
        path: PathBuf,
    },
    /// A file's name cannot be the name of an input.
    #[error("{key}: {} has a name that is not UTF-8", path.display())]
    FileName {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A glob that cannot be read.
    #[error("{key}: `{pattern}` is no pattern: {error}")]
    Pattern {
        /// The key.
        key: &'static str,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        error: &'static str,
    },
    /// A glob that matches nothing.
    #[error("{key}: no file matches `{pattern}` (looked from {})", base.display())]
    NoMatch {
        /// The key.
        key: &'static str,
        /// The pattern.
        pattern: String,
        /// The folder of the job file.
        base: PathBuf,
    },
    /// More files than an axis or the inputs may have.
    #[error("{key}: {count} files match, the most is {max}")]
    TooManyFiles {
        /// The key.
        key: &'static str,
        /// How many match.
        count: usize,
        /// How many may.
        max: usize,
    },
    /// The module cannot run here.
    #[error("module: {}: {refusal}", path.display())]
    Module {
        /// The module.
        path: PathBuf,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// The module is of the other kind.
    #[error("kind: the job file says `{written}`, but the module is a {found} program")]
    Kind {
        /// What the file says.
        written: manyhands_prepare::Kind,
        /// What the module is.
        found: manyhands_prepare::Kind,
    },
    /// The module starts with more memory than it may use.
    #[error(
        "memory: the module starts with {needed_bytes} bytes of memory, and {allowed_bytes} are \
         allowed"
    )]
    Memory {
        /// What the module declares.
        needed_bytes: u64,
        /// What the job file allows.
        allowed_bytes: u64,
    },
    /// A rule of all jobs.
    #[error("{0}")]
    Manifest(#[from] ManifestError),
    /// The manifest cannot be encoded.
    #[error("{0}")]
    Encoding(#[from] WireError),
}

impl JobFileError {
    /// A problem with the whole of `file`.
    pub(super) fn whole(file: &Path, problem: Problem) -> Self {
        let place = Place { file: file.to_owned(), line: None };
        Self { place, problem: Box::new(problem) }
    }
}
