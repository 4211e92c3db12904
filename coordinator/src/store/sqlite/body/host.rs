//! A host's row, with its leases.

use manyhands_core::credit::MicroCredits;
use manyhands_core::host::{Counters, Host, HostState};
use manyhands_core::id::{HostId, JobId, VolunteerId};
use manyhands_core::lease::Lease;
use manyhands_core::requirement::Capabilities;
use manyhands_core::store::StoreError;
use manyhands_core::time::Timestamp;
use prost::Message;

use crate::store::sqlite::codec::{corrupt, key, narrow, unit_id, unit_key, unsigned};

/// A host but for its id and key.
#[derive(Clone, PartialEq, Message)]
pub(in crate::store::sqlite) struct HostBody {
    #[prost(uint64, tag = "1")]
    volunteer: u64,
    #[prost(string, tag = "2")]
    nickname: String,
    #[prost(message, required, tag = "3")]
    capabilities: CapabilitiesBody,
    #[prost(uint64, optional, tag = "4")]
    suspended_at: Option<u64>,
    /// Valid, invalid, error, expired.
    #[prost(uint32, repeated, tag = "5")]
    counters: Vec<u32>,
    #[prost(uint64, tag = "6")]
    credit: u64,
    #[prost(message, repeated, tag = "7")]
    leases: Vec<LeaseBody>,
    #[prost(uint64, tag = "8")]
    enrolled_at: u64,
    #[prost(uint64, tag = "9")]
    seen_at: u64,
    /// A unit's key.
    #[prost(int64, optional, tag = "10")]
    reopen_from: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct CapabilitiesBody {
    #[prost(uint32, tag = "1")]
    slots: u32,
    #[prost(uint64, tag = "2")]
    memory_bytes: u64,
    #[prost(uint32, repeated, tag = "3")]
    profiles: Vec<u32>,
    #[prost(string, tag = "4")]
    isa: String,
    #[prost(string, tag = "5")]
    os: String,
    #[prost(string, tag = "6")]
    version: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct LeaseBody {
    #[prost(uint64, tag = "1")]
    job: u64,
    #[prost(uint32, tag = "2")]
    unit: u32,
    #[prost(uint32, tag = "3")]
    number: u32,
    #[prost(uint64, tag = "4")]
    deadline_at: u64,
    #[prost(uint64, tag = "5")]
    hard_deadline_at: u64,
    #[prost(uint32, tag = "6")]
    progress_ppm: u32,
}

impl From<&Host> for HostBody {
    fn from(host: &Host) -> Self {
        let Counters { valid, invalid, error, expired } = host.counters;
        Self {
            volunteer: host.volunteer.0,
            nickname: host.nickname.clone(),
            capabilities: CapabilitiesBody::from(&host.capabilities),
            suspended_at: match host.state {
                HostState::Active => None,
                HostState::Suspended { suspended_at, .. } => Some(suspended_at.0),
            },
            reopen_from: host.reopen_from().map(unit_key),
            counters: vec![valid, invalid, error, expired],
            credit: host.credit.0,
            leases: host.leases.iter().map(LeaseBody::from).collect(),
            enrolled_at: host.enrolled_at.0,
            seen_at: host.seen_at.0,
        }
    }
}

/// Id, key, body.
type Columns = (i64, Vec<u8>, Vec<u8>);

/// A host from its columns.
pub(in crate::store::sqlite) fn host(columns: Columns) -> Result<Host, StoreError> {
    let (id, public_key, body) = columns;
    let body = HostBody::decode(&*body).map_err(|error| corrupt("host", error))?;
    let active = HostState::Active;
    let reopen_from = body.reopen_from.map(unit_id).transpose()?;
    let suspended = |at| HostState::Suspended { suspended_at: Timestamp(at), reopen_from };
    Ok(Host {
        id: HostId(unsigned("host id", id)?),
        key: key(&public_key)?,
        volunteer: VolunteerId(body.volunteer),
        nickname: body.nickname,
        capabilities: body.capabilities.try_into()?,
        state: body.suspended_at.map_or(active, suspended),
        counters: counters(&body.counters)?,
        credit: MicroCredits(body.credit),
        leases: body.leases.into_iter().map(Lease::try_from).collect::<Result<_, _>>()?,
        enrolled_at: Timestamp(body.enrolled_at),
        seen_at: Timestamp(body.seen_at),
    })
}

fn counters(numbers: &[u32]) -> Result<Counters, StoreError> {
    match *numbers {
        [valid, invalid, error, expired] => Ok(Counters { valid, invalid, error, expired }),
        _ => Err(corrupt("counters", numbers.len())),
    }
}

impl From<&Capabilities> for CapabilitiesBody {
    fn from(capabilities: &Capabilities) -> Self {
        Self {
            slots: capabilities.slots.into(),
            memory_bytes: capabilities.memory_bytes,
            profiles: capabilities.profiles.iter().copied().collect(),
            isa: capabilities.isa.clone(),
            os: capabilities.os.clone(),
            version: capabilities.version.clone(),
        }
    }
}

impl TryFrom<CapabilitiesBody> for Capabilities {
    type Error = StoreError;

    fn try_from(body: CapabilitiesBody) -> Result<Self, StoreError> {
        Ok(Self {
            slots: narrow("slots", body.slots)?,
            memory_bytes: body.memory_bytes,
            profiles: body.profiles.into_iter().collect(),
            isa: body.isa,
            os: body.os,
            version: body.version,
        })
    }
}

impl From<&Lease> for LeaseBody {
    fn from(lease: &Lease) -> Self {
        Self {
            job: lease.replica.unit.job.0,
            unit: lease.replica.unit.index,
            number: lease.replica.number.into(),
            deadline_at: lease.deadline_at.0,
            hard_deadline_at: lease.hard_deadline_at.0,
            progress_ppm: lease.progress_ppm,
        }
    }
}

impl TryFrom<LeaseBody> for Lease {
    type Error = StoreError;

    fn try_from(body: LeaseBody) -> Result<Self, StoreError> {
        let number = narrow("replica number", body.number)?;
        Ok(Self {
            replica: JobId(body.job).unit(body.unit).replica(number),
            deadline_at: Timestamp(body.deadline_at),
            hard_deadline_at: Timestamp(body.hard_deadline_at),
            progress_ppm: body.progress_ppm,
        })
    }
}
