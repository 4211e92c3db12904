//! The way to other networks, of all blobs and neighbours together: no faster than `core` says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use manyhands_core::swarm::{PathId, Uplink, UploadLimit};
use manyhands_core::time::Timestamp;
use tokio::time::{Instant, sleep_until};

/// Whoever comes late by so much at most may make up for it, or timers would slow the line down.
const SLACK: Duration = Duration::from_millis(5);

/// How fast may be sent to other networks, and who sends next.
#[derive(Debug)]
pub struct Pace {
    uplink: Option<Mutex<Uplink>>,
    started: Instant,
    /// When the line is free again. Held by whoever is next: those who wait come in their order, and whoever stops
    /// waiting has taken nothing.
    free_at: tokio::sync::Mutex<Instant>,
    next_path: AtomicU64,
}

impl Pace {
    /// Without a limit there is no waiting.
    #[must_use]
    pub fn new(limit: Option<UploadLimit>) -> Self {
        let started = Instant::now();
        Self {
            uplink: limit.map(|limit| Mutex::new(Uplink::new(limit, Timestamp(0)))),
            started,
            free_at: tokio::sync::Mutex::new(started),
            next_path: AtomicU64::new(0),
        }
    }

    /// A way to a neighbour of another network; none if there is no limit to keep.
    pub(crate) fn way(pace: &Arc<Self>) -> Option<Way> {
        pace.uplink.as_ref()?;
        let path = PathId(pace.next_path.fetch_add(1, Ordering::Relaxed));
        Some(Way { pace: Arc::clone(pace), path })
    }

    /// What is known of the line now, if there is a limit.
    pub(crate) fn uplink(&self) -> Option<MutexGuard<'_, Uplink>> {
        // It only counts and compares: half of a change does no harm.
        self.uplink.as_ref().map(|uplink| uplink.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}

/// The way to one neighbour.
#[derive(Debug)]
pub(crate) struct Way {
    pace: Arc<Pace>,
    path: PathId,
}

impl Way {
    /// How many bytes the next part should have.
    pub(crate) fn part_bytes(&self) -> u64 {
        self.pace.uplink().map_or(u64::MAX, |uplink| uplink.part_bytes())
    }

    /// Waits until so many bytes may be sent. Gives the number of a question that is to be asked before them.
    pub(crate) async fn turn(&self, bytes: u64) -> Option<u32> {
        let mut free_at = self.pace.free_at.lock().await;
        sleep_until(*free_at).await;
        let mut uplink = self.pace.uplink()?;
        let question = uplink.sends(self.path, bytes, self.pace.now());
        let takes = bytes.saturating_mul(1_000_000) / uplink.bytes_per_s().max(1);
        *free_at = free_again(*free_at, Instant::now(), Duration::from_micros(takes));
        question
    }

    /// The neighbour says when it read a question; false if it owes no answer.
    pub(crate) fn answered(&self, question: u32, at_ms: u32) -> bool {
        let now = self.pace.now();
        self.pace
            .uplink()
            .is_some_and(|mut uplink| uplink.answered(self.path, question, at_ms, now))
    }
}

/// When a line that was free at `free_at` is so again, if it is used from `now` on.
fn free_again(free_at: Instant, now: Instant, takes: Duration) -> Instant {
    free_at.max(now.checked_sub(SLACK).unwrap_or(free_at)) + takes
}

impl Drop for Way {
    fn drop(&mut self) {
        if let Some(mut uplink) = self.pace.uplink() {
            uplink.left(self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    fn pace(bytes_per_s: u64) -> Arc<Pace> {
        let limit = UploadLimit::Fixed(NonZeroU64::new(bytes_per_s).unwrap());
        Arc::new(Pace::new(Some(limit)))
    }

    #[test]
    fn a_quiet_line_saves_nothing_up() {
        let now = Instant::now();
        let takes = Duration::from_millis(500);
        let ms = Duration::from_millis;
        assert_eq!(free_again(now, now, takes), now + takes);
        // Timers come late, and the line is not to be slower for it.
        assert_eq!(free_again(now, now + ms(2), takes), now + takes);
        assert_eq!(free_again(now, now + ms(60_000), takes), now + ms(60_000) - SLACK + takes);
    }

    #[tokio::test]
    async fn whoever_stops_waiting_has_taken_nothing() {
        let pace = pace(1_000);
        let way = Pace::way(&pace).unwrap();
        way.turn(1 << 20).await;
        let free_at = *pace.free_at.lock().await;
        let given_up = tokio::time::timeout(Duration::ZERO, way.turn(1 << 40)).await;
        assert!(given_up.is_err());
        assert_eq!(*pace.free_at.try_lock().unwrap(), free_at);
    }

    #[test]
    fn without_a_limit_there_is_nothing_to_wait_for() {
        assert!(Pace::way(&Arc::new(Pace::new(None))).is_none());
    }
}
