//! Rows on their way out: the core's port.

use manyhands_core::account::Account;
use manyhands_core::credit::MicroCredits;
use manyhands_core::digest::Digest;
use manyhands_core::dispute::Dispute;
use manyhands_core::host::Host;
use manyhands_core::id::{HostId, JobId, UnitId, VolunteerId};
use manyhands_core::invite::Invite;
use manyhands_core::job::Job;
use manyhands_core::key::Key;
use manyhands_core::ledger::{Head, LedgerRow};
use manyhands_core::part::Part;
use manyhands_core::statement::Equivocation;
use manyhands_core::store::{LastIds, Store, StoreError, Voucher, Write};
use manyhands_core::time::Timestamp;
use manyhands_core::volunteer::Volunteer;
use manyhands_core::work_unit::WorkUnit;
use rusqlite::{Params, Row, params};

use super::codec::{backend, narrow, signed, stamp, unit_id, unit_key, unsigned};
use super::{SqliteStore, body, ledger};

/// A query for whole rows of one kind, put together when this is compiled.
macro_rules! rows {
    (job $tail:literal) => {
        concat!("select id, manifest, submitter, state, body from job ", $tail)
    };
    (unit $tail:literal) => {
        concat!("select id, state, ready_at, turn_host, draw_at, body from unit ", $tail)
    };
    (host $tail:literal) => {
        concat!("select id, key, body from host ", $tail)
    };
    (volunteer $tail:literal) => {
        concat!("select id, name, joined_at from volunteer ", $tail)
    };
}

/// Columns as SQLite gives them; decoded outside of its callback, where errors are ours.
type Columns<T> = fn(&Row<'_>) -> rusqlite::Result<T>;

impl SqliteStore {
    pub(super) fn list<R, T>(
        &self,
        sql: &str,
        params: impl Params,
        columns: Columns<R>,
        decode: fn(R) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(backend)?;
        let rows = statement.query_map(params, columns).map_err(backend)?;
        rows.map(|row| decode(row.map_err(backend)?)).collect()
    }

    pub(super) fn one<R, T>(
        &self,
        sql: &str,
        params: impl Params,
        columns: Columns<R>,
        decode: fn(R) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.list(sql, params, columns, decode)?.pop())
    }

    fn jobs_where(&self, sql: &str, params: impl Params) -> Result<Vec<Job>, StoreError> {
        let columns =
            |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
        self.list(sql, params, columns, body::job)
    }

    fn jobs_in(&self, state: i64, limit: usize) -> Result<Vec<Job>, StoreError> {
        let sql = rows!(job "where state = ?1 order by id limit ?2");
        self.jobs_where(sql, [state, signed(limit as u64)])
    }

    fn units_where(&self, sql: &str, params: impl Params) -> Result<Vec<WorkUnit>, StoreError> {
        let columns = |row: &Row<'_>| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        };
        self.list(sql, params, columns, body::unit)
    }

    fn hosts_where(&self, sql: &str, params: impl Params) -> Result<Vec<Host>, StoreError> {
        let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        self.list(sql, params, columns, body::host)
    }

    fn parts_where(&self, sql: &str, params: impl Params) -> Result<Vec<Part>, StoreError> {
        let columns =
            |row: &Row<'_>| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]);
        self.list(sql, params, columns, part)
    }

    fn volunteer_where(
        &self,
        sql: &str,
        params: impl Params,
    ) -> Result<Option<Volunteer>, StoreError> {
        let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        self.one(sql, params, columns, |(id, name, joined_at)| {
            Ok(Volunteer {
                id: VolunteerId(unsigned("volunteer id", id)?),
                name,
                joined_at: Timestamp(unsigned("joined_at", joined_at)?),
            })
        })
    }

    /// Credit for a job that stands now.
    ///
    /// # Errors
    /// When the database fails.
    pub fn credit_of(&self, job: JobId) -> Result<MicroCredits, StoreError> {
        let sql = "select sum(credit) from voucher where job = ?1";
        Ok(MicroCredits(self.number(sql, [signed(job.0)])?.unwrap_or(0)))
    }

    pub(super) fn number(&self, sql: &str, params: impl Params) -> Result<Option<u64>, StoreError> {
        let found = self.one(sql, params, |row| row.get::<_, Option<i64>>(0), Ok)?;
        found.flatten().map(|number| unsigned("number", number)).transpose()
    }
}

