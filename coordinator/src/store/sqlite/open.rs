//! Opening a database: whose it is, of which version, and how it is to behave.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction};
use rusqlite_migration::{HookError, HookResult, M, Migrations};

use super::{forgetting, ledger};

/// Marks a file as ours: "MHND".
const APPLICATION_ID: i32 = 0x4d48_4e44;

/// How many steps [`migrations`] has.
const FORMAT: usize = 9;

/// Prepared statements kept; there are about 50 in this store.
const STATEMENTS_MAX: usize = 64;

/// Why a database cannot be used. It was not changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another program's database.
    #[error("{} is a database, but not of a coordinator: choose another data folder", .0.display())]
    Foreign(PathBuf),
    /// A later version of this program has changed it.
    #[error(
        "{} has format {found}, this version knows up to {known}: \
         start the newer version that made it, or restore a backup",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that we know.
        known: usize,
    },
    /// Somebody else holds it.
    #[error("{} is locked by another program: stop that first", .0.display())]
    Locked(PathBuf),
    /// The file cannot be opened or its tables not brought up to date.
    #[error("cannot open the database {}: {source}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The connection that writes.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let mut connection = Connection::open(path).map_err(|error| failed(path, error))?;
    inspect(&connection, path)?;
    prepare(&mut connection).map_err(|error| failed(path, error))?;
    migrations()
        .to_latest(&mut connection)
        .map_err(|source| OpenError::Failed { path: path.to_owned(), source: Box::new(source) })?;
    Ok(connection)
}

/// A connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        keep_statements(&connection)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        Ok(connection)
    };
    open().map_err(|error| failed(path, error))
}

/// Looks without touching: an empty file, or one of ours that we understand.
fn inspect(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let ask = |name| pragma(name).map_err(|error| failed(path, error));
    let tables = connection
        .query_row("select count(*) from sqlite_schema", [], |row| row.get::<_, i64>(0))
        .map_err(|error| failed(path, error))?;
    if tables > 0 && ask("application_id")? != i64::from(APPLICATION_ID) {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    let (found, known) = (ask("user_version")?, FORMAT);
    if usize::try_from(found).map_or(true, |found| found > known) {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    Ok(())
}

fn prepare(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    keep_statements(connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    // What is overwritten or removed leaves no trace in the file, as those want who are forgotten.
    connection.pragma_update(None, "secure_delete", "fast")?;
    // 64 MiB of pages in memory, and a log that is folded in every 32 MiB or so: pages that
    // change again and again are then written to the database file once.
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "wal_autocheckpoint", 8_192)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    Ok(())
}

/// Prepares each statement once. Without the second line, SQLite would plan again whenever a
/// parameter changes, in case that the new value makes another plan better; ours never do.
fn keep_statements(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Append only: the number of a database is how many of these it has seen.
fn migrations() -> Migrations<'static> {
    let steps: [M<'static>; FORMAT] = [
        M::up(include_str!("../migrations/0001_start.sql")),
        M::up(include_str!("../migrations/0002_vouched.sql")),
        M::up(include_str!("../migrations/0003_trust.sql")),
        M::up_with_hook(include_str!("../migrations/0004_ledger.sql"), chain_old_rows),
        M::up(include_str!("../migrations/0005_evidence.sql")),
        M::up(include_str!("../migrations/0006_disputes.sql")),
        M::up(include_str!("../migrations/0007_blocks.sql")),
        M::up(include_str!("../migrations/0008_samples.sql")),
        M::up_with_hook(include_str!("../migrations/0009_forgotten.sql"), name_volunteers),
    ];
    Migrations::new(steps.to_vec())
}

/// Gives rows of the ledger that are from before there was a chain their place in it.
fn chain_old_rows(transaction: &Transaction<'_>) -> HookResult {
    ledger::chain_rows(transaction).map_err(|error| HookError::Hook(error.to_string()))
}

/// Tells of rows that are from before it was asked whose they are.
fn name_volunteers(transaction: &Transaction<'_>) -> HookResult {
    forgetting::name_volunteers(transaction).map_err(|error| HookError::Hook(error.to_string()))
}

fn failed(path: &Path, error: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            OpenError::Locked(path)
        }
        Some(rusqlite::ErrorCode::NotADatabase) => OpenError::Foreign(path),
        _ => OpenError::Failed { path, source: Box::new(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_well_formed() {
        assert_eq!(migrations().validate(), Ok(()));
    }
}
