//! The worker's other slots: one for each core but one, all of them computing.

use std::num::NonZero;
use std::path::Path;
use std::thread;

use manyhands_worker::slots::{RunSpec, Slot};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Failure, command, spec};

/// A Mersenne prime whose test takes longer than any round.
const LONG: &str = "216091";

/// Slots at work, until they are told to leave.
pub(super) struct Others(Vec<JoinHandle<()>>);

/// Starts them, and waits until each is in its guest.
pub(super) fn at_work(runtime: &Runtime, folder: &Path) -> Result<Others, Failure> {
    let count = thread::available_parallelism().map_or(1, NonZero::get) - 1;
    let mut others = Others(Vec::new());
    for _ in 0..count {
        let (told, is_started) = oneshot::channel();
        let slot = Slot::new(command(folder));
        others.0.push(runtime.spawn(work(slot, spec(folder, LONG)?, told)));
        runtime.block_on(is_started).map_err(|_gone| "another slot does not start")?;
    }
    Ok(others)
}

impl Others {
    /// Ends their processes.
    pub(super) fn leave(self) {
        for other in self.0 {
            other.abort();
        }
    }
}

async fn work(mut slot: Slot, spec: RunSpec, told: oneshot::Sender<()>) {
    let Ok(mut run) = slot.start(&spec).await else { return };
    // The first event is that the guest is called. Nobody waits for it when the benchmark fails.
    if run.next().await.is_some() && told.send(()).is_ok() {
        while run.next().await.is_some() {}
    }
}
