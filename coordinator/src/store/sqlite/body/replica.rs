//! A replica, inside its unit's row.

use manyhands_core::digest::Digest;
use manyhands_core::id::{HostId, VolunteerId};
use manyhands_core::replica::{CheckpointRef, Output, Replica, ReplicaState, Usage, Verdict};
use manyhands_core::statement::Proof;
use manyhands_core::store::StoreError;
use manyhands_core::time::Timestamp;
use prost::{Message, Oneof};

use super::statement::ProofBody;
use crate::store::sqlite::codec::{block, block_bytes, corrupt, digest, narrow};

/// A replica but for its number, which is its position.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ReplicaBody {
    #[prost(uint64, tag = "1")]
    host: u64,
    #[prost(uint64, tag = "2")]
    volunteer: u64,
    #[prost(uint32, tag = "3")]
    chain: u32,
    #[prost(uint64, repeated, tag = "4")]
    lineage: Vec<u64>,
    #[prost(uint64, tag = "5")]
    leased_at: u64,
    #[prost(message, optional, tag = "6")]
    resumed_from: Option<CheckpointBody>,
    #[prost(message, optional, tag = "7")]
    checkpoint: Option<CheckpointBody>,
    /// None while it is leased.
    #[prost(oneof = "EndBody", tags = "8, 9, 10, 11, 12")]
    end: Option<EndBody>,
    /// Not in rows of the first format, where exactly the valid ones were paid.
    #[prost(bool, optional, tag = "13")]
    is_paid: Option<bool>,
    #[prost(uint32, tag = "14")]
    life: u32,
    /// In rows of earlier formats every answer counts.
    #[prost(bool, tag = "15")]
    is_only_compared: bool,
    /// Of replicas that their hosts chose themselves.
    #[prost(bytes = "vec", tag = "22")]
    sealed: Vec<u8>,
    #[prost(message, optional, tag = "20")]
    signed: Option<ProofBody>,
    /// Empty on own networks, and in rows of earlier formats.
    #[prost(bytes = "vec", tag = "21")]
    block: Vec<u8>,
}

#[derive(Clone, PartialEq, Oneof)]
enum EndBody {
    #[prost(message, tag = "8")]
    Success(SuccessBody),
    #[prost(message, tag = "9")]
    AppError(AppErrorBody),
    #[prost(string, tag = "10")]
    HostError(String),
    #[prost(bool, tag = "11")]
    Aborted(bool),
    #[prost(bool, tag = "12")]
    Expired(bool),
}

#[derive(Clone, PartialEq, Message)]
struct SuccessBody {
    #[prost(message, repeated, tag = "1")]
    outputs: Vec<OutputBody>,
    #[prost(bytes = "vec", tag = "2")]
    answer: Vec<u8>,
    #[prost(message, required, tag = "3")]
    usage: UsageBody,
    #[prost(uint32, tag = "4")]
    verdict: u32,
}

#[derive(Clone, PartialEq, Message)]
struct AppErrorBody {
    #[prost(bytes = "vec", tag = "1")]
    error: Vec<u8>,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, required, tag = "3")]
    usage: UsageBody,
    #[prost(uint32, tag = "4")]
    verdict: u32,
}