/// The keys of a job's units from `from` on: first and last.
fn keys(job: JobId, from: u32) -> (i64, i64) {
    (unit_key(job.unit(from)), unit_key(job.unit(u32::MAX)))
}

impl Store for SqliteStore {
    fn apply(&mut self, writes: Vec<Write>) -> Result<(), StoreError> {
        writes.iter().try_for_each(|write| self.write(write))
    }

    fn last_ids(&self) -> Result<LastIds, StoreError> {
        Ok(LastIds {
            job: self.number("select max(id) from job", [])?.unwrap_or(0),
            host: self.number("select max(id) from host", [])?.unwrap_or(0),
            volunteer: self.number("select max(id) from volunteer", [])?.unwrap_or(0),
        })
    }

    fn job(&self, id: JobId) -> Result<Option<Job>, StoreError> {
        Ok(self.jobs_where(rows!(job "where id = ?1"), [signed(id.0)])?.pop())
    }

    fn job_by_manifest(&self, manifest: &Digest) -> Result<Option<Job>, StoreError> {
        Ok(self.jobs_where(rows!(job "where manifest = ?1"), [manifest.0])?.pop())
    }

    fn jobs(
        &self,
        submitter: Option<&Key>,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let before = before.map_or(i64::MAX, |id| signed(id.0));
        let limit = signed(limit as u64);
        match submitter {
            Some(key) => self.jobs_where(
                rows!(job "where submitter = ?1 and id < ?2 order by id desc limit ?3"),
                params![key.0, before, limit],
            ),
            None => self.jobs_where(
                rows!(job "where id < ?1 order by id desc limit ?2"),
                params![before, limit],
            ),
        }
    }

    fn jobs_open(&self, limit: usize) -> Result<Vec<Job>, StoreError> {
        self.jobs_in(body::JOB_OPEN, limit)
    }

    fn jobs_settling(&self, limit: usize) -> Result<Vec<Job>, StoreError> {
        self.jobs_in(body::JOB_SETTLING, limit)
    }

    fn jobs_cancelling(&self, limit: usize) -> Result<Vec<Job>, StoreError> {
        self.jobs_in(body::JOB_CANCELLING, limit)
    }

    fn unit(&self, id: UnitId) -> Result<Option<WorkUnit>, StoreError> {
        Ok(self.units_where(rows!(unit "where id = ?1"), [unit_key(id)])?.pop())
    }

    fn units(&self, job: JobId, from: u32, limit: usize) -> Result<Vec<WorkUnit>, StoreError> {
        let (first, last) = keys(job, from);
        let sql = rows!(unit "where id between ?1 and ?2 order by id limit ?3");
        self.units_where(sql, params![first, last, signed(limit as u64)])
    }

