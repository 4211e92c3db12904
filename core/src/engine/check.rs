//! Bounds that several commands check.

use crate::limits::{BATCH_MAX, NAME_BYTES_MAX};
use crate::refusal::Refusal;

/// A batch must have between 1 and [`BATCH_MAX`] items.
pub(super) fn batch(what: &'static str, count: usize) -> Result<(), Refusal> {
    if (1..=BATCH_MAX).contains(&count) {
        return Ok(());
    }
    Err(Refusal::BatchSize { what, count, max: BATCH_MAX })
}

/// A name must be there, not too long, and printable.
pub(super) fn name(field: &'static str, text: &str) -> Result<(), Refusal> {
    let fits = (1..=NAME_BYTES_MAX).contains(&text.len());
    if fits && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Refusal::Text { field, max: NAME_BYTES_MAX })
}

/// A number must be within its bounds.
pub(super) fn within(field: &'static str, value: u64, min: u64, max: u64) -> Result<(), Refusal> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(Refusal::OutOfBounds { field, value, min, max })
}
