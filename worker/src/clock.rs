//! The worker's only clocks and its only source of chance.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use manyhands_core::agent::governor::hours::{Day, LocalTime};
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

/// What the clock on the wall shows, in the machine's time zone.
#[must_use]
pub(crate) fn local() -> LocalTime {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let now_ms = i64::try_from(now().0).unwrap_or(i64::MAX);
    let instant = jiff::Timestamp::from_millisecond(now_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let offset_s = TimeZone::system().to_offset(instant).seconds();
    let local_ms = now_ms.saturating_add(i64::from(offset_s) * 1_000);
    let day = i32::try_from(local_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX);
    let of_day = u64::try_from(local_ms.rem_euclid(DAY_MS)).unwrap_or(0);
    LocalTime { day: Day(day), of_day: Span(of_day) }
}

/// Since the machine's start, by a clock that nobody sets and that goes on while the machine sleeps.
#[must_use]
#[cfg(unix)]
pub(crate) fn uptime() -> Span {
    use nix::time::{ClockId, clock_gettime};
    #[cfg(target_os = "linux")]
    let clock = ClockId::CLOCK_BOOTTIME;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::CLOCK_MONOTONIC;
    let since = clock_gettime(clock).map(Duration::from).unwrap_or_default();
    Span(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Since the machine's start, by a clock that nobody sets and that goes on while the machine sleeps.
#[must_use]
#[cfg(windows)]
pub(crate) fn uptime() -> Span {
    use std::sync::OnceLock;
    use std::time::Instant;
    // The system tells whole seconds; what has passed since it was asked is known better.
    static ASKED: OnceLock<(Instant, Duration)> = OnceLock::new();
    let ask = || (Instant::now(), Duration::from_secs(sysinfo::System::uptime().unwrap_or(0)));
    let (asked_at, uptime) = ASKED.get_or_init(ask);
    let since = uptime.saturating_add(asked_at.elapsed());
    Span(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
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
