//! Reads SIGPROC filterbank files (`.fil`): a header of keywords, then rows of samples.
//!
//! The format is that of D. Lorimer's SIGPROC: lengths and numbers are little-endian, each
//! keyword is a string with its length before it, and the type of its value follows from its name.
//! The bytes may come from anyone: every length and number is checked before it is used.

mod header;
mod samples;

use thiserror::Error;

use crate::plane::Plane;

pub use header::Header;

/// An observation.
#[derive(Debug, Clone)]
pub struct Filterbank {
    /// What was observed, and how.
    pub header: Header,
    /// Power, in the units of the file.
    pub samples: Plane,
}

/// A file that cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FilterbankError {
    /// It does not begin as a filterbank file does.
    #[error("this is no SIGPROC filterbank file: it does not begin with HEADER_START")]
    NotFilterbank,
    /// It ends within the header.
    #[error("the header ends after {0} bytes, before HEADER_END")]
    HeaderCut(usize),
    /// A keyword or text whose length is impossible.
    #[error("the text at byte {offset} of the header has length {length}: 1 to 80 are allowed")]
    TextLength {
        /// Where.
        offset: usize,
        /// What its length field says.
        length: u32,
    },
    /// More keywords than any header has.
    #[error("the header has more than {0} keywords")]
    TooManyKeywords(usize),
    /// A keyword of unknown type cannot even be skipped.
    #[error("the header has the unknown keyword {0:?}")]
    UnknownKeyword(String),
    /// A needed keyword is not there.
    #[error("the header has no {0}")]
    MissingKeyword(&'static str),
    /// A value that makes no sense.
    #[error("the header says {keyword} = {value}: {expected} is needed")]
    Value {
        /// The keyword.
        keyword: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Too little to search.
    #[error("the file has {0} complete rows of samples: 2 or more are needed")]
    TooFewRows(usize),
    /// Too much to hold in memory.
    #[error("the file has {cells} samples: {cells_max} at most are taken, cut it in frequency")]
    TooLarge {
        /// In the file.
        cells: usize,
        /// The bound.
        cells_max: usize,
    },
    /// Infinite, or not a number.
    #[error("the sample of row {row}, channel {channel} is not a finite number")]
    NotFinite {
        /// Row, from 0.
        row: usize,
        /// Channel, from 0.
        channel: usize,
    },
}

impl Filterbank {
    /// Reads a whole file. An incomplete last row is left out.
    ///
    /// # Errors
    /// When it is not a filterbank file, or one that this program does not take.
    pub fn parse(bytes: &[u8]) -> Result<Self, FilterbankError> {
        let (header, data) = Header::parse(bytes)?;
        let samples = samples::decode(&header, data)?;
        Ok(Self { header, samples })
    }
}
