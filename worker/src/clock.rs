//! The worker's only clock and its only source of chance.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use manyhands_core::time::{Span, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

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

/// A generator with a seed from the operating system.
#[must_use]
pub(crate) fn seeded_rng() -> ChaCha8Rng {
    let mut seed = [0; 32];
    if let Err(error) = getrandom::fill(&mut seed) {
        // Only pauses are drawn from it: any seed does.
        tracing::warn!(%error, "the system gives no random bytes");
        seed[..8].copy_from_slice(&now().0.to_le_bytes());
    }
    ChaCha8Rng::from_seed(seed)
}
