//! The spool's thread: takes what waits, commits it at once, says how far it got.

use tokio::sync::{mpsc, watch};

use super::Change;
use super::database::{Database, DatabaseError};

/// Changes of one transaction at most, so that the first of many does not wait for all.
const COMMIT_CHANGES_MAX: usize = 512;

/// Runs until the queue is closed and empty, or the database fails.
pub(super) fn run(
    database: &mut Database,
    mut queue: mpsc::Receiver<Change>,
    committed: &watch::Sender<u64>,
) -> Result<(), DatabaseError> {
    let mut batch = Vec::with_capacity(COMMIT_CHANGES_MAX);
    let mut through = 0;
    while queue.blocking_recv_many(&mut batch, COMMIT_CHANGES_MAX) > 0 {
        database.commit(&batch)?;
        through += batch.len() as u64;
        batch.clear();
        committed.send_replace(through);
    }
    Ok(())
}
