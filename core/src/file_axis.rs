//! Which units of a job read the same file, as a formula.

/// The axis of a grid whose values are the largest files that its units read. Units are numbered with the first axis
/// changing slowest, so a unit's file is one digit of its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileAxis {
    /// So many units follow each other with the same file, at least 1.
    pub stride: u32,
    /// So many files there are, at least 1.
    pub files: u32,
}

impl FileAxis {
    /// The file of unit `index`.
    #[must_use]
    pub fn file_of(self, index: u32) -> u32 {
        index / self.stride.max(1) % self.files.max(1)
    }

    /// How many units read the same file, in a job of so many.
    #[must_use]
    pub fn units_each(self, units_total: u32) -> u32 {
        units_total / self.files.max(1)
    }

    /// The index of the `nth` unit that reads this file; `None` if it is past the largest number.
    #[must_use]
    pub fn unit(self, file: u32, nth: u32) -> Option<u32> {
        let (block, within) = (nth / self.stride.max(1), nth % self.stride.max(1));
        let block_units = self.stride.checked_mul(self.files)?;
        let start = block.checked_mul(block_units)?.checked_add(file.checked_mul(self.stride)?)?;
        start.checked_add(within)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn files_part_the_units_among_them() {
        // Twice four files, each three times.
        let (axis, total) = (FileAxis { stride: 3, files: 4 }, 24);
        assert_eq!(axis.units_each(total), 6);
        let of = |file| (0..6).map(|nth| axis.unit(file, nth).unwrap()).collect::<Vec<u32>>();
        assert_eq!(of(1), [3, 4, 5, 15, 16, 17]);
        let mut all = BTreeSet::new();
        for file in 0..4 {
            assert!(of(file).iter().all(|index| axis.file_of(*index) == file));
            all.extend(of(file));
        }
        assert_eq!(all, (0..total).collect());
    }

    #[test]
    fn what_is_past_every_number_is_no_unit() {
        let axis = FileAxis { stride: u32::MAX, files: 2 };
        assert_eq!((axis.unit(1, 0), axis.unit(1, 1)), (None, None));
    }
}
