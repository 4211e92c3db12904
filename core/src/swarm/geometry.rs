//! How a blob is cut: groups are what is verified, pieces are what is asked for.

use std::ops::Range;

/// What is verified at once: the smallest range of a blob that can be checked against its digest.
pub const GROUP_BYTES: u64 = 16 * 1_024;
/// Smallest piece.
pub const PIECE_BYTES_MIN: u64 = 64 * 1_024;
/// Largest piece.
pub const PIECE_BYTES_MAX: u64 = 1_024 * 1_024;
/// A blob has about so many pieces, if the bounds of a piece allow.
const PIECES_AIM: u64 = 256;
/// Most pieces of a blob.
pub const PIECES_MAX: u32 = 65_536;
/// Largest blob that a swarm passes on.
pub const BLOB_BYTES_MAX: u64 = PIECES_MAX as u64 * PIECE_BYTES_MAX;

/// The cut of a blob of some size. All hosts cut a blob alike, since only its size decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    size_bytes: u64,
}

/// The blob cannot be passed on in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a blob of {size_bytes} bytes is not for a swarm: from 1 to {BLOB_BYTES_MAX} are")]
pub struct GeometryError {
    /// Its size.
    pub size_bytes: u64,
}

impl Geometry {
    /// The cut of a blob of `size_bytes`.
    ///
    /// # Errors
    /// If it is empty, or larger than [`BLOB_BYTES_MAX`].
    pub fn new(size_bytes: u64) -> Result<Self, GeometryError> {
        let is_possible = (1..=BLOB_BYTES_MAX).contains(&size_bytes);
        if is_possible { Ok(Self { size_bytes }) } else { Err(GeometryError { size_bytes }) }
    }

    /// The blob's size.
    #[must_use]
    pub fn size_bytes(self) -> u64 {
        self.size_bytes
    }

    /// The size of each piece but the last: the largest power of two that makes at least 256 pieces,
    /// within [`PIECE_BYTES_MIN`] and [`PIECE_BYTES_MAX`].
    #[must_use]
    pub fn piece_bytes(self) -> u64 {
        let wished = (self.size_bytes / PIECES_AIM).max(1);
        (1 << wished.ilog2()).clamp(PIECE_BYTES_MIN, PIECE_BYTES_MAX)
    }

    /// How many pieces there are: from 1 to [`PIECES_MAX`].
    #[must_use]
    pub fn pieces(self) -> u32 {
        let pieces = self.size_bytes.div_ceil(self.piece_bytes());
        u32::try_from(pieces).unwrap_or(PIECES_MAX)
    }

    /// Where in the blob a piece is; nothing if there is no such piece.
    #[must_use]
    pub fn range(self, piece: u32) -> Option<Range<u64>> {
        let begin = u64::from(piece) * self.piece_bytes();
        let end = (begin + self.piece_bytes()).min(self.size_bytes);
        (piece < self.pieces()).then_some(begin..end)
    }

    /// The size of a piece; 0 if there is no such piece.
    #[must_use]
    pub fn bytes_of(self, piece: u32) -> u64 {
        self.range(piece).map_or(0, |range| range.end - range.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1_024 * 1_024;

    #[test]
    fn blobs_are_cut_into_about_256_pieces_within_the_bounds_of_a_piece() {
        let check = |size_bytes: u64, piece_bytes: u64, pieces: u32| {
            let geometry = Geometry::new(size_bytes).unwrap();
            assert_eq!((geometry.piece_bytes(), geometry.pieces()), (piece_bytes, pieces));
            let last = geometry.range(pieces - 1).unwrap();
            assert_eq!(last.end, size_bytes);
            assert_eq!(geometry.range(pieces), None);
            let sum: u64 = (0..pieces).map(|piece| geometry.bytes_of(piece)).sum();
            assert_eq!(sum, size_bytes);
        };
        check(1, PIECE_BYTES_MIN, 1);
        check(MIB, PIECE_BYTES_MIN, 16);
        check(MIB + 1, PIECE_BYTES_MIN, 17);
        check(64 * MIB, MIB / 4, 256);
        check(64 * MIB - 1, MIB / 8, 512);
        check(4_096 * MIB, MIB, 4_096);
        check(BLOB_BYTES_MAX, PIECE_BYTES_MAX, PIECES_MAX);
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        for size_bytes in [0, BLOB_BYTES_MAX + 1, u64::MAX] {
            assert_eq!(Geometry::new(size_bytes), Err(GeometryError { size_bytes }));
        }
    }
}
