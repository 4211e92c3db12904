//! The ledger's table: rows in the order of their numbers, each with its place in the chain.

use manyhands_core::credit::MicroCredits;
use manyhands_core::id::{HostId, VolunteerId};
use manyhands_core::ledger::{Entry, Head, Kind, LedgerRow};
use manyhands_core::store::StoreError;
use manyhands_core::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::codec::{backend, corrupt, digest, narrow, signed, stamp, unit_id, unit_key, unsigned};

/// Rows chained at a time when a database is brought up to date.
const PAGE: u64 = 1_000;

const AFTER: &str = "select seq, unit, number, host, volunteer, kind, amount, at, chain from ledger
                     where seq > ?1 order by seq limit ?2";

/// Adds a row at the end. Its number is a primary key, so a second row of that number is refused.
pub(super) fn append(connection: &Connection, row: &LedgerRow) -> Result<(), StoreError> {
    let Entry { kind, replica, host, volunteer, amount, at } = &row.entry;
    let (host, volunteer) = (signed(host.0), signed(volunteer.0));
    let sql = "insert into ledger (seq, unit, number, host, volunteer, kind, amount, at, chain)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let mut insert = connection.prepare_cached(sql).map_err(backend)?;
    let columns = params![
        signed(row.seq),
        unit_key(replica.unit),
        replica.number,
        host,
        volunteer,
        kind_column(*kind),
        signed(amount.0),
        stamp(*at),
        row.chain.0,
    ];
    insert.execute(columns).map_err(backend)?;

    let sign = match kind {
        Kind::Grant => 1,
        Kind::TakeBack => -1,
    };
    let sql = "insert into voucher (job, host, volunteer, replicas, credit)
               values (?1, ?2, ?3, max(0, ?4), max(0, ?5))
               on conflict (job, host) do update
               set replicas = max(0, replicas + ?4), credit = max(0, credit + ?5)";
    let mut sum = connection.prepare_cached(sql).map_err(backend)?;
    // Sums stay far from the largest number, where SQLite would turn to floats.
    let credit = sign * signed(amount.0.min(1 << 40));
    let job = signed(replica.unit.job.0);
    sum.execute(params![job, host, volunteer, sign, credit]).map(drop).map_err(backend)
}

/// Rows after the first `skip`.
pub(super) fn rows(
    connection: &Connection,
    skip: u64,
    limit: u64,
) -> Result<Vec<LedgerRow>, StoreError> {
    let mut statement = connection.prepare_cached(AFTER).map_err(backend)?;
    let rows = statement.query_map([signed(skip), signed(limit)], columns).map_err(backend)?;
    rows.map(|row| decode(row.map_err(backend)?)).collect()
}

/// Where the ledger ends.
pub(super) fn head(connection: &Connection) -> Result<Head, StoreError> {
    let sql = "select seq, chain from ledger order by seq desc limit 1";
    let mut statement = connection.prepare_cached(sql).map_err(backend)?;
    let mut rows = statement.query([]).map_err(backend)?;
    let Some(row) = rows.next().map_err(backend)? else { return Ok(Head::EMPTY) };
    let (seq, chain): (i64, Vec<u8>) = (row.get(0).map_err(backend)?, row.get(1).map_err(backend)?);
    Ok(Head { rows: unsigned("ledger row", seq)?, chain: digest(&chain)? })
}

/// Numbers all rows from 1, as they are, and chains them.
pub(super) fn chain_rows(connection: &Connection) -> Result<(), StoreError> {
    let mut head = Head::EMPTY;
    let sql = "update ledger set chain = ?2 where seq = ?1";
    let mut update = connection.prepare(sql).map_err(backend)?;
    loop {
        let mut statement = connection.prepare_cached(AFTER).map_err(backend)?;
        let page = statement.query_map([signed(head.rows), signed(PAGE)], columns);
        let page: Vec<Columns> =
            page.map_err(backend)?.collect::<Result<_, _>>().map_err(backend)?;
        if page.is_empty() {
            return Ok(());
        }
        for (numbers, _unchained) in page {
            let row = head.append(entry(&numbers)?);
            if numbers[0] != signed(row.seq) {
                return Err(corrupt("ledger", format!("row {} is missing", row.seq)));
            }
            update.execute(params![numbers[0], row.chain.0]).map_err(backend)?;
        }
    }
}

/// Number, unit, number of the replica, host, volunteer, kind, amount, time; chain.
type Columns = ([i64; 8], Vec<u8>);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    let mut numbers = [0; 8];
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = row.get(at)?;
    }
    Ok((numbers, row.get(8)?))
}

fn decode((numbers, chain): Columns) -> Result<LedgerRow, StoreError> {
    let seq = unsigned("ledger row", numbers[0])?;
    Ok(LedgerRow { seq, entry: entry(&numbers)?, chain: digest(&chain)? })
}

fn entry(numbers: &[i64; 8]) -> Result<Entry, StoreError> {
    let [_seq, unit, number, host, volunteer, kind, amount, at] = *numbers;
    Ok(Entry {
        kind: kind_of(kind)?,
        replica: unit_id(unit)?.replica(narrow("replica number", number)?),
        host: HostId(unsigned("host id", host)?),
        volunteer: VolunteerId(unsigned("volunteer id", volunteer)?),
        amount: MicroCredits(unsigned("amount", amount)?),
        at: Timestamp(unsigned("time of a ledger row", at)?),
    })
}

fn kind_column(kind: Kind) -> i64 {
    match kind {
        Kind::Grant => 0,
        Kind::TakeBack => 1,
    }
}

fn kind_of(column: i64) -> Result<Kind, StoreError> {
    match column {
        0 => Ok(Kind::Grant),
        1 => Ok(Kind::TakeBack),
        other => Err(corrupt("kind of a ledger row", other)),
    }
}
