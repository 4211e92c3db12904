//! The only file of the program that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use manyhands_core::time::Timestamp;

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the file that may")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
