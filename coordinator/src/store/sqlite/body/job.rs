//! A job's row.

use manyhands_core::file_axis::FileAxis;
use manyhands_core::id::{HostId, JobId};
use manyhands_core::job::{Counts, Job, JobState, Settling, Tally};
use manyhands_core::key::Signature;
use manyhands_core::order::Order;
use manyhands_core::policy::Policy;
use manyhands_core::requirement::{Kind, Requirement};
use manyhands_core::store::StoreError;
use manyhands_core::time::{Span, Timestamp};
use manyhands_core::trust::Confidence;
use prost::Message;

use crate::store::sqlite::codec::{corrupt, digest, key, narrow, unsigned};

/// A job but for its id, manifest, submitter and state.
#[derive(Clone, PartialEq, Message)]
pub(in crate::store::sqlite) struct JobBody {
    #[prost(bytes = "vec", tag = "1")]
    signature: Vec<u8>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(uint32, tag = "3")]
    units_total: u32,
    #[prost(bool, tag = "4")]
    is_step: bool,
    #[prost(uint64, tag = "5")]
    memory_bytes_max: u64,
    #[prost(uint32, tag = "6")]
    profile: u32,
    #[prost(message, required, tag = "7")]
    policy: PolicyBody,
    /// Waiting, open, validated, done, failed, cancelled.
    #[prost(uint32, repeated, tag = "8")]
    counts: Vec<u32>,
    /// Leased, valid, invalid, reopened, compared.
    #[prost(uint32, repeated, tag = "9")]
    tally: Vec<u32>,
    #[prost(uint64, tag = "10")]
    submitted_at: u64,
    #[prost(uint64, optional, tag = "11")]
    ended_at: Option<u64>,
    /// Of a job that is being cancelled.
    #[prost(uint32, tag = "12")]
    cancel_next: u32,
    /// The secret of the order in which units are begun.
    #[prost(uint64, optional, tag = "13")]
    order: Option<u64>,
    #[prost(uint32, tag = "14")]
    parts: u32,
    /// Units that were begun before the order came to them.
    #[prost(uint32, tag = "16")]
    begun_ahead: u32,
    /// Of a job whose audits are drawn.
    #[prost(message, optional, tag = "15")]
    settling: Option<SettlingBody>,
    /// None in earlier formats: then units are begun in their order.
    #[prost(message, optional, tag = "17")]
    file_axis: Option<FileAxisBody>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct FileAxisBody {
    #[prost(uint32, tag = "1")]
    stride: u32,
    #[prost(uint32, tag = "2")]
    files: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct SettlingBody {
    #[prost(uint64, tag = "1")]
    host: u64,
    #[prost(uint32, tag = "2")]
    next: u32,
    #[prost(uint32, tag = "3")]
    owed: u32,
    #[prost(uint32, tag = "4")]
    unseen: u32,
}

#[derive(Clone, PartialEq, Message)]
struct PolicyBody {
    #[prost(uint32, tag = "1")]
    quorum: u32,
    #[prost(uint32, tag = "2")]
    replicas_max: u32,
    #[prost(uint64, tag = "3")]
    deadline_ms: u64,
    #[prost(uint64, tag = "4")]
    lease_ms: u64,
    #[prost(uint64, tag = "5")]
    cpu_ms_max: u64,
    #[prost(uint64, tag = "6")]
    output_bytes_max: u64,
    #[prost(uint64, tag = "7")]
    log_bytes_max: u64,
    #[prost(uint32, tag = "8")]
    priority: u32,
    #[prost(message, optional, tag = "9")]
    confidence: Option<ConfidenceBody>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct ConfidenceBody {
    #[prost(uint32, tag = "1")]
    error_ppb: u32,
    #[prost(uint32, tag = "2")]
    hostile_ppm: u32,
    #[prost(uint32, tag = "3")]
    colluding_ppm: u32,
}

/// Column of an open job.
pub(in crate::store::sqlite) const JOB_OPEN: i64 = 0;
/// Column of a job that is being cancelled.
pub(in crate::store::sqlite) const JOB_CANCELLING: i64 = 1;
const JOB_CANCELLED: i64 = 2;
const JOB_FINISHED: i64 = 3;
/// Column of a job whose audits are drawn.
pub(in crate::store::sqlite) const JOB_SETTLING: i64 = 4;

/// A job's state as a column.
pub(in crate::store::sqlite) fn job_state_column(state: JobState) -> i64 {
    match state {
        JobState::Open => JOB_OPEN,
        JobState::Settling(_) => JOB_SETTLING,
        JobState::Cancelling { .. } => JOB_CANCELLING,
        JobState::Cancelled => JOB_CANCELLED,
        JobState::Finished => JOB_FINISHED,
    }
}

impl From<&Job> for JobBody {
    fn from(job: &Job) -> Self {
        let Counts { waiting, open, validated, done, failed, cancelled } = job.counts;
        let Tally { leased, compared, valid, invalid, reopened } = job.tally;
        let (settling, cancel_next) = match job.state {
            JobState::Settling(settling) => (Some(settling), 0),
            JobState::Cancelling { next } => (None, next),
            JobState::Open | JobState::Cancelled | JobState::Finished => (None, 0),
        };
        Self {
            signature: job.signature.0.to_vec(),
            name: job.name.clone(),
            units_total: job.units_total,
            is_step: match job.requirement.kind {
                Kind::Command => false,
                Kind::Step => true,
            },
            memory_bytes_max: job.requirement.memory_bytes_max,
            profile: job.requirement.profile,
            policy: PolicyBody::from(&job.policy),
            counts: vec![waiting, open, validated, done, failed, cancelled],
            tally: vec![leased, valid, invalid, reopened, compared],
            submitted_at: job.submitted_at.0,
            ended_at: job.ended_at.map(|at| at.0),
            cancel_next,
            order: job.order.0,
            begun_ahead: job.begun_ahead,
            parts: job.parts,
            settling: settling.map(SettlingBody::from),
            file_axis: job.file_axis.map(FileAxisBody::from),
        }
    }
}

impl From<&Policy> for PolicyBody {
    fn from(policy: &Policy) -> Self {
        Self {
            quorum: policy.quorum.into(),
            replicas_max: policy.replicas_max.into(),
            deadline_ms: policy.deadline_ms.0,
            lease_ms: policy.lease_ms.0,
            cpu_ms_max: policy.cpu_ms_max.0,
            output_bytes_max: policy.output_bytes_max,
            log_bytes_max: policy.log_bytes_max,
            priority: policy.priority.into(),
            confidence: policy.confidence.map(ConfidenceBody::from),
        }
    }
}

impl From<Confidence> for ConfidenceBody {
    fn from(confidence: Confidence) -> Self {
        let Confidence { error_ppb, hostile_ppm, colluding_ppm } = confidence;
        Self { error_ppb, hostile_ppm, colluding_ppm }
    }
}

impl From<ConfidenceBody> for Confidence {
    fn from(body: ConfidenceBody) -> Self {
        let ConfidenceBody { error_ppb, hostile_ppm, colluding_ppm } = body;
        Self { error_ppb, hostile_ppm, colluding_ppm }
    }
}

impl From<Settling> for SettlingBody {
    fn from(settling: Settling) -> Self {
        let Settling { host, next, owed, unseen } = settling;
        Self { host: host.0, next, owed, unseen }
    }
}

impl From<FileAxis> for FileAxisBody {
    fn from(axis: FileAxis) -> Self {
        let FileAxis { stride, files } = axis;
        Self { stride, files }
    }
}

impl From<FileAxisBody> for FileAxis {
    fn from(body: FileAxisBody) -> Self {
        let FileAxisBody { stride, files } = body;
        Self { stride, files }
    }
}

impl From<SettlingBody> for Settling {
    fn from(body: SettlingBody) -> Self {
        let SettlingBody { host, next, owed, unseen } = body;
        Self { host: HostId(host), next, owed, unseen }
    }
}

impl TryFrom<PolicyBody> for Policy {
    type Error = StoreError;

    fn try_from(body: PolicyBody) -> Result<Self, StoreError> {
        Ok(Self {
            confidence: body.confidence.map(Confidence::from),
            quorum: narrow("quorum", body.quorum)?,
            replicas_max: narrow("replicas_max", body.replicas_max)?,
            deadline_ms: Span(body.deadline_ms),
            lease_ms: Span(body.lease_ms),
            cpu_ms_max: Span(body.cpu_ms_max),
            output_bytes_max: body.output_bytes_max,
            log_bytes_max: body.log_bytes_max,
            priority: narrow("priority", body.priority)?,
        })
    }
}

/// Id, manifest, submitter, state, body.
type Columns = (i64, Vec<u8>, Vec<u8>, i64, Vec<u8>);

/// A job from its columns.
pub(in crate::store::sqlite) fn job(columns: Columns) -> Result<Job, StoreError> {
    let (id, manifest, submitter, state, body) = columns;
    let body = JobBody::decode(&*body).map_err(|error| corrupt("job", error))?;
    let signature: [u8; 64] =
        body.signature.as_slice().try_into().map_err(|error| corrupt("signature", error))?;
    Ok(Job {
        id: JobId(unsigned("job id", id)?),
        manifest: digest(&manifest)?,
        submitter: key(&submitter)?,
        signature: Signature(signature),
        name: body.name,
        units_total: body.units_total,
        requirement: Requirement {
            kind: if body.is_step { Kind::Step } else { Kind::Command },
            memory_bytes_max: body.memory_bytes_max,
            profile: body.profile,
        },
        policy: body.policy.try_into()?,
        order: Order(body.order),
        file_axis: body.file_axis.map(FileAxis::from),
        begun_ahead: body.begun_ahead,
        parts: body.parts,
        state: state_of(state, body.cancel_next, body.settling)?,
        counts: counts(&body.counts)?,
        tally: tally(&body.tally)?,
        submitted_at: Timestamp(body.submitted_at),
        ended_at: body.ended_at.map(Timestamp),
    })
}

fn state_of(
    column: i64,
    next: u32,
    settling: Option<SettlingBody>,
) -> Result<JobState, StoreError> {
    match (column, settling) {
        (JOB_OPEN, None) => Ok(JobState::Open),
        (JOB_SETTLING, Some(settling)) => Ok(JobState::Settling(settling.into())),
        (JOB_CANCELLING, None) => Ok(JobState::Cancelling { next }),
        (JOB_CANCELLED, None) => Ok(JobState::Cancelled),
        (JOB_FINISHED, None) => Ok(JobState::Finished),
        (other, _) => Err(corrupt("job state", other)),
    }
}

fn counts(numbers: &[u32]) -> Result<Counts, StoreError> {
    match *numbers {
        [waiting, open, validated, done, failed, cancelled] => {
            Ok(Counts { waiting, open, validated, done, failed, cancelled })
        }
        _ => Err(corrupt("counts", numbers.len())),
    }
}

fn tally(numbers: &[u32]) -> Result<Tally, StoreError> {
    let (&[leased, valid, invalid], later) =
        numbers.split_first_chunk().ok_or_else(|| corrupt("tally", numbers.len()))?;
    // Earlier formats knew of no units that were opened again, or of no newcomers.
    let (reopened, compared) = match *later {
        [] => (0, 0),
        [reopened] => (reopened, 0),
        [reopened, compared] => (reopened, compared),
        _ => return Err(corrupt("tally", numbers.len())),
    };
    Ok(Tally { leased, compared, valid, invalid, reopened })
}
