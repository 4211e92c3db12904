//! The only place of this crate that reads the clock or asks the system for randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use manyhands_core::time::Timestamp;

/// Now, for stamps on files.
pub(crate) fn file_time() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    SystemTime::now()
}

/// Now, as the engine counts: milliseconds since the Unix epoch.
///
/// A clock set before 1970 reads as the epoch: the engine then sees time stand still, which
/// only makes leases live longer.
pub(crate) fn now() -> Timestamp {
    let since_epoch = file_time().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// A seed for the engine's generator, drawn once at each start.
///
/// # Errors
/// When the operating system has no randomness to give.
pub(crate) fn entropy_seed() -> Result<[u8; 32], getrandom::Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(seed)
}

/// A secret for an invite: 128 bits as hexadecimal digits.
///
/// # Errors
/// When the operating system has no randomness to give.
pub(crate) fn fresh_token() -> Result<String, getrandom::Error> {
    let mut secret = [0; 16];
    getrandom::fill(&mut secret)?;
    Ok(format!("{:032x}", u128::from_be_bytes(secret)))
}
