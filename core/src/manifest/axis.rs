//! One dimension of a job's grid.

use super::{Artefact, Draft, Source};
use crate::file_axis::FileAxis;

/// One dimension of a job's grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// What placeholders and sources call it.
    pub name: String,
    /// What it runs through.
    pub values: Values,
}

/// What an axis runs through, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// Texts, one by one.
    List(Vec<String>),
    /// Whole numbers from `start` by `step`, as far as they do not pass `end`.
    Range {
        /// The first one.
        start: i64,
        /// The last one, if a step falls on it.
        end: i64,
        /// The distance, not zero; below zero it counts down.
        step: i64,
    },
    /// Blobs, one by one.
    Files(Vec<Artefact>),
}

impl Values {
    /// How many there are; zero for a range that its step leads away from.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::List(texts) => texts.len() as u64,
            Self::Files(artefacts) => artefacts.len() as u64,
            Self::Range { start, end, step } => range_count(*start, *end, *step),
        }
    }

    /// The value at `position` as a text; `None` if there are not so many.
    #[must_use]
    pub fn text(&self, position: u64) -> Option<String> {
        match self {
            Self::List(texts) => texts.get(usize::try_from(position).ok()?).cloned(),
            Self::Files(_) => self.artefact(position).map(|artefact| artefact.name.clone()),
            Self::Range { start, step, .. } => {
                let value = i128::from(*start) + i128::from(position) * i128::from(*step);
                (position < self.count()).then(|| value.to_string())
            }
        }
    }

    /// The mean size of files; zero for anything else.
    fn bytes_each(&self) -> u64 {
        match self {
            Self::Files(artefacts) => {
                let sum = artefacts.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
                sum / self.count().max(1)
            }
            Self::List(_) | Self::Range { .. } => 0,
        }
    }

    /// The artefact at `position`, if these are artefacts.
    #[must_use]
    pub fn artefact(&self, position: u64) -> Option<&Artefact> {
        match self {
            Self::Files(artefacts) => artefacts.get(usize::try_from(position).ok()?),
            Self::List(_) | Self::Range { .. } => None,
        }
    }
}

/// The axis of the largest files that units read and share, of a draft that was checked.
pub(super) fn of_files(draft: &Draft, units_total: u32) -> Option<FileAxis> {
    let is_read = |axis: &Axis| {
        let mut sources = draft.inputs.iter().map(|input| &input.source).chain(&draft.stdin);
        sources.any(|source| matches!(source, Source::Axis(name) if *name == axis.name))
    };
    let (mut stride, mut best) = (1_u64, None);
    for axis in draft.axes.iter().rev() {
        let count = axis.values.count();
        if is_read(axis) && count < u64::from(units_total) {
            let bytes = axis.values.bytes_each();
            best = best.max(Some((bytes, stride, count)));
        }
        stride = stride.saturating_mul(count);
    }
    let (_, stride, files) = best?;
    Some(FileAxis { stride: stride.try_into().ok()?, files: files.try_into().ok()? })
}

/// In 128 bits, since the distance of two 64-bit numbers does not fit into 64.
fn range_count(start: i64, end: i64, step: i64) -> u64 {
    let (distance, step) = (i128::from(end) - i128::from(start), i128::from(step));
    if step == 0 || (distance != 0 && distance.signum() != step.signum()) {
        return 0;
    }
    u64::try_from(distance / step + 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(start: i64, end: i64, step: i64) -> Vec<String> {
        let range = Values::Range { start, end, step };
        (0..range.count()).map_while(|position| range.text(position)).collect()
    }

    #[test]
    fn ranges_include_their_end_if_a_step_falls_on_it() {
        assert_eq!(texts(1, 5, 2), ["1", "3", "5"]);
        assert_eq!(texts(1, 6, 2), ["1", "3", "5"]);
        assert_eq!(texts(2, -2, -2), ["2", "0", "-2"]);
        assert_eq!(texts(7, 7, 5), ["7"]);
    }

    #[test]
    fn ranges_that_lead_nowhere_are_empty() {
        assert_eq!(texts(1, 5, 0), [""; 0]);
        assert_eq!(texts(1, 5, -1), [""; 0]);
    }

    #[test]
    fn the_widest_range_is_counted_without_overflow() {
        let range = Values::Range { start: i64::MIN, end: i64::MAX, step: 1 };
        assert_eq!(range.count(), u64::MAX);
        assert_eq!(range.text(u64::MAX - 1), Some((i64::MAX - 1).to_string()));
    }
}