    fn units_ready(
        &self,
        job: JobId,
        now: Timestamp,
        from: u32,
        limit: usize,
    ) -> Result<Vec<WorkUnit>, StoreError> {
        let (first, last) = keys(job, from);
        self.units_where(
            rows!(unit "indexed by unit_ready
             where ready_at <= ?1 and id between ?2 and ?3 order by id limit ?4"),
            params![stamp(now), first, last, signed(limit as u64)],
        )
    }

    fn units_validated(
        &self,
        after: Option<UnitId>,
        limit: usize,
    ) -> Result<Vec<UnitId>, StoreError> {
        self.list(
            "select id from unit indexed by unit_validated
             where state = 1 and id > ?1 order by id limit ?2",
            params![after.map_or(-1, unit_key), signed(limit as u64)],
            |row| row.get(0),
            unit_id,
        )
    }

    fn units_waking(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(JobId, u32)>, StoreError> {
        self.list(
            "select id >> 32, count(*) from unit indexed by unit_waking
             where ready_at > ?1 and ready_at <= ?2 group by 1 order by 1",
            [stamp(after), stamp(until)],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            |(job, count)| Ok((JobId(unsigned("job id", job)?), narrow("count", count)?)),
        )
    }

    fn next_ready_at(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "select min(ready_at) from unit indexed by unit_waking where ready_at > ?1";
        Ok(self.number(sql, [stamp(after)])?.map(Timestamp))
    }

    fn units_of_turn(&self, host: HostId, limit: usize) -> Result<Vec<WorkUnit>, StoreError> {
        self.units_where(
            rows!(unit "indexed by unit_turn where turn_host = ?1 order by id limit ?2"),
            [signed(host.0), signed(limit as u64)],
        )
    }

    fn turns_of(&self, host: HostId, limit: usize) -> Result<usize, StoreError> {
        let sql = "select count(*) from (select 1 from unit indexed by unit_turn
                   where turn_host = ?1 limit ?2)";
        let count = self.number(sql, params![signed(host.0), signed(limit as u64)])?;
        narrow("turns", count.unwrap_or(0))
    }

    fn units_to_draw(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitId>, StoreError> {
        self.list(
            "select id from unit indexed by unit_draw
             where draw_at <= ?1 order by draw_at, id limit ?2",
            [stamp(now), signed(limit as u64)],
            |row| row.get(0),
            unit_id,
        )
    }

    fn next_draw_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "select min(draw_at) from unit indexed by unit_draw where draw_at is not null";
        Ok(self.number(sql, [])?.map(Timestamp))
    }

    fn units_vouched(
        &self,
        host: HostId,
        from: UnitId,
        limit: usize,
    ) -> Result<Vec<UnitId>, StoreError> {
        self.list(
            "select unit from vouched where host = ?1 and unit >= ?2 order by unit limit ?3",
            params![signed(host.0), unit_key(from), signed(limit as u64)],
            |row| row.get(0),
            unit_id,
        )
    }

    fn dispute(&self, unit: UnitId) -> Result<Option<Dispute>, StoreError> {
        self.find_dispute(unit)
    }

    fn disputes(&self, after: Option<UnitId>, limit: usize) -> Result<Vec<Dispute>, StoreError> {
        self.dispute_page(after, limit)
    }

    fn disputes_calling(&self, host: HostId, limit: usize) -> Result<Vec<UnitId>, StoreError> {
        self.units_calling(host, limit)
    }

    fn disputes_due(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitId>, StoreError> {
        self.units_with_dispute_due(now, limit)
    }

    fn next_dispute_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.first_dispute_due()
    }

    fn evidence(&self, host: HostId) -> Result<Option<Equivocation>, StoreError> {
        let sql = "select body from evidence where host = ?1";
        self.one(sql, [signed(host.0)], |row| row.get(0), |body: Vec<u8>| body::evidence(&body))
    }

    fn host(&self, id: HostId) -> Result<Option<Host>, StoreError> {
        Ok(self.hosts_where(rows!(host "where id = ?1"), [signed(id.0)])?.pop())
    }

    fn host_by_key(&self, key: &Key) -> Result<Option<Host>, StoreError> {
        Ok(self.hosts_where(rows!(host "where key = ?1"), [key.0])?.pop())
    }

    fn hosts(&self, after: Option<HostId>, limit: usize) -> Result<Vec<Host>, StoreError> {
        let after = after.map_or(-1, |id| signed(id.0));
        let limit = signed(limit as u64);
        self.hosts_where(rows!(host "where id > ?1 order by id limit ?2"), [after, limit])
    }

    fn hosts_of(&self, volunteer: VolunteerId, limit: usize) -> Result<Vec<HostId>, StoreError> {
        self.list(
            "select id from host indexed by host_volunteer
             where volunteer = ?1 and forgotten = 0 order by id limit ?2",
            [signed(volunteer.0), signed(limit as u64)],
            |row| row.get::<_, i64>(0),
            |id| Ok(HostId(unsigned("host id", id)?)),
        )
    }

    fn hosts_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Host>, StoreError> {
        self.hosts_where(
            rows!(host "indexed by host_due
             where next_deadline_at <= ?1 order by next_deadline_at, id limit ?2"),
            [stamp(now), signed(limit as u64)],
        )
    }

    fn next_deadline_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "select min(next_deadline_at) from host indexed by host_due
                   where next_deadline_at is not null";
        Ok(self.number(sql, [])?.map(Timestamp))
    }

    fn parties_of_standing(
        &self,
        compared_min: u32,
        seen_since: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let sql = "select min((select count(*) from (
                       select distinct volunteer from host indexed by host_standing
                       where compared > 0 and compared >= ?1 and seen_at >= ?2 limit ?3)),
                              (select count(*) from (
                       select distinct coalesce(block, id) from host indexed by host_standing
                       where compared > 0 and compared >= ?1 and seen_at >= ?2 limit ?3)))";
        let params = params![compared_min, stamp(seen_since), signed(limit as u64)];
        narrow("parties", self.number(sql, params)?.unwrap_or(0))
    }

    fn part(&self, job: JobId, host: HostId) -> Result<Option<Part>, StoreError> {
        let sql =
            "select job, host, believed, sampled, audited from part where job = ?1 and host = ?2";
        Ok(self.parts_where(sql, [signed(job.0), signed(host.0)])?.pop())
    }

    fn parts(&self, job: JobId, after: HostId, limit: usize) -> Result<Vec<Part>, StoreError> {
        self.parts_where(
            "select job, host, believed, sampled, audited from part
             where job = ?1 and host > ?2 order by host limit ?3",
            [signed(job.0), signed(after.0), signed(limit as u64)],
        )
    }

    fn volunteer(&self, id: VolunteerId) -> Result<Option<Volunteer>, StoreError> {
        self.volunteer_where(rows!(volunteer "where id = ?1"), [signed(id.0)])
    }

    fn volunteer_by_name(&self, name: &str) -> Result<Option<Volunteer>, StoreError> {
        self.volunteer_where(rows!(volunteer "where name = ?1"), [name])
    }

    fn invite(&self, token: &Digest) -> Result<Option<Invite>, StoreError> {
        self.one(
            "select token, body from invite where token = ?1",
            [token.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
            body::invite,
        )
    }

    fn account(&self, key: &Key) -> Result<Option<Account>, StoreError> {
        self.one(
            "select key, body from account where key = ?1",
            [key.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
            body::account,
        )
    }

    fn ledger_head(&self) -> Result<Head, StoreError> {
        ledger::head(&self.connection)
    }

    fn ledger(&self, skip: u64, limit: usize) -> Result<Vec<LedgerRow>, StoreError> {
        ledger::rows(&self.connection, skip, limit as u64)
    }

    fn vouchers(&self, job: JobId, limit: usize) -> Result<Vec<Voucher>, StoreError> {
        self.list(
            "select host, volunteer, replicas from voucher
             where job = ?1 and replicas > 0 order by host limit ?2",
            [signed(job.0), signed(limit as u64)],
            |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?)),
            |(host, volunteer, replicas)| {
                Ok(Voucher {
                    host: HostId(unsigned("host id", host)?),
                    volunteer: VolunteerId(unsigned("volunteer id", volunteer)?),
                    replicas: narrow("replicas", replicas)?,
                })
            },
        )
    }
}

fn part(columns: [i64; 5]) -> Result<Part, StoreError> {
    let [job, host, believed, sampled, audited] = columns;
    Ok(Part {
        job: JobId(unsigned("job id", job)?),
        host: HostId(unsigned("host id", host)?),
        believed: narrow("believed", believed)?,
        sampled: narrow("sampled", sampled)?,
        audited: narrow("audited", audited)?,
    })
}
