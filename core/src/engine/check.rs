//! Bounds that several commands check.

use crate::host::{Host, HostState};
use crate::limits::{BATCH_MAX, NAME_BYTES_MAX};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// A batch must have between 1 and [`BATCH_MAX`] items.
pub(super) fn batch(what: &'static str, count: usize) -> Result<(), Refusal> {
    if (1..=BATCH_MAX).contains(&count) {
        return Ok(());
    }
    Err(Refusal::BatchSize { what, count, max: BATCH_MAX })
}

/// A host must not be forgotten: from then on nothing is written about it that it says.
pub(super) fn remembered(host: &Host) -> Result<(), Refusal> {
    if host.is_forgotten() { Err(Refusal::HostForgotten(host.id)) } else { Ok(()) }
}

/// A host must neither be suspended nor forgotten.
pub(super) fn active(host: &Host, now: Timestamp) -> Result<(), Refusal> {
    remembered(host)?;
    match host.state {
        HostState::Active => Ok(()),
        HostState::Suspended { until, .. } => {
            let invalid = host.counters.invalid;
            let rest = until.map(|until| until.since(now));
            Err(Refusal::HostSuspended { host: host.id, invalid, rest })
        }
    }
}

/// A name must be there, not too long, and printable.
pub(super) fn name(field: &'static str, text: &str) -> Result<(), Refusal> {
    self::text(field, text, NAME_BYTES_MAX)
}

/// A text must be there, not too long, and printable.
pub(super) fn text(field: &'static str, text: &str, max: usize) -> Result<(), Refusal> {
    let fits = (1..=max).contains(&text.len());
    if fits && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Refusal::Text { field, max })
}

/// A number must be within its bounds.
pub(super) fn within(field: &'static str, value: u64, min: u64, max: u64) -> Result<(), Refusal> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(Refusal::OutOfBounds { field, value, min, max })
}
