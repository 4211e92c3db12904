//! SQL, and nothing else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use manyhands_core::id::{JobId, ReplicaId};
use manyhands_proto::v1;
use prost::Message;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, params};
use rusqlite_migration::{M, Migrations};

use super::Change;

/// Append-only: a released step is never edited.
const MIGRATIONS: &[M<'_>] = &[M::up(include_str!("schema.sql"))];

/// Number of migrations that this version knows, as SQLite's `user_version` counts them.
const VERSION: i64 = MIGRATIONS.len() as i64;

/// Why the spool's database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A newer version of this program wrote it.
    #[error(
        "the spool {} was written by a newer version of this program (layout {found}, this one \
         knows {VERSION}): run that version, or name another data folder",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its layout.
        found: i64,
    },
    /// The disk has no room left.
    #[error("no space is left on the disk of {}: free some, then start the worker again", .0.display())]
    DiskFull(PathBuf),
    /// Another program has the database.
    #[error("the spool {} is locked by another program: stop that first", .0.display())]
    Locked(PathBuf),
    /// A stored message cannot be read.
    #[error("the spool {} is damaged: move it away, its leases will be given to others", .0.display())]
    Damaged(PathBuf),
    /// Anything else that SQLite says.
    #[error("the spool {} fails: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The layout could not be brought up to date.
    #[error("the spool {} cannot be brought up to date: {source}", path.display())]
    Migration {
        /// The database.
        path: PathBuf,
        /// What went wrong.
        source: rusqlite_migration::Error,
    },
}

/// Which coordinator this folder belongs to, and the host's number there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enrolment {
    /// The coordinator's key, or the address of one that has none.
    pub(crate) coordinator: String,
    /// The host's number.
    pub(crate) host: u64,
}

/// A lease that an earlier process held.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    /// Its replica.
    pub(crate) replica: ReplicaId,
    /// As granted.
    pub(crate) lease: v1::Lease,
    /// How far this machine got.
    pub(crate) checkpoint: Option<v1::Checkpoint>,
}

/// What an earlier process left.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Restored {
    /// If the host was enrolled.
    pub(crate) enrolment: Option<Enrolment>,
    /// Jobs of the leases.
    pub(crate) jobs: Vec<v1::LeasedJob>,
    /// Leases without a report, in order of replicas.
    pub(crate) held: Vec<Held>,
    /// Reports that nobody acknowledged, oldest first.
    pub(crate) reports: Vec<(ReplicaId, v1::Report)>,
}

/// An open database.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    connection: Connection,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let failed = |source| named(path, source);
        let mut connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        // Before anything else: a database of a newer version stays as it is.
        let found = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(failed)?;
        if found > VERSION {
            return Err(DatabaseError::Newer { path: path.to_owned(), found });
        }
        connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "full").map_err(failed)?;
        Migrations::from_slice(MIGRATIONS)
            .to_latest(&mut connection)
            .map_err(|source| DatabaseError::Migration { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), connection })
    }

    /// Makes all of `changes` durable, or none.
    pub(super) fn commit(&mut self, changes: &[Change]) -> Result<(), DatabaseError> {
        let committed = self.connection.transaction().and_then(|transaction| {
            for change in changes {
                apply(&transaction, change)?;
            }
            transaction.commit()
        });
        committed.map_err(|source| named(&self.path, source))
    }

    #[cfg(test)]
    pub(super) fn limit_pages(&mut self, pages: u32) {
        self.connection.pragma_update(None, "max_page_count", pages).unwrap();
    }

    pub(super) fn restore(&mut self) -> Result<Restored, DatabaseError> {
        let rows = self.connection.transaction().and_then(|transaction| read(&transaction));
        rows.map_err(|source| named(&self.path, source))
    }
}

