//! The port to what is remembered.
//!
//! A store keeps rows and finds them again; it decides nothing. It is synchronous, because the
//! databases behind it are, and because a decision that waits is a decision that interleaves.
//! Several calls of [`Engine::handle`](crate::engine::Engine::handle) may share one transaction:
//! where it begins and ends is the business of whoever owns the store.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod memory;

use crate::account::Account;
use crate::digest::Digest;
use crate::dispute::Dispute;
use crate::host::Host;
use crate::id::{HostId, JobId, UnitId, VolunteerId};
use crate::invite::Invite;
use crate::job::Job;
use crate::key::Key;
use crate::ledger::{Head, LedgerRow};
use crate::part::Part;
use crate::statement::Equivocation;
use crate::time::Timestamp;
use crate::volunteer::Volunteer;
use crate::work_unit::WorkUnit;

/// One row to be written. A `Put` replaces the row with the same id, or adds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A job, by its id.
    PutJob(Job),
    /// A unit with its replicas, by its id.
    PutUnit(WorkUnit),
    /// A host with its leases, by its id.
    PutHost(Host),
    /// A volunteer, by their id.
    PutVolunteer(Volunteer),
    /// An invite, by its token.
    PutInvite(Invite),
    /// A scientist, by their key.
    PutAccount(Account),
    /// What a host answered of a job, by both.
    PutPart(Part),
    /// The disputes about a unit, by its id.
    PutDispute(Box<Dispute>),
    /// A row of the ledger: the next one after its head.
    AppendLedger(LedgerRow),
    /// That the answer to a unit rested on the word of a host, among others; again is no more.
    Vouch {
        /// The host.
        host: HostId,
        /// The unit.
        unit: UnitId,
    },
    /// Invites for hosts of the volunteer with this name are no more.
    DropInvites {
        /// The name.
        volunteer: String,
    },
    /// The proof that a host contradicted itself; the first one of each host stays.
    KeepEvidence {
        /// The host.
        host: HostId,
        /// What it said.
        of: Box<Equivocation>,
    },
}

/// The largest ids in use, 0 where there is none: new rows get the next ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastIds {
    /// The last job.
    pub job: u64,
    /// The last host.
    pub host: u64,
    /// The last volunteer.
    pub volunteer: u64,
}

/// How much one host contributed to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// The host.
    pub host: HostId,
    /// Who lends it.
    pub volunteer: VolunteerId,
    /// For how many of its replicas a grant stands: they were found valid, and nothing was taken back.
    pub replicas: u32,
}

/// What is remembered. Reads see every write that was applied before. All lists are ordered and
/// have at most `limit` entries; a page begins after the id that is given, or with the first.
pub trait Store {
    /// Writes all rows or none.
    ///
    /// # Errors
    /// If the rows cannot be written; the enclosing transaction is to be given up.
    fn apply(&mut self, writes: Vec<Write>) -> Result<(), StoreError>;

    /// The largest ids in use.
    fn last_ids(&self) -> Result<LastIds, StoreError>;

