//! How much of the time a slot may run: all of it, none, or a share that is cut into short turns.
//!
//! Turns are short so that neither fans nor other programs notice them, and those of different slots
//! begin at different times so that the machine's load stays even.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// A turn: in each, a slot runs for its share and then stands still.
const TURN: Duration = Duration::from_millis(100);

/// Percent of a turn by which the turns of neighbours are apart: about the golden ratio, so that any number
/// of them is spread evenly.
const APART_PERCENT: u32 = 62;

/// A share of the time, in percent, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace(u8);

impl Pace {
    /// All of it.
    pub(super) const FULL: Self = Self(100);
    /// None of it.
    pub(super) const STOPPED: Self = Self(0);

    /// So much of it, in percent.
    pub(super) fn percent(percent: u8) -> Self {
        Self(percent.min(100))
    }

    /// Whether a slot runs so long after its first turn began, and how long that stays so.
    fn at(self, since: Duration) -> (bool, Duration) {
        let running = TURN * u32::from(self.0) / 100;
        // A turn has far fewer nanoseconds than fit.
        let into = u64::try_from(since.as_nanos() % TURN.as_nanos()).unwrap_or(0);
        let into = Duration::from_nanos(into);
        match running.checked_sub(into).filter(|left| !left.is_zero()) {
            Some(left) => (true, left),
            None => (false, TURN.saturating_sub(into)),
        }
    }
}

/// Keeps a run to its pace.
#[derive(Debug)]
pub(super) struct Paced {
    pace: watch::Receiver<Pace>,
    /// When the first turn began.
    begun: Instant,
    is_running: bool,
}

impl Paced {
    pub(super) fn new(pace: watch::Receiver<Pace>, slot: usize) -> Self {
        Self { pace, begun: Instant::now() + offset(slot), is_running: true }
    }

    /// A run has begun, and runs.
    pub(super) fn begin(&mut self) {
        self.is_running = true;
    }

    /// Waits until the run is to go on (`true`) or to stand still. May be dropped while it waits.
    pub(super) async fn turn(&mut self) -> bool {
        loop {
            let pace = *self.pace.borrow_and_update();
            let since = Instant::now().saturating_duration_since(self.begun);
            let (is_running, left) = pace.at(since);
            if is_running != self.is_running {
                self.is_running = is_running;
                return is_running;
            }
            let is_shared = !matches!(pace, Pace::FULL | Pace::STOPPED);
            tokio::select! {
                changed = self.pace.changed() => if changed.is_err() {
                    // Whoever set the pace is gone, and the slot about to follow.
                    return std::future::pending().await;
                },
                () = sleep(left), if is_shared => {}
            }
        }
    }
}

/// How much later than those of slot 0 the turns of a slot begin.
fn offset(slot: usize) -> Duration {
    let slot = u32::try_from(slot % 1_000).unwrap_or(0);
    TURN * (slot * APART_PERCENT % 100) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_cut_into_turns() {
        let ms = Duration::from_millis;
        let pace = Pace::percent(30);
        for (since, expected) in [
            (0, (true, ms(30))),
            (29, (true, ms(1))),
            (30, (false, ms(70))),
            (99, (false, ms(1))),
            (100, (true, ms(30))),
            (1_250, (false, ms(50))),
        ] {
            assert_eq!(pace.at(ms(since)), expected, "{since}");
        }
    }

    #[test]
    fn all_and_nothing_have_no_turns() {
        for since in (0..200).map(Duration::from_millis) {
            assert!(Pace::FULL.at(since).0);
            assert!(!Pace::STOPPED.at(since).0);
        }
    }

    #[test]
    fn neighbours_have_their_turns_at_other_times() {
        let offsets = [0, 1, 2, 3].map(|slot| offset(slot).as_millis());
        assert_eq!(offsets, [0, 62, 24, 86]);
    }
}