fn apply(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    let (sql, replica, message) = match change {
        Change::Enrolled(Enrolment { coordinator, host }) => {
            let sql = "insert or replace into enrolment values (1, ?1, ?2)";
            let mut statement = transaction.prepare_cached(sql)?;
            return statement.execute(params![coordinator, host.cast_signed()]).map(|_| ());
        }
        Change::Job(job) => {
            let mut statement =
                transaction.prepare_cached("insert or replace into job values (?1, ?2)")?;
            let row = params![job.job.cast_signed(), job.encode_to_vec()];
            return statement.execute(row).map(|_| ());
        }
        Change::JobLeft(job) => {
            let mut statement = transaction.prepare_cached("delete from job where id = ?1")?;
            return statement.execute([job.cast_signed()]).map(|_| ());
        }
        Change::Leased(replica, lease) => (INSERT_LEASE, replica, lease.encode_to_vec()),
        Change::Checkpointed(replica, checkpoint) => {
            (UPDATE_CHECKPOINT, replica, checkpoint.encode_to_vec())
        }
        Change::Finished(replica, report) => {
            delete(transaction, DELETE_LEASE, *replica)?;
            (INSERT_REPORT, replica, report.encode_to_vec())
        }
        Change::Settled(replica) => {
            delete(transaction, DELETE_LEASE, *replica)?;
            return delete(transaction, DELETE_REPORT, *replica);
        }
    };
    let (job, unit, number) = key(*replica);
    transaction.prepare_cached(sql)?.execute(params![job, unit, number, message]).map(|_| ())
}

/// A renewed lease keeps its checkpoint.
const INSERT_LEASE: &str = "insert into lease values (?1, ?2, ?3, ?4, null)
    on conflict do update set message = excluded.message";
const UPDATE_CHECKPOINT: &str =
    "update lease set checkpoint = ?4 where job = ?1 and unit = ?2 and number = ?3";
const DELETE_LEASE: &str = "delete from lease where job = ?1 and unit = ?2 and number = ?3";
const INSERT_REPORT: &str =
    "insert or replace into report (job, unit, number, message) values (?1, ?2, ?3, ?4)";
const DELETE_REPORT: &str = "delete from report where job = ?1 and unit = ?2 and number = ?3";

fn delete(transaction: &Transaction<'_>, sql: &str, replica: ReplicaId) -> rusqlite::Result<()> {
    transaction.prepare_cached(sql)?.execute(key(replica)).map(|_| ())
}

/// SQLite has no unsigned 64-bit number: a job's number keeps its bits.
fn key(replica: ReplicaId) -> (i64, u32, u16) {
    (replica.unit.job.0.cast_signed(), replica.unit.index, replica.number)
}

fn read(transaction: &Transaction<'_>) -> rusqlite::Result<Restored> {
    let enrolment = transaction
        .query_row("select coordinator, host from enrolment", [], |row| {
            Ok(Enrolment { coordinator: row.get(0)?, host: row.get::<_, i64>(1)?.cast_unsigned() })
        })
        .optional()?;
    let jobs = transaction
        .prepare("select message from job order by id")?
        .query_map([], |row| message(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    let held = transaction
        .prepare("select job, unit, number, message, checkpoint from lease order by 1, 2, 3")?
        .query_map([], |row| {
            let has_checkpoint = row.get_ref(4)? != rusqlite::types::ValueRef::Null;
            let checkpoint = has_checkpoint.then(|| message(row, 4)).transpose()?;
            Ok(Held { replica: replica(row)?, lease: message(row, 3)?, checkpoint })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let reports = transaction
        .prepare("select job, unit, number, message from report order by id")?
        .query_map([], |row| Ok((replica(row)?, message(row, 3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Restored { enrolment, jobs, held, reports })
}

fn replica(row: &Row<'_>) -> rusqlite::Result<ReplicaId> {
    let job = JobId(row.get::<_, i64>(0)?.cast_unsigned());
    Ok(job.unit(row.get(1)?).replica(row.get(2)?))
}

fn message<M: Message + Default>(row: &Row<'_>, column: usize) -> rusqlite::Result<M> {
    let bytes = row.get_ref(column)?.as_blob()?;
    let blob = rusqlite::types::Type::Blob;
    M::decode(bytes)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, blob, Box::new(error)))
}

fn named(path: &Path, source: rusqlite::Error) -> DatabaseError {
    let path = path.to_owned();
    if matches!(source, rusqlite::Error::FromSqlConversionFailure(..)) {
        return DatabaseError::Damaged(path);
    }
    match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => DatabaseError::DiskFull(path),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DatabaseError::Locked(path),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => DatabaseError::Damaged(path),
        _ => DatabaseError::Sqlite { path, source },
    }
}
