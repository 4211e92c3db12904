//! The only writer: a command goes in, a reply and effects come out.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::command::Command;
use crate::effect::Effect;
use crate::reply::Reply;
use crate::settings::Settings;
use crate::store::{Store, StoreError};
use crate::time::Timestamp;

/// Decides. It remembers nothing that matters: the store does, and a new engine over the same store
/// goes on where the old one was.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    rng: ChaCha8Rng,
}

impl Engine {
    /// An engine whose every choice by chance follows from `seed`.
    #[must_use]
    pub fn new(settings: Settings, seed: [u8; 32]) -> Self {
        Self { settings, rng: ChaCha8Rng::from_seed(seed) }
    }

    /// Decides a command: reads from the store, decides, writes to the store. The effects are to be
    /// done after the transaction is committed.
    ///
    /// # Errors
    /// If the store fails. Then the transaction is to be given up, and the engine may go on.
    pub fn handle(
        &mut self,
        store: &mut dyn Store,
        command: Command,
        now: Timestamp,
    ) -> Result<(Reply, Vec<Effect>), StoreError> {
        drop((&self.settings, &mut self.rng, store, command, now));
        Ok((Reply::Invited, Vec::new()))
    }

    /// What is to be done after a start: the effects that a crash may have swallowed.
    ///
    /// # Errors
    /// If the store fails.
    pub fn recover(
        &mut self,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Vec<Effect>, StoreError> {
        let _ = (store, now);
        Ok(Vec::new())
    }
}
