//! What `--json` prints. Names and units of these fields are kept stable: scripts read them.

use manyhands_proto::v1;
use serde::Serialize;

/// A job.
#[derive(Debug, Serialize)]
pub(crate) struct JobRow {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// Hexadecimal BLAKE3 of the manifest.
    pub(crate) manifest: String,
    pub(crate) state: &'static str,
    pub(crate) units: UnitsRow,
    pub(crate) replicas_leased: u32,
    pub(crate) credit_micro: u64,
    pub(crate) submitted_at_ms: u64,
    pub(crate) ended_at_ms: Option<u64>,
    /// Hexadecimal public key.
    pub(crate) submitter: String,
    /// What disputes about steps came to; null of a job without a confidence.
    pub(crate) disputes: Option<DisputesRow>,
}

/// What disputes came to.
#[derive(Debug, Serialize)]
pub(crate) struct DisputesRow {
    pub(crate) settled: u64,
    pub(crate) found_wrong: u64,
    pub(crate) broken_engines: Vec<BrokenEngineRow>,
}

/// An engine that seems to be broken.
#[derive(Debug, Serialize)]
pub(crate) struct BrokenEngineRow {
    pub(crate) engine: String,
    pub(crate) isa: String,
    pub(crate) hosts: Vec<u64>,
}

/// Units of a job by state; they add up to `total`.
#[derive(Debug, Serialize)]
pub(crate) struct UnitsRow {
    pub(crate) total: u64,
    pub(crate) waiting: u64,
    pub(crate) open: u64,
    pub(crate) validated: u64,
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) cancelled: u64,
}

/// A host, as the operator sees it.
#[derive(Debug, Serialize)]
pub(crate) struct HostRow {
    pub(crate) id: u64,
    pub(crate) nickname: String,
    pub(crate) volunteer: u64,
    pub(crate) connected: bool,
    pub(crate) suspended: bool,
    /// Of a suspended host: until when; null is for good.
    pub(crate) suspended_until_ms: Option<u64>,
    /// Of a suspended host: for what, as "job/unit".
    pub(crate) suspended_for: Option<String>,
    /// Answers that were compared with what was sure, and agreed, since it was last caught.
    pub(crate) compared: u32,
    /// How often it was caught with a wrong answer.
    pub(crate) caught: u32,
    pub(crate) slots: u32,
    pub(crate) memory_bytes: u64,
    pub(crate) engine: String,
    pub(crate) isa: String,
    pub(crate) os: String,
    pub(crate) leases: u32,
    pub(crate) valid: u64,
    pub(crate) invalid: u64,
    pub(crate) errors: u64,
    pub(crate) expired: u64,
    pub(crate) credit_micro: u64,
    pub(crate) seen_at_ms: u64,
    /// Since when it is forgotten, as its owner asked; null otherwise.
    pub(crate) forgotten_at_ms: Option<u64>,
    pub(crate) key: String,
}

impl From<v1::Job> for JobRow {
    fn from(job: v1::Job) -> Self {
        Self {
            id: job.id,
            state: state(&job),
            name: job.name,
            manifest: hex(&job.manifest),
            units: job.units.unwrap_or_default().into(),
            replicas_leased: job.replicas_leased,
            credit_micro: job.credit_micro,
            submitted_at_ms: job.submitted_at_ms,
            ended_at_ms: job.ended_at_ms,
            submitter: hex(&job.submitter),
            disputes: job.disputes.map(DisputesRow::from),
        }
    }
}

impl From<v1::Disputes> for DisputesRow {
    fn from(disputes: v1::Disputes) -> Self {
        let v1::Disputes { settled, found_wrong, broken } = disputes;
        let broken = broken
            .into_iter()
            .map(|v1::BrokenEngine { engine, isa, hosts }| BrokenEngineRow { engine, isa, hosts });
        Self { settled, found_wrong, broken_engines: broken.collect() }
    }
}

impl From<v1::UnitCounts> for UnitsRow {
    fn from(units: v1::UnitCounts) -> Self {
        Self {
            total: units.total,
            waiting: units.waiting,
            open: units.open,
            validated: units.validated,
            done: units.done,
            failed: units.failed,
            cancelled: units.cancelled,
        }
    }
}

impl From<v1::Host> for HostRow {
    fn from(host: v1::Host) -> Self {
        let has = host.capabilities.unwrap_or_default();
        Self {
            id: host.id,
            nickname: host.nickname,
            volunteer: host.volunteer,
            connected: host.connected,
            suspended: host.suspended,
            suspended_until_ms: host.suspended_until_ms,
            suspended_for: host.suspended_for.map(|at| format!("{}/{}", at.job, at.unit)),
            compared: host.compared,
            caught: host.caught,
            slots: has.slots,
            memory_bytes: has.memory_bytes,
            engine: has.engine,
            isa: has.isa,
            os: has.os,
            leases: host.leases,
            valid: host.valid,
            invalid: host.invalid,
            errors: host.errors,
            expired: host.expired,
            credit_micro: host.credit_micro,
            seen_at_ms: host.seen_at_ms,
            forgotten_at_ms: host.forgotten_at_ms,
            key: hex(&host.key),
        }
    }
}

/// A job's state as a word.
pub(crate) fn state(job: &v1::Job) -> &'static str {
    match job.state() {
        v1::JobState::Unspecified => "unknown",
        v1::JobState::Open => "open",
        v1::JobState::Auditing => "auditing",
        v1::JobState::Cancelling => "cancelling",
        v1::JobState::Cancelled => "cancelled",
        v1::JobState::Finished => "finished",
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
