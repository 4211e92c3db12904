//! How a run is steered and watched from outside.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::sandbox::checkpoint::Checkpointed;

/// How often progress is told, at most.
const TELL_INTERVAL: Duration = Duration::from_secs(1);

/// Wishes to a running guest, from other threads. They are looked at between two steps.
#[derive(Debug, Default)]
pub struct Requests {
    checkpoint: AtomicBool,
    drain: AtomicBool,
}

impl Requests {
    /// Asks for a checkpoint as soon as possible.
    pub fn checkpoint(&self) {
        self.checkpoint.store(true, Ordering::Relaxed);
    }

    /// Asks for a checkpoint as soon as possible, and to stop then.
    pub fn drain(&self) {
        self.drain.store(true, Ordering::Relaxed);
    }

    pub(crate) fn wants_drain(&self) -> bool {
        self.drain.load(Ordering::Relaxed)
    }

    pub(crate) fn take_checkpoint(&self) -> bool {
        self.checkpoint.swap(false, Ordering::Relaxed)
    }
}

/// Where checkpoints go and how often.
#[derive(Debug, Clone)]
pub struct CheckpointPlan {
    /// A folder of this run alone; it holds one checkpoint, the newest.
    pub folder: PathBuf,
    /// Time on the wall between two checkpoints.
    pub interval: Duration,
}

/// Where a step program is to halt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// After so many steps since the beginning of the unit.
    pub step: u64,
    /// A folder for a checkpoint of the state there, of this run alone.
    pub folder: Option<PathBuf>,
}

/// Something that happened to a running guest.
#[derive(Debug, Clone)]
pub enum RunEvent {
    /// It is about to be called for the first time.
    Started {
        /// Steps already done, if it was resumed.
        step: u64,
    },
    /// It came further; told at most once a second.
    Progress {
        /// What the guest says, in parts per million.
        ppm: u32,
        /// Steps done.
        step: u64,
    },
    /// Its state is on disk.
    Checkpointed {
        /// Where, and of which step.
        checkpointed: Checkpointed,
        /// How long the guest stood still for it.
        pause: Duration,
    },
}

/// How a run is steered and watched.
#[derive(Default)]
pub struct Control {
    /// Wishes of other threads.
    pub requests: Arc<Requests>,
    /// Checkpoints of a step program; without a plan, none are written and a drain is not heard.
    pub checkpoints: Option<CheckpointPlan>,
    /// A checkpoint to go on from.
    pub resume: Option<PathBuf>,
    /// Whether to hash the final state of a step program.
    pub wants_state_hash: bool,
    /// Where a step program is to halt, if it does not end before.
    pub halt: Option<Halt>,
    /// Hears of events, on the guest's thread.
    pub on_event: Option<Box<dyn FnMut(RunEvent) + Send>>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control")
            .field("checkpoints", &self.checkpoints)
            .field("resume", &self.resume)
            .field("halt", &self.halt)
            .finish_non_exhaustive()
    }
}

/// Passes events on, not too often.
pub(crate) struct Teller {
    on_event: Option<Box<dyn FnMut(RunEvent) + Send>>,
    told_at: Instant,
    /// Steps done.
    pub(crate) step: u64,
}

impl Teller {
    pub(crate) fn new(on_event: Option<Box<dyn FnMut(RunEvent) + Send>>) -> Self {
        Self { on_event, told_at: Instant::now(), step: 0 }
    }

    pub(crate) fn tell(&mut self, event: RunEvent) {
        if let Some(on_event) = &mut self.on_event {
            on_event(event);
        }
    }

    pub(crate) fn tell_progress(&mut self, ppm: u32) {
        if self.told_at.elapsed() >= TELL_INTERVAL {
            self.told_at = Instant::now();
            self.tell(RunEvent::Progress { ppm, step: self.step });
        }
    }
}
