//! Disputes in the database, with who is called for them.

use manyhands_core::dispute::Dispute;
use manyhands_core::id::{HostId, UnitId};
use manyhands_core::store::StoreError;
use manyhands_core::time::Timestamp;
use prost::Message as _;
use rusqlite::params;

use super::codec::{signed, stamp, unit_id, unit_key};
use super::{SqliteStore, body};

/// Id and body.
type Columns = (i64, Vec<u8>);

impl SqliteStore {
    pub(super) fn put_dispute(&self, dispute: &Dispute) -> Result<(), StoreError> {
        let unit = unit_key(dispute.unit);
        let body = body::DisputeBody::from(dispute).encode_to_vec();
        self.execute(
            "insert into dispute (unit, due_at, body) values (?1, ?2, ?3)
             on conflict (unit) do update set due_at = ?2, body = ?3",
            params![unit, dispute.due_at().map(stamp), body],
        )?;
        self.execute("delete from called where unit = ?1", [unit])?;
        for host in dispute.called() {
            let sql = "insert or ignore into called (unit, host) values (?1, ?2)";
            self.execute(sql, [unit, signed(host.0)])?;
        }
        Ok(())
    }

    pub(super) fn find_dispute(&self, unit: UnitId) -> Result<Option<Dispute>, StoreError> {
        let sql = "select unit, body from dispute where unit = ?1";
        self.one(sql, [unit_key(unit)], |row| Ok((row.get(0)?, row.get(1)?)), decoded)
    }

    pub(super) fn dispute_page(
        &self,
        after: Option<UnitId>,
        limit: usize,
    ) -> Result<Vec<Dispute>, StoreError> {
        self.list(
            "select unit, body from dispute where unit > ?1 order by unit limit ?2",
            [after.map_or(-1, unit_key), signed(limit as u64)],
            |row| Ok((row.get(0)?, row.get(1)?)),
            decoded,
        )
    }

    pub(super) fn units_calling(
        &self,
        host: HostId,
        limit: usize,
    ) -> Result<Vec<UnitId>, StoreError> {
        self.list(
            "select unit from called indexed by called_host where host = ?1 order by unit limit ?2",
            [signed(host.0), signed(limit as u64)],
            |row| row.get(0),
            unit_id,
        )
    }

    pub(super) fn units_with_dispute_due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<UnitId>, StoreError> {
        self.list(
            "select unit from dispute indexed by dispute_due
             where due_at <= ?1 order by due_at, unit limit ?2",
            [stamp(now), signed(limit as u64)],
            |row| row.get(0),
            unit_id,
        )
    }

    pub(super) fn first_dispute_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "select min(due_at) from dispute indexed by dispute_due where due_at is not null";
        Ok(self.number(sql, [])?.map(Timestamp))
    }
}

fn decoded((unit, body): Columns) -> Result<Dispute, StoreError> {
    body::dispute(unit_id(unit)?, &body)
}
