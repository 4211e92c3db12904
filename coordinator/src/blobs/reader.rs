//! A range of a blob on its way out.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use super::BlobError;

/// Reads a range of one blob piece by piece. The blob stays readable to its end even if it is
/// swept meanwhile.
#[derive(Debug)]
pub struct BlobReader {
    file: File,
    remaining: u64,
}

impl BlobReader {
    pub(super) fn open(mut file: File, offset: u64, length: u64) -> Result<Self, BlobError> {
        let size = file.metadata()?.len();
        let outside = BlobError::Range { offset, length, size };
        let Some(rest) = size.checked_sub(offset) else { return Err(outside) };
        let remaining = if length == 0 { rest } else { length };
        if remaining > rest {
            return Err(outside);
        }
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { file, remaining })
    }

    /// Bytes of the range not read yet.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// The next piece of at most `bytes_max` bytes, `None` at the end of the range.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn next_piece(&mut self, bytes_max: usize) -> Result<Option<Vec<u8>>, BlobError> {
        if self.remaining == 0 {
            return Ok(None);
        }
        let length = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(bytes_max);
        let mut piece = vec![0; length];
        self.file.read_exact(&mut piece)?;
        self.remaining -= length as u64;
        Ok(Some(piece))
    }

    /// All that remains, at once.
    pub(super) fn read_to_end(&mut self) -> Result<Vec<u8>, BlobError> {
        Ok(self.next_piece(usize::MAX)?.unwrap_or_default())
    }
}
