//! What it takes that somebody can be forgotten: rows that say whose they are, and no trace in the file.

use manyhands_core::store::StoreError;
use rusqlite::{Connection, params};

use super::codec::{backend, signed};
use super::{SqliteStore, TransactionError, body};

/// Rows that are looked at a time when a database is brought up to date.
const PAGE: u64 = 1_000;

impl SqliteStore {
    /// Folds the log into the database file and empties it: what was overwritten is in neither then. If somebody reads
    /// just now, the log stays until it is folded in as usual.
    ///
    /// # Errors
    /// When the database fails. What was committed is safe even then.
    pub fn fold_in(&mut self) -> Result<(), TransactionError> {
        let fold = "pragma wal_checkpoint(truncate)";
        Ok(self.connection.query_row(fold, [], |_row| Ok(()))?)
    }
}

/// Tells of hosts and invites that are from before it was asked whose they are.
pub(super) fn name_volunteers(connection: &Connection) -> Result<(), StoreError> {
    name_hosts(connection)?;
    name_invites(connection)
}

fn name_hosts(connection: &Connection) -> Result<(), StoreError> {
    let sql = "select id, key, body from host where id > ?1 order by id limit ?2";
    let mut select = connection.prepare(sql).map_err(backend)?;
    let sql = "update host set volunteer = ?2 where id = ?1";
    let mut update = connection.prepare(sql).map_err(backend)?;
    let mut after = 0;
    loop {
        let page = select
            .query_map([after, signed(PAGE)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let page: Vec<_> = page.map_err(backend)?.collect::<Result<_, _>>().map_err(backend)?;
        if page.is_empty() {
            return Ok(());
        }
        for columns in page {
            let host = body::host(columns)?;
            after = signed(host.id.0);
            update.execute([after, signed(host.volunteer.0)]).map_err(backend)?;
        }
    }
}

fn name_invites(connection: &Connection) -> Result<(), StoreError> {
    let sql = "select token, body from invite where token > ?1 order by token limit ?2";
    let mut select = connection.prepare(sql).map_err(backend)?;
    let sql = "update invite set volunteer = ?2 where token = ?1";
    let mut update = connection.prepare(sql).map_err(backend)?;
    let mut after = Vec::new();
    loop {
        let columns = params![after, signed(PAGE)];
        let page = select.query_map(columns, |row| Ok((row.get(0)?, row.get(1)?)));
        let page: Vec<_> = page.map_err(backend)?.collect::<Result<_, _>>().map_err(backend)?;
        if page.is_empty() {
            return Ok(());
        }
        for columns in page {
            let invite = body::invite(columns)?;
            let columns = params![invite.token.0, body::invited_volunteer(&invite)];
            update.execute(columns).map_err(backend)?;
            after = invite.token.0.to_vec();
        }
    }
}
