//! The only place of this crate that reads the clock of the world: records and visits are dated by it.

use std::time::{SystemTime, UNIX_EPOCH};

use manyhands_core::time::Timestamp;

/// Now.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