    /// A job.
    fn job(&self, id: JobId) -> Result<Option<Job>, StoreError>;
    /// The job that a manifest became.
    fn job_by_manifest(&self, manifest: &Digest) -> Result<Option<Job>, StoreError>;
    /// Jobs by id, the newest first, below `before` if given; only those of one submitter if given.
    fn jobs(
        &self,
        submitter: Option<&Key>,
        before: Option<JobId>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError>;
    /// Open jobs, the oldest first. Must not cost more for jobs in other states.
    fn jobs_open(&self, limit: usize) -> Result<Vec<Job>, StoreError>;
    /// Jobs whose audits are drawn, the oldest first. Must not cost more for other jobs.
    fn jobs_settling(&self, limit: usize) -> Result<Vec<Job>, StoreError>;
    /// Jobs that are being cancelled, the oldest first. Must not cost more for other jobs.
    fn jobs_cancelling(&self, limit: usize) -> Result<Vec<Job>, StoreError>;

    /// A unit, if it was ever leased.
    fn unit(&self, id: UnitId) -> Result<Option<WorkUnit>, StoreError>;
    /// Units of a job by index, from `from` on.
    fn units(&self, job: JobId, from: u32, limit: usize) -> Result<Vec<WorkUnit>, StoreError>;
    /// Units of a job with `ready_at <= now` by index, from `from` on.
    fn units_ready(
        &self,
        job: JobId,
        now: Timestamp,
        from: u32,
        limit: usize,
    ) -> Result<Vec<WorkUnit>, StoreError>;
    /// Validated units by id, after `after`. Must not cost more for units in other states.
    fn units_validated(
        &self,
        after: Option<UnitId>,
        limit: usize,
    ) -> Result<Vec<UnitId>, StoreError>;
    /// How many units of each job have `after < ready_at <= until`, by job.
    fn units_waking(
        &self,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(JobId, u32)>, StoreError>;
    /// The earliest `ready_at` after `after`.
    fn next_ready_at(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Units whose next replica is for this host, by id.
    fn units_of_turn(&self, host: HostId, limit: usize) -> Result<Vec<WorkUnit>, StoreError>;
    /// How many of those there are, counted up to `limit`.
    fn turns_of(&self, host: HostId, limit: usize) -> Result<usize, StoreError>;
    /// Units for which a host is to be drawn, [`draw_at`](crate::work_unit::Turn::draw_at)` <= now`,
    /// the earliest first.
    fn units_to_draw(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitId>, StoreError>;
    /// The earliest [`draw_at`](crate::work_unit::Turn::draw_at) of all units.
    fn next_draw_at(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Units that a host ever vouched for by id, from `from` on.
    fn units_vouched(
        &self,
        host: HostId,
        from: UnitId,
        limit: usize,
    ) -> Result<Vec<UnitId>, StoreError>;

    /// The disputes about a unit, if there ever was one.
    fn dispute(&self, unit: UnitId) -> Result<Option<Dispute>, StoreError>;
    /// Units with their disputes by id, after `after`.
    fn disputes(&self, after: Option<UnitId>, limit: usize) -> Result<Vec<Dispute>, StoreError>;
    /// Units about which this host is [called](Dispute::called), by id.
    fn disputes_calling(&self, host: HostId, limit: usize) -> Result<Vec<UnitId>, StoreError>;
    /// Units with disputes of [`due_at`](Dispute::due_at)` <= now`, the earliest first.
    fn disputes_due(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitId>, StoreError>;
    /// The earliest [`due_at`](Dispute::due_at) of all disputes.
    fn next_dispute_at(&self) -> Result<Option<Timestamp>, StoreError>;

    /// The proof that a host contradicted itself, if it did.
    fn evidence(&self, host: HostId) -> Result<Option<Equivocation>, StoreError>;

    /// A host.
    fn host(&self, id: HostId) -> Result<Option<Host>, StoreError>;
    /// The host with this key.
    fn host_by_key(&self, key: &Key) -> Result<Option<Host>, StoreError>;
    /// Hosts by id, after `after`.
    fn hosts(&self, after: Option<HostId>, limit: usize) -> Result<Vec<Host>, StoreError>;
    /// Hosts of a volunteer by id, but for those that are [forgotten](Host::forgotten_at).
    fn hosts_of(&self, volunteer: VolunteerId, limit: usize) -> Result<Vec<HostId>, StoreError>;
    /// Hosts with [`next_deadline_at`](Host::next_deadline_at)` <= now`, the earliest first.
    fn hosts_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Host>, StoreError>;
    /// The earliest [`next_deadline_at`](Host::next_deadline_at) of all hosts.
    fn next_deadline_at(&self) -> Result<Option<Timestamp>, StoreError>;

    /// How many [parties](crate::party::Parties) there are of hosts with
    /// [`compared`](crate::host::Standing::compared)` >= compared_min`, seen since `seen_since`; at
    /// most `limit` are counted.
    fn parties_of_standing(
        &self,
        compared_min: u32,
        seen_since: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError>;

    /// What a host answered of a job.
    fn part(&self, job: JobId, host: HostId) -> Result<Option<Part>, StoreError>;
    /// Parts of a job by host, after `after`.
    fn parts(&self, job: JobId, after: HostId, limit: usize) -> Result<Vec<Part>, StoreError>;

    /// A volunteer.
    fn volunteer(&self, id: VolunteerId) -> Result<Option<Volunteer>, StoreError>;
    /// The volunteer with this name.
    fn volunteer_by_name(&self, name: &str) -> Result<Option<Volunteer>, StoreError>;
    /// An invite, by the digest of its secret.
    fn invite(&self, token: &Digest) -> Result<Option<Invite>, StoreError>;
    /// A scientist.
    fn account(&self, key: &Key) -> Result<Option<Account>, StoreError>;

    /// Where the ledger ends.
    fn ledger_head(&self) -> Result<Head, StoreError>;
    /// Rows of the ledger in the order in which they were appended, after the first `skip`.
    fn ledger(&self, skip: u64, limit: usize) -> Result<Vec<LedgerRow>, StoreError>;
    /// Who has credit for replicas of a job, by host: nobody from whom all of it was taken back.
    fn vouchers(&self, job: JobId, limit: usize) -> Result<Vec<Voucher>, StoreError>;
}

/// The store failed. Nothing was decided; the enclosing transaction is to be given up.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database behind it failed.
    #[error("the store failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row cannot be read as what it should be.
    #[error("a stored {what} cannot be read: {reason}")]
    Corrupt {
        /// The kind of row.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A row that other rows refer to is not there.
    #[error("{what} is missing from the store")]
    Missing {
        /// Which one.
        what: String,
    },
}
