//! What must outlive the process: held leases, reports until they are acknowledged, and the newest
//! checkpoint of each replica.
//!
//! One thread owns the database and commits all changes that wait in one transaction, so that a
//! thousand reports cost one sync of the disk. Who appends a [`Change`] gets its number; when the
//! watch of [`Spool::durable`] has passed that number, the change survives a power cut. A number
//! is enough, so nothing queues up on the way back.

mod database;
mod writer;

use std::io;
use std::path::Path;
use std::thread::JoinHandle;

use manyhands_core::id::ReplicaId;
use manyhands_proto::v1;
use tokio::sync::{mpsc, watch};

pub use self::database::DatabaseError;
pub(crate) use self::database::{Enrolment, Held, Restored};

/// Changes that may wait for the disk; who appends more waits too.
const CHANGES_MAX: usize = 1024;

/// One thing to remember.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// The host was enrolled.
    Enrolled(Enrolment),
    /// A job of leases that follow.
    Job(v1::LeasedJob),
    /// A lease was granted.
    Leased(ReplicaId, v1::Lease),
    /// A newer checkpoint lies in the cache.
    Checkpointed(ReplicaId, v1::Checkpoint),
    /// The replica ended. Its report waits for the coordinator.
    Finished(ReplicaId, v1::Report),
    /// Nothing is left to do or say about the replica.
    Settled(ReplicaId),
    /// No lease of the job is held any more.
    JobLeft(u64),
}

/// Why the spool does not work.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The operating system gave no thread.
    #[error("cannot start the spool's thread: {0}")]
    Thread(#[from] io::Error),
    /// The thread ended by a bug.
    #[error("the spool's thread panicked; what was reported as durable is safe")]
    Panicked,
}

/// The handle. Dropping it ends the thread after a last commit.
#[derive(Debug)]
pub(crate) struct Spool {
    changes: mpsc::Sender<Change>,
    appended: u64,
    durable: watch::Receiver<u64>,
    writer: JoinHandle<Result<(), DatabaseError>>,
}

impl Spool {
    /// Opens the database at `path`, and gives what an earlier process left in it.
    ///
    /// # Errors
    /// [`SpoolError::Database`] if it is locked, damaged, or was written by a newer version; it is
    /// then left untouched.
    pub(crate) fn open(path: &Path) -> Result<(Self, Restored), SpoolError> {
        let mut database = database::Database::open(path)?;
        let restored = database.restore()?;
        let (changes, queue) = mpsc::channel(CHANGES_MAX);
        let (committed, durable) = watch::channel(0);
        let writer = std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || writer::run(&mut database, queue, &committed))?;
        Ok((Self { changes, appended: 0, durable, writer }, restored))
    }

    /// What an earlier process left in the database at `path`; nothing if there is none, and none is made.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn peek(path: &Path) -> Result<Option<Restored>, SpoolError> {
        if !path.exists() {
            return Ok(None);
        }
        let (spool, restored) = Self::open(path)?;
        spool.close()?;
        Ok(Some(restored))
    }

    /// Appends `change` and gives its number. Waits while too many others wait.
    ///
    /// # Errors
    /// Why the thread ended before.
    pub(crate) async fn append(&mut self, change: Change) -> Result<u64, SpoolStopped> {
        self.changes.send(change).await.map_err(|mpsc::error::SendError(_)| SpoolStopped)?;
        self.appended += 1;
        Ok(self.appended)
    }

    /// Number of the newest change that is on disk with all before it.
    pub(crate) fn durable(&self) -> watch::Receiver<u64> {
        self.durable.clone()
    }

    /// Commits what waits and closes the database.
    ///
    /// # Errors
    /// [`SpoolError`] that ended the thread early.
    pub(crate) fn close(self) -> Result<(), SpoolError> {
        drop(self.changes);
        match self.writer.join() {
            Ok(ended) => Ok(ended?),
            Err(_panic) => Err(SpoolError::Panicked),
        }
    }
}

/// The spool's thread has ended; [`Spool::close`] says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the spool has stopped")]
pub struct SpoolStopped;

#[cfg(test)]
mod tests;
