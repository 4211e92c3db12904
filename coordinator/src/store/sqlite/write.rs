//! Rows on their way in.

use manyhands_core::account::Account;
use manyhands_core::block::Block;
use manyhands_core::host::Host;
use manyhands_core::id::{HostId, UnitId};
use manyhands_core::invite::Invite;
use manyhands_core::job::Job;
use manyhands_core::part::Part;
use manyhands_core::statement::Equivocation;
use manyhands_core::store::{StoreError, Write};
use manyhands_core::volunteer::Volunteer;
use manyhands_core::work_unit::WorkUnit;
use prost::Message as _;
use rusqlite::{Params, params};

use super::codec::{backend, signed, stamp, unit_key};
use super::{SqliteStore, body, ledger};

impl SqliteStore {
    pub(super) fn write(&self, write: &Write) -> Result<(), StoreError> {
        match write {
            Write::PutJob(job) => self.put_job(job),
            Write::PutUnit(unit) => self.put_unit(unit),
            Write::PutHost(host) => self.put_host(host),
            Write::PutVolunteer(volunteer) => self.put_volunteer(volunteer),
            Write::PutInvite(invite) => self.put_invite(invite),
            Write::DropInvites { volunteer } => self.drop_invites(volunteer),
            Write::PutAccount(account) => self.put_account(account),
            Write::PutPart(part) => self.put_part(*part),
            Write::PutDispute(dispute) => self.put_dispute(dispute),
            Write::AppendLedger(row) => ledger::append(&self.connection, row),
            Write::Vouch { host, unit } => self.vouch(*host, *unit),
            Write::KeepEvidence { host, of } => self.keep_evidence(*host, of),
        }
    }

    fn put_job(&self, job: &Job) -> Result<(), StoreError> {
        let body = body::JobBody::from(job).encode_to_vec();
        let (id, state) = (signed(job.id.0), body::job_state_column(job.state));
        self.execute(
            "insert into job (id, manifest, submitter, state, body) values (?1, ?2, ?3, ?4, ?5)
             on conflict (id) do update set manifest = ?2, submitter = ?3, state = ?4, body = ?5",
            params![id, job.manifest.0, job.submitter.0, state, body],
        )
    }

    fn put_unit(&self, unit: &WorkUnit) -> Result<(), StoreError> {
        let body = body::UnitBody::from(unit).encode_to_vec();
        let turn_host = unit.turn.and_then(|turn| turn.host);
        self.execute(
            "insert into unit (id, state, ready_at, turn_host, draw_at, body)
             values (?1, ?2, ?3, ?4, ?5, ?6)
             on conflict (id) do update
             set state = ?2, ready_at = ?3, turn_host = ?4, draw_at = ?5, body = ?6",
            params![
                unit_key(unit.id),
                body::unit_state_column(&unit.state),
                unit.ready_at.map(stamp),
                turn_host.map(|host| signed(host.0)),
                unit.turn.map(|turn| stamp(turn.draw_at)),
                body,
            ],
        )
    }

    fn put_host(&self, host: &Host) -> Result<(), StoreError> {
        let body = body::HostBody::from(host).encode_to_vec();
        self.execute(
            "insert into host (id, key, next_deadline_at, volunteer, compared, seen_at, body,
                               block, forgotten)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             on conflict (id) do update set key = ?2, next_deadline_at = ?3, volunteer = ?4,
             compared = ?5, seen_at = ?6, body = ?7, block = ?8, forgotten = ?9",
            params![
                signed(host.id.0),
                host.key.0,
                host.next_deadline_at().map(stamp),
                signed(host.volunteer.0),
                host.standing.compared,
                stamp(host.seen_at),
                body,
                host.block.as_ref().map(Block::as_bytes),
                host.is_forgotten(),
            ],
        )
    }

    fn put_part(&self, part: Part) -> Result<(), StoreError> {
        let Part { job, host, believed, sampled, audited } = part;
        self.execute(
            "insert into part (job, host, believed, sampled, audited) values (?1, ?2, ?3, ?4, ?5)
             on conflict (job, host) do update set believed = ?3, sampled = ?4, audited = ?5",
            params![signed(job.0), signed(host.0), believed, sampled, audited],
        )
    }

    fn put_volunteer(&self, volunteer: &Volunteer) -> Result<(), StoreError> {
        self.execute(
            "insert into volunteer (id, name, joined_at) values (?1, ?2, ?3)
             on conflict (id) do update set name = ?2, joined_at = ?3",
            params![signed(volunteer.id.0), volunteer.name, stamp(volunteer.joined_at)],
        )
    }

    fn put_invite(&self, invite: &Invite) -> Result<(), StoreError> {
        let body = body::InviteBody::from(invite).encode_to_vec();
        self.execute(
            "insert into invite (token, body, volunteer) values (?1, ?2, ?3)
             on conflict (token) do update set body = ?2, volunteer = ?3",
            params![invite.token.0, body, body::invited_volunteer(invite)],
        )
    }

    fn drop_invites(&self, volunteer: &str) -> Result<(), StoreError> {
        self.execute("delete from invite where volunteer = ?1", [volunteer])
    }

    fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        let body = body::AccountBody::from(account).encode_to_vec();
        self.execute(
            "insert into account (key, body) values (?1, ?2)
             on conflict (key) do update set body = ?2",
            params![account.key.0, body],
        )
    }

    fn vouch(&self, host: HostId, unit: UnitId) -> Result<(), StoreError> {
        self.execute(
            "insert or ignore into vouched (host, unit) values (?1, ?2)",
            params![signed(host.0), unit_key(unit)],
        )
    }

    fn keep_evidence(&self, host: HostId, of: &Equivocation) -> Result<(), StoreError> {
        let body = body::EvidenceBody::from(of).encode_to_vec();
        self.execute(
            "insert or ignore into evidence (host, body) values (?1, ?2)",
            params![signed(host.0), body],
        )
    }

    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(backend)?;
        statement.execute(params).map(drop).map_err(backend)
    }
}
