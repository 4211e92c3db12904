//! A set of a blob's pieces, one bit each.

/// Bits of a word.
const WORD: usize = 64;

/// A set of pieces of a blob that has a certain number of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// How many pieces the blob has.
    count: u32,
    /// How many are in the set.
    len: u32,
    words: Vec<u64>,
}

/// The bytes are not a set of so many pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PiecesError {
    /// Too few or too many bytes.
    #[error("{found} bytes for a set of {count} pieces: it takes {}", .count.div_ceil(8))]
    Length {
        /// Pieces of the blob.
        count: u32,
        /// Bytes that came.
        found: usize,
    },
    /// Bits that stand for no piece.
    #[error("the set names pieces after the last of {count}")]
    Spare {
        /// Pieces of the blob.
        count: u32,
    },
}

impl Pieces {
    /// No piece of `count`.
    #[must_use]
    pub fn none(count: u32) -> Self {
        Self { count, len: 0, words: vec![0; index(count).div_ceil(WORD)] }
    }

    /// All pieces of `count`.
    #[must_use]
    pub fn all(count: u32) -> Self {
        let mut words = vec![u64::MAX; index(count).div_ceil(WORD)];
        let spare = words.len() * WORD - index(count);
        if let Some(last) = words.last_mut() {
            *last >>= spare;
        }
        Self { count, len: count, words }
    }

    /// Reads a set as [`to_bytes`](Self::to_bytes) writes it.
    ///
    /// # Errors
    /// If it is of another length, or has a bit where there is no piece.
    pub fn from_bytes(count: u32, bytes: &[u8]) -> Result<Self, PiecesError> {
        if bytes.len() != index(count).div_ceil(8) {
            return Err(PiecesError::Length { count, found: bytes.len() });
        }
        let mut words = Self::none(count).words;
        for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
            let mut whole = [0; 8];
            whole[..chunk.len()].copy_from_slice(chunk);
            *word = u64::from_le_bytes(whole);
        }
        let all = Self::all(count);
        if words.iter().zip(&all.words).any(|(word, valid)| word & !valid != 0) {
            return Err(PiecesError::Spare { count });
        }
        let len = words.iter().map(|word| word.count_ones()).sum();
        Ok(Self { count, len, words })
    }

    /// Piece 0 is the lowest bit of the first byte; bits after the last piece are 0.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let bytes = self.words.iter().flat_map(|word| word.to_le_bytes());
        bytes.take(index(self.count).div_ceil(8)).collect()
    }

    /// How many pieces the blob has.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// How many pieces are in the set.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether no piece is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether every piece is in the set.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len == self.count
    }

    /// Whether this piece is in the set.
    #[must_use]
    pub fn contains(&self, piece: u32) -> bool {
        let (word, bit) = place(piece);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Puts a piece into the set; false if it was there, or if there is no such piece.
    pub fn insert(&mut self, piece: u32) -> bool {
        let is_new = piece < self.count && !self.contains(piece);
        if is_new {
            let (word, bit) = place(piece);
            self.words[word] |= bit;
            self.len += 1;
        }
        is_new
    }

    /// Takes a piece out of the set; false if it was not there.
    pub fn remove(&mut self, piece: u32) -> bool {
        let was_there = self.contains(piece);
        if was_there {
            let (word, bit) = place(piece);
            self.words[word] &= !bit;
            self.len -= 1;
        }
        was_there
    }

    /// The pieces of the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        ones(self.words.iter().copied())
    }

    /// The pieces that are in this set and in none of the `others`, in order.
    pub fn without<'a>(&'a self, others: [&'a Self; 2]) -> impl Iterator<Item = u32> + 'a {
        let [a, b] = others;
        let words = self.words.iter().zip(&a.words).zip(&b.words);
        ones(words.map(|((word, a), b)| word & !a & !b))
    }

    /// How many pieces are in both sets.
    #[must_use]
    pub fn in_common(&self, other: &Self) -> u32 {
        self.words.iter().zip(&other.words).map(|(a, b)| (a & b).count_ones()).sum()
    }
}

/// The places of the ones in a row of words.
fn ones(words: impl Iterator<Item = u64>) -> impl Iterator<Item = u32> {
    (0_u32..).step_by(WORD).zip(words).flat_map(|(first, mut word)| {
        std::iter::from_fn(move || {
            let at = (word != 0).then(|| word.trailing_zeros())?;
            word &= word - 1;
            Some(first + at)
        })
    })
}

fn place(piece: u32) -> (usize, u64) {
    (index(piece) / WORD, 1 << (index(piece) % WORD))
}

/// A piece's number as a place in memory.
pub(super) fn index(piece: u32) -> usize {
    usize::try_from(piece).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(count: u32, pieces: &[u32]) -> Pieces {
        let mut set = Pieces::none(count);
        pieces.iter().for_each(|piece| _ = set.insert(*piece));
        set
    }

    proptest! {
        #[test]
        fn a_set_knows_what_was_put_into_it(count in 1_u32..300, pieces: Vec<u32>) {
            let mine = set(count, &pieces);
            let mut expected: Vec<u32> = pieces.into_iter().filter(|piece| *piece < count).collect();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(mine.iter().collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(mine.len() as usize, expected.len());
            prop_assert_eq!(Pieces::from_bytes(count, &mine.to_bytes()), Ok(mine));
        }

        #[test]
        fn a_difference_holds_what_the_others_lack(
            a in prop::collection::vec(0_u32..130, 0..99),
            b in prop::collection::vec(0_u32..130, 0..99),
        ) {
            let (a, b, none) = (set(130, &a), set(130, &b), Pieces::none(130));
            let left: Vec<u32> = a.without([&b, &none]).collect();
            let expected: Vec<u32> = a.iter().filter(|piece| !b.contains(*piece)).collect();
            prop_assert_eq!(left.len(), (a.len() - a.in_common(&b)) as usize);
            prop_assert_eq!(left, expected);
        }

        #[test]
        fn no_bytes_make_a_set_that_is_written_otherwise(count in 0_u32..90, bytes: Vec<u8>) {
            if let Ok(set) = Pieces::from_bytes(count, &bytes) {
                prop_assert_eq!(set.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn what_is_no_set_of_so_many_pieces_is_refused() {
        let length = PiecesError::Length { count: 9, found: 1 };
        assert_eq!(Pieces::from_bytes(9, &[255]), Err(length));
        assert_eq!(Pieces::from_bytes(9, &[255, 2]), Err(PiecesError::Spare { count: 9 }));
        assert_eq!(Pieces::from_bytes(9, &[255, 1]), Ok(Pieces::all(9)));
        assert_eq!(Pieces::from_bytes(0, &[]), Ok(Pieces::all(0)));
    }

    #[test]
    fn a_piece_that_is_not_there_is_in_no_set() {
        let mut all = Pieces::all(64);
        assert!(!all.insert(64) && !all.contains(64) && !all.remove(u32::MAX));
        assert!(all.remove(63) && !all.remove(63) && !all.is_full());
    }
}
