//! The store in one SQLite file.
//!
//! One connection writes, on the thread of whoever owns the [`SqliteStore`]; others may read
//! beside it, since the journal is a write-ahead log. Transactions are begun and ended by the
//! owner, so that many commands share one flush to disk. `synchronous = full`: what was committed
//! survives power loss.

mod body;
mod codec;
mod disputes;
mod forgetting;
mod ledger;
mod open;
mod read;
mod write;

#[cfg(test)]
mod tests;

use std::path::Path;

use manyhands_core::store::StoreError;
use rusqlite::Connection;

pub use open::OpenError;

/// A database file as the engine's store.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
}

/// How a group of commands failed to become durable.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// The disk is full; the same may work later.
    #[error("no space is left for the database: free some, then try again")]
    Full,
    /// The database failed otherwise.
    #[error("the database failed: {0}")]
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for TransactionError {
    fn from(error: rusqlite::Error) -> Self {
        if codec::is_full(&error) { Self::Full } else { Self::Failed(error) }
    }
}

impl SqliteStore {
    /// Opens the database, or makes it, and brings its tables up to date.
    ///
    /// # Errors
    /// When the file is no database of ours or is from a newer version; it is then left as it was.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        open::writer(path).map(|connection| Self { connection })
    }

    /// Opens another connection that only reads, beside the one that writes.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open_reader(path: &Path) -> Result<Self, OpenError> {
        open::reader(path).map(|connection| Self { connection })
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub fn begin(&mut self) -> Result<(), TransactionError> {
        Ok(self.connection.prepare_cached("begin immediate")?.execute([]).map(drop)?)
    }

    /// Makes everything since [`SqliteStore::begin`] durable.
    ///
    /// # Errors
    /// When it is not; the transaction is then still open and to be rolled back.
    pub fn commit(&mut self) -> Result<(), TransactionError> {
        Ok(self.connection.prepare_cached("commit")?.execute([]).map(drop)?)
    }

    /// Forgets everything since [`SqliteStore::begin`].
    ///
    /// # Errors
    /// When the database fails.
    pub fn rollback(&mut self) -> Result<(), TransactionError> {
        // Some failures, a full disk among them, have ended the transaction already.
        if self.connection.is_autocommit() {
            return Ok(());
        }
        Ok(self.connection.prepare_cached("rollback")?.execute([]).map(drop)?)
    }

    /// Makes the disk look full from so many pages on.
    #[cfg(test)]
    pub(crate) fn limit_pages(&self, pages: u32) {
        self.connection.pragma_update(None, "max_page_count", pages).expect("a small number");
    }

    /// Folds the log into the database file and closes it.
    ///
    /// # Errors
    /// When the database fails; what was committed is safe even then.
    pub fn close(self) -> Result<(), TransactionError> {
        self.connection.close().map_err(|(_connection, error)| error.into())
    }
}

/// Whether a failure of the store is for want of space.
#[must_use]
pub fn is_full(error: &StoreError) -> bool {
    match error {
        StoreError::Backend(source) => {
            source.downcast_ref::<rusqlite::Error>().is_some_and(codec::is_full)
        }
        StoreError::Corrupt { .. } | StoreError::Missing { .. } => false,
    }
}
