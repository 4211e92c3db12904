//! How late a thread is that wakes a thousand times a second, as one that plays sound or draws a pointer does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Failure;

const PERIOD: Duration = Duration::from_millis(1);

/// What was measured, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lateness {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Wakes while `work` is done, and gives what that came to as well.
pub(super) fn during<T>(
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<(T, Lateness), Failure> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let probe = scope.spawn(|| wake_until(&is_over));
        let done = work();
        is_over.store(true, Ordering::Relaxed);
        let late = probe.join().map_err(|_panic| "a thread panicked")??;
        Ok((done?, summary(late)))
    })
}

/// Wakes for so long, with nothing else to do.
pub(super) fn alone(span: Duration) -> Result<Lateness, Failure> {
    during(|| {
        thread::sleep(span);
        Ok(())
    })
    .map(|((), late)| late)
}

fn wake_until(is_over: &AtomicBool) -> Result<Vec<f64>, Failure> {
    // The system may not delay it to wake it together with others.
    nix::sys::prctl::set_timerslack(1)?;
    let mut late = Vec::new();
    let mut due = Instant::now() + PERIOD;
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let now = Instant::now();
        late.push(now.saturating_duration_since(due).as_secs_f64() * 1e6);
        // What was missed is missed.
        due = (due + PERIOD).max(now);
    }
    Ok(late)
}

fn summary(mut late: Vec<f64>) -> Lateness {
    late.sort_by(f64::total_cmp);
    let at = |percent: usize| late.get(late.len() * percent / 100).copied().unwrap_or_default();
    Lateness { p50: at(50), p99: at(99) }
}