#[derive(Clone, PartialEq, Message)]
struct OutputBody {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(bytes = "vec", tag = "2")]
    digest: Vec<u8>,
    #[prost(uint64, tag = "3")]
    bytes: u64,
    #[prost(bytes = "vec", optional, tag = "4")]
    inline: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct UsageBody {
    #[prost(uint64, tag = "1")]
    cpu_ms: u64,
    #[prost(uint64, tag = "2")]
    wall_ms: u64,
    #[prost(uint64, tag = "3")]
    memory_bytes_peak: u64,
    #[prost(uint64, tag = "4")]
    work: u64,
    #[prost(uint64, tag = "5")]
    steps: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CheckpointBody {
    #[prost(bytes = "vec", tag = "1")]
    digest: Vec<u8>,
    #[prost(uint64, tag = "2")]
    step: u64,
    #[prost(uint64, tag = "3")]
    bytes: u64,
    #[prost(bytes = "vec", tag = "4")]
    state_hash: Vec<u8>,
}

impl From<&Replica> for ReplicaBody {
    fn from(replica: &Replica) -> Self {
        Self {
            host: replica.host.0,
            volunteer: replica.volunteer.0,
            block: block_bytes(replica.block),
            chain: replica.chain.into(),
            lineage: replica.lineage.iter().map(|volunteer| volunteer.0).collect(),
            leased_at: replica.leased_at.0,
            resumed_from: replica.resumed_from.as_deref().map(CheckpointBody::from),
            checkpoint: replica.checkpoint.as_deref().map(CheckpointBody::from),
            end: end_body(&replica.state),
            sealed: replica.sealed.as_deref().map_or_else(Vec::new, |sealed| sealed.0.to_vec()),
            is_paid: Some(replica.is_paid),
            life: replica.life,
            is_only_compared: !replica.is_voice,
            signed: replica.signed.as_deref().map(ProofBody::from),
        }
    }
}

fn end_body(state: &ReplicaState) -> Option<EndBody> {
    Some(match state {
        ReplicaState::Leased => return None,
        ReplicaState::Success { outputs, answer, usage, verdict } => {
            EndBody::Success(SuccessBody {
                outputs: outputs.iter().map(OutputBody::from).collect(),
                answer: answer.0.to_vec(),
                usage: usage.into(),
                verdict: verdict_number(*verdict),
            })
        }
        ReplicaState::AppError { error, message, usage, verdict } => {
            EndBody::AppError(AppErrorBody {
                error: error.0.to_vec(),
                message: message.clone(),
                usage: usage.into(),
                verdict: verdict_number(*verdict),
            })
        }
        ReplicaState::HostError { message } => EndBody::HostError(message.clone()),
        ReplicaState::Aborted => EndBody::Aborted(true),
        ReplicaState::Expired => EndBody::Expired(true),
    })
}

/// The replica at position `at` of its unit.
pub(super) fn replica(at: usize, body: ReplicaBody) -> Result<Replica, StoreError> {
    let state = body.end.map_or(Ok(ReplicaState::Leased), state)?;
    let replica = Replica {
        number: narrow("replica number", at)?,
        host: HostId(body.host),
        volunteer: VolunteerId(body.volunteer),
        block: block(&body.block)?,
        life: body.life,
        is_voice: !body.is_only_compared,
        chain: narrow("chain", body.chain)?,
        lineage: body.lineage.into_iter().map(VolunteerId).collect(),
        leased_at: Timestamp(body.leased_at),
        resumed_from: body.resumed_from.map(CheckpointRef::try_from).transpose()?.map(Box::new),
        checkpoint: body.checkpoint.map(CheckpointRef::try_from).transpose()?.map(Box::new),
        sealed: sealed(&body.sealed)?,
        is_paid: body.is_paid.unwrap_or(false),
        signed: body.signed.map(Proof::try_from).transpose()?.map(Box::new),
        state,
    };
    let is_valid = replica.verdict() == Some(Verdict::Valid);
    Ok(Replica { is_paid: body.is_paid.unwrap_or(is_valid), ..replica })
}

fn sealed(bytes: &[u8]) -> Result<Option<Box<Digest>>, StoreError> {
    (!bytes.is_empty()).then(|| digest(bytes).map(Box::new)).transpose()
}

fn state(end: EndBody) -> Result<ReplicaState, StoreError> {
    Ok(match end {
        EndBody::Success(body) => ReplicaState::Success {
            outputs: body.outputs.into_iter().map(Output::try_from).collect::<Result<_, _>>()?,
            answer: digest(&body.answer)?,
            usage: body.usage.into(),
            verdict: verdict(body.verdict)?,
        },
        EndBody::AppError(body) => ReplicaState::AppError {
            error: digest(&body.error)?,
            message: body.message,
            usage: body.usage.into(),
            verdict: verdict(body.verdict)?,
        },
        EndBody::HostError(message) => ReplicaState::HostError { message },
        EndBody::Aborted(_) => ReplicaState::Aborted,
        EndBody::Expired(_) => ReplicaState::Expired,
    })
}

fn verdict_number(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Inconclusive => 0,
        Verdict::Valid => 1,
        Verdict::Invalid => 2,
    }
}

fn verdict(number: u32) -> Result<Verdict, StoreError> {
    match number {
        0 => Ok(Verdict::Inconclusive),
        1 => Ok(Verdict::Valid),
        2 => Ok(Verdict::Invalid),
        other => Err(corrupt("verdict", other)),
    }
}

impl From<&Output> for OutputBody {
    fn from(output: &Output) -> Self {
        Self {
            name: output.name.clone(),
            digest: output.digest.0.to_vec(),
            bytes: output.bytes,
            inline: output.inline.clone(),
        }
    }
}

impl TryFrom<OutputBody> for Output {
    type Error = StoreError;

    fn try_from(body: OutputBody) -> Result<Self, StoreError> {
        let OutputBody { name, digest: bytes_digest, bytes, inline } = body;
        Ok(Self { name, digest: digest(&bytes_digest)?, bytes, inline })
    }
}

impl From<&Usage> for UsageBody {
    fn from(usage: &Usage) -> Self {
        let Usage { cpu_ms, wall_ms, memory_bytes_peak, work, steps } = *usage;
        Self { cpu_ms, wall_ms, memory_bytes_peak, work, steps }
    }
}

impl From<UsageBody> for Usage {
    fn from(body: UsageBody) -> Self {
        let UsageBody { cpu_ms, wall_ms, memory_bytes_peak, work, steps } = body;
        Self { cpu_ms, wall_ms, memory_bytes_peak, work, steps }
    }
}

impl From<&CheckpointRef> for CheckpointBody {
    fn from(checkpoint: &CheckpointRef) -> Self {
        Self {
            digest: checkpoint.digest.0.to_vec(),
            step: checkpoint.step,
            bytes: checkpoint.bytes,
            state_hash: checkpoint.state_hash.0.to_vec(),
        }
    }
}

impl TryFrom<CheckpointBody> for CheckpointRef {
    type Error = StoreError;

    fn try_from(body: CheckpointBody) -> Result<Self, StoreError> {
        let (blob, state_hash) = (digest(&body.digest)?, digest(&body.state_hash)?);
        Ok(Self { digest: blob, step: body.step, bytes: body.bytes, state_hash })
    }
}
