//! The one place where commands are decided: a bounded mailbox in front of the engine's thread.
//!
//! The thread takes what is waiting, decides all of it in one transaction, makes it durable with
//! one flush to disk, and only then answers and lets the effects out. The busier it is, the more
//! commands share a flush; an idle desk answers each at once. If the group cannot be made durable,
//! none of it happened and everyone is told so.

mod clerk;
mod reader;

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use manyhands_core::command::Command;
use manyhands_core::engine::Engine;
use manyhands_core::reply::Reply;
use manyhands_core::store::StoreError;
use tokio::sync::{mpsc, oneshot};

use crate::hub::Hub;
use crate::store::sqlite::{SqliteStore, TransactionError};
use clerk::Clerk;
pub(crate) use reader::Reader;

/// Commands that may wait; whoever brings one more waits with it.
const MAILBOX_MAX: usize = 1_024;

/// A command and where its answer goes.
struct Ask {
    command: Command,
    answer: oneshot::Sender<Result<Reply, DeskError>>,
}

/// Why a command was not decided. It changed nothing and may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DeskError {
    /// The disk is full.
    #[error("the coordinator's disk is full: nothing was changed, try again later")]
    Full,
    /// The store failed; its log says how.
    #[error("the coordinator's database failed: nothing was changed, try again later")]
    Failed,
    /// The coordinator is stopping.
    #[error("the coordinator is stopping: try again when it is back")]
    Closed,
}

/// Where commands are handed in; clones share the mailbox.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    mailbox: mpsc::Sender<Ask>,
}

/// The engine's thread. It ends when the last [`Desk`] is gone and the mailbox is empty.
#[derive(Debug)]
pub(crate) struct DeskThread(JoinHandle<Result<(), TransactionError>>);

/// An answer on its way.
#[derive(Debug)]
pub(crate) struct Pending(oneshot::Receiver<Result<Reply, DeskError>>);

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Ask").field(&self.command).finish()
    }
}

impl Desk {
    /// Starts the engine's thread. The effects that an earlier stop may have swallowed are let
    /// out before this returns.
    ///
    /// # Errors
    /// When the store fails or the system gives no thread.
    pub(crate) fn open(
        engine: Engine,
        store: SqliteStore,
        hub: Arc<Hub>,
    ) -> Result<(Self, DeskThread), OpenDeskError> {
        let (mailbox, asks) = mpsc::channel(MAILBOX_MAX);
        let mut clerk = Clerk::new(engine, store, asks, hub);
        clerk.recover()?;
        let thread = thread::Builder::new().name("engine".to_owned()).spawn(|| clerk.run())?;
        Ok((Self { mailbox }, DeskThread(thread)))
    }

    /// Hands a command in, waiting for a place in the mailbox. Commands of one caller are decided
    /// in the order in which they were handed in.
    ///
    /// # Errors
    /// When the desk is closed.
    pub(crate) async fn send(&self, command: Command) -> Result<Pending, DeskError> {
        let (answer, pending) = oneshot::channel();
        let sent = self.mailbox.send(Ask { command, answer }).await;
        sent.map(|()| Pending(pending)).map_err(|_unsent| DeskError::Closed)
    }

    /// Hands a command in and waits until its outcome is durable.
    ///
    /// # Errors
    /// When it was not decided.
    pub(crate) async fn ask(&self, command: Command) -> Result<Reply, DeskError> {
        self.send(command).await?.answer().await
    }
}

impl Pending {
    /// Waits until the outcome is durable.
    ///
    /// # Errors
    /// When the command was not decided.
    pub(crate) async fn answer(self) -> Result<Reply, DeskError> {
        self.0.await.unwrap_or(Err(DeskError::Closed))
    }
}

impl DeskThread {
    /// Waits for the thread to end and the database to be closed. Blocks.
    ///
    /// # Errors
    /// When the database could not be closed in order; everything acknowledged is safe.
    pub(crate) fn join(self) -> Result<(), TransactionError> {
        // A panic of the engine was reported on its own thread; there is nothing left to close.
        self.0.join().unwrap_or(Ok(()))
    }
}

/// Why a desk cannot open.
#[derive(Debug, thiserror::Error)]
pub enum OpenDeskError {
    /// The store cannot be read.
    #[error("cannot take up the work where it was left: {0}")]
    Recover(#[from] StoreError),
    /// The system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

#[cfg(test)]
mod tests;
