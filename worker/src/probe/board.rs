//! What the sensors said last. Whatever reads one writes it here; whoever decides reads all of it.
//!
//! A sensor that hangs, or whose thread died, is not waited for: what it said grows old and is then unknown.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use manyhands_core::agent::governor::reading::Readings;
use manyhands_core::time::Span;
use tokio::sync::Notify;

use super::presence::{Screen, Seat};

/// What was said longer ago is unknown.
const AGE_MAX: Duration = Duration::from_secs(20);

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// What is read often.
    Quick,
    /// What is read now and then.
    Slow,
    /// What other programs compute.
    #[cfg(target_os = "linux")]
    Load,
    /// The system's message bus.
    #[cfg(target_os = "linux")]
    Bus,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Board {
    said: Mutex<Said>,
    touched: Notify,
}

#[derive(Debug, Default)]
struct Said {
    parts: BTreeMap<Part, (Instant, Readings)>,
    seat: Seat,
    /// What was told last, to notice a touch.
    idle: Option<Span>,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces all that `part` said before.
    pub(super) fn say(&self, part: Part, readings: Readings) {
        self.lock().parts.insert(part, (Instant::now(), readings));
    }

    /// Takes up when terminals were touched last, and whether there is a screen at all.
    pub(super) fn say_terminals(&self, untouched: Option<Span>, has_screen: bool) {
        self.change(|seat| seat.terminals(untouched, has_screen));
    }

    /// Takes up when a screen was touched last, as `source` tells.
    pub(super) fn say_screen(&self, source: Screen, untouched: Option<Span>) {
        self.change(|seat| seat.screen(source, untouched));
    }

    /// Takes up whether there are sessions with screens, and how long all of them were not touched.
    #[cfg(target_os = "linux")]
    pub(super) fn say_sessions(&self, are_any: bool, untouched: Option<Span>) {
        self.change(|seat| seat.sessions(are_any, untouched));
    }

    /// Takes up that nobody knows of sessions.
    #[cfg(target_os = "linux")]
    pub(super) fn nobody_knows_sessions(&self) {
        self.change(Seat::nobody_knows_sessions);
    }

    fn change(&self, change: impl FnOnce(&mut Seat)) {
        let mut said = self.lock();
        change(&mut said.seat);
        let idle = said.seat.untouched();
        let is_touched = match (said.idle, idle) {
            (Some(before), Some(now)) => now < before,
            (before, now) => before != now,
        };
        said.idle = idle;
        drop(said);
        if is_touched {
            self.touch();
        }
    }

    /// All that is known.
    pub(super) fn readings(&self) -> Readings {
        let said = self.lock();
        let mut readings = Readings::default();
        for (at, part) in said.parts.values() {
            if at.elapsed() <= AGE_MAX {
                readings.take_all(part);
            }
        }
        if let Some(untouched) = said.seat.untouched() {
            readings.untouched_for(untouched);
        }
        readings
    }

    /// Someone touched the machine, or something else is to be looked at now.
    pub(super) fn touch(&self) {
        self.touched.notify_one();
    }

    /// Waits until someone touches the machine.
    pub(super) async fn touched(&self) {
        self.touched.notified().await;
    }
}
