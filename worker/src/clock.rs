//! The worker's only clock and its only source of chance.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use manyhands_core::time::{Span, Timestamp};

/// Now.
#[must_use]
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The same length of time for the standard library.
#[must_use]
pub(crate) const fn duration(span: Span) -> Duration {
    Duration::from_millis(span.0)
}
