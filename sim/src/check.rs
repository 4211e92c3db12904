//! What must hold all along, and what must have happened at the end.

use manyhands_core::invariant::{self, Violation};
use manyhands_core::store::memory::MemoryStore;
use manyhands_core::store::{Store as _, StoreError};
use manyhands_core::time::Timestamp;

/// Something that must never happen happened.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The store is not as it must be.
    #[error(transparent)]
    Invariant(#[from] Violation),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something is due, and nobody will look.
    #[error("something is due at {due_at:?} and the alarm is set to {alarm_at:?}")]
    NoAlarm {
        /// When.
        due_at: Timestamp,
        /// When somebody will look.
        alarm_at: Option<Timestamp>,
    },
}

/// Checks a store every so many commands, each time also against the time before.
#[derive(Debug)]
pub struct Checker {
    every: u64,
    next_at: u64,
    before: MemoryStore,
    /// How often it has looked.
    pub checks: u64,
}

impl Checker {
    /// A checker that looks every so many commands, or not at all if that is 0.
    #[must_use]
    pub fn new(every: u32) -> Self {
        let every = every.into();
        Self { every, next_at: every, before: MemoryStore::new(), checks: 0 }
    }

    /// Looks, if it is time after so many commands.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn look(&mut self, store: &MemoryStore, commands: u64) -> Result<(), Broken> {
        if self.every == 0 || commands < self.next_at {
            return Ok(());
        }
        self.next_at = commands + self.every;
        self.look_now(store)
    }

    /// Looks.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn look_now(&mut self, store: &MemoryStore) -> Result<(), Broken> {
        self.checks += 1;
        invariant::check(store)?;
        if self.every > 0 {
            invariant::check_step(&self.before, store)?;
            self.before = store.clone();
        }
        Ok(())
    }
}

/// Checks that no deadline passes unseen: while the coordinator is up, its alarm is set to the first
/// thing that is due, or to an earlier time.
///
/// # Errors
/// If something is due and nobody will look.
pub fn alarm(
    store: &MemoryStore,
    alarm_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Broken> {
    let times = [store.next_deadline_at()?, store.next_ready_at(now)?];
    let Some(due_at) = times.into_iter().flatten().min() else { return Ok(()) };
    if alarm_at.is_some_and(|alarm_at| alarm_at <= due_at.max(now)) {
        return Ok(());
    }
    Err(Broken::NoAlarm { due_at, alarm_at })
}
