//! Holding back what failed in passing, longer each time.

use manyhands_core::agent::retry::Retry;
use manyhands_core::time::Span;
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

use crate::clock;

/// Longest pause after a first failure.
const BASE: Span = Span::seconds(1);

/// Longest pause.
const CAP: Span = Span::minutes(1);

/// A kind of work that may have to wait.
#[derive(Debug)]
pub(super) struct Pause {
    retry: Retry,
    /// Nothing of it is begun before.
    until: Option<Instant>,
    rng: ChaCha8Rng,
}

impl Pause {
    pub(super) fn new() -> Self {
        Self { retry: Retry::new(BASE, CAP), until: None, rng: clock::seeded_rng() }
    }

    /// It worked, or there is reason to hope so: nothing is held back.
    pub(super) fn end(&mut self) {
        self.until = None;
        self.retry.worked();
    }

    /// It failed in passing.
    pub(super) fn begin(&mut self) {
        self.until = Some(Instant::now() + clock::duration(self.retry.failed(&mut self.rng)));
    }

    pub(super) fn is_over(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() >= until)
    }

    /// When it will be over, if it is not.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        self.until.filter(|until| Instant::now() < *until)
    }
}
