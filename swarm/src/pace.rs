//! A bound on what is sent to other networks, all blobs and neighbours together.

use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Parts wait their turn here, first come, first served.
#[derive(Debug)]
pub(crate) struct Pace {
    bytes_per_s: Option<NonZeroU64>,
    /// When the line is free again.
    free_at: Mutex<Option<Instant>>,
}

impl Pace {
    /// Without a bound there is no waiting.
    pub(crate) fn new(bytes_per_s: Option<NonZeroU64>) -> Self {
        Self { bytes_per_s, free_at: Mutex::new(None) }
    }

    /// Waits until so many bytes may be sent.
    pub(crate) async fn wait(&self, bytes: u64) {
        if let Some(turn) = self.turn(bytes, Instant::now()) {
            sleep_until(turn).await;
        }
    }

    /// When so many bytes may be sent that were ready at `now`.
    fn turn(&self, bytes: u64, now: Instant) -> Option<Instant> {
        let bytes_per_s = self.bytes_per_s?;
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = free_at.map_or(now, |free_at| free_at.max(now));
        let takes = Duration::from_micros(bytes.saturating_mul(1_000_000) / bytes_per_s);
        *free_at = Some(turn + takes);
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sends_much_waits_and_a_quiet_line_saves_nothing_up() {
        let pace = Pace::new(NonZeroU64::new(1_000));
        let now = Instant::now();
        let turn = |bytes, ms| {
            let turn = pace.turn(bytes, now + Duration::from_millis(ms)).unwrap();
            (turn - now).as_millis()
        };
        assert_eq!([turn(500, 0), turn(500, 0), turn(100, 0)], [0, 500, 1_000]);
        assert_eq!([turn(500, 60_000), turn(500, 60_000)], [60_000, 60_500]);
        assert_eq!(Pace::new(None).turn(1 << 40, now), None);
    }
}
