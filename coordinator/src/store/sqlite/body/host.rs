//! A host's row, with its leases.

use std::sync::Arc;

use manyhands_core::credit::MicroCredits;
use manyhands_core::host::{Counters, Host, HostState, Pardoned, Reopening, Standing};
use manyhands_core::id::{HostId, JobId, VolunteerId};
use manyhands_core::lease::Lease;
use manyhands_core::requirement::Capabilities;
use manyhands_core::store::StoreError;
use manyhands_core::time::Timestamp;
use prost::Message;

use crate::store::sqlite::codec::{
    block, block_bytes, corrupt, key, narrow, unit_id, unit_key, unsigned,
};

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
    /// Not in rows of earlier formats, where it was when the host was suspended.
    #[prost(uint64, optional, tag = "11")]
    reopen_since: Option<u64>,
    /// Until when it is suspended, if it is not for good.
    #[prost(uint64, optional, tag = "12")]
    until: Option<u64>,
    /// The key of the unit that it was suspended for.
    #[prost(int64, optional, tag = "13")]
    suspended_for: Option<i64>,
    /// Not in rows of earlier formats.
    #[prost(message, optional, tag = "14")]
    standing: Option<StandingBody>,
    /// Empty on own networks, and in rows of earlier formats.
    #[prost(bytes = "vec", tag = "15")]
    block: Vec<u8>,
    #[prost(message, optional, tag = "16")]
    pardoned: Option<PardonedBody>,
    #[prost(uint64, optional, tag = "17")]
    forgotten_at: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct PardonedBody {
    #[prost(uint64, tag = "1")]
    at: u64,
    #[prost(string, tag = "2")]
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct StandingBody {
    #[prost(uint32, tag = "1")]
    life: u32,
    #[prost(uint32, tag = "2")]
    compared: u32,
    #[prost(uint32, tag = "3")]
    strikes: u32,
    #[prost(uint32, tag = "4")]
    pardoned: u32,
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
        let Standing { life, compared, strikes, pardoned } = host.standing;
        let (suspended_at, until, unit) = match host.state {
            HostState::Active => (None, None, None),
            HostState::Suspended { suspended_at, until, unit } => (Some(suspended_at), until, unit),
        };
        Self {
            volunteer: host.volunteer.0,
            block: block_bytes(host.block),
            nickname: host.nickname.clone(),
            capabilities: CapabilitiesBody::from(&*host.capabilities),
            suspended_at: suspended_at.map(|at| at.0),
            until: until.map(|at| at.0),
            suspended_for: unit.map(unit_key),
            reopen_from: host.reopening.as_ref().map(|reopening| unit_key(reopening.from)),
            reopen_since: host.reopening.as_ref().map(|reopening| reopening.since.0),
            standing: Some(StandingBody { life, compared, strikes, pardoned }),
            counters: vec![valid, invalid, error, expired],
            credit: host.credit.0,
            pardoned: host.pardoned.as_deref().map(PardonedBody::from),
            leases: host.leases.iter().map(LeaseBody::from).collect(),
            enrolled_at: host.enrolled_at.0,
            seen_at: host.seen_at.0,
            forgotten_at: host.forgotten_at.map(|at| at.0),
        }
    }
}

/// Id, key, body.
type Columns = (i64, Vec<u8>, Vec<u8>);

/// A host from its columns.
pub(in crate::store::sqlite) fn host(columns: Columns) -> Result<Host, StoreError> {
    let (id, public_key, body) = columns;
    let body = HostBody::decode(&*body).map_err(|error| corrupt("host", error))?;
    let counters = counters(&body.counters)?;
    let (state, reopening) = (state(&body)?, reopening(&body)?);
    let standing = body.standing.map_or_else(|| earlier_standing(state, counters), Standing::from);
    Ok(Host {
        id: HostId(unsigned("host id", id)?),
        key: key(&public_key)?,
        volunteer: VolunteerId(body.volunteer),
        block: block(&body.block)?,
        nickname: body.nickname,
        capabilities: Arc::new(body.capabilities.try_into()?),
        state,
        standing,
        reopening: reopening.map(Box::new),
        counters,
        credit: MicroCredits(body.credit),
        pardoned: body.pardoned.map(|pardoned| Box::new(pardoned.into())),
        leases: body.leases.into_iter().map(Lease::try_from).collect::<Result<_, _>>()?,
        enrolled_at: Timestamp(body.enrolled_at),
        seen_at: Timestamp(body.seen_at),
        forgotten_at: body.forgotten_at.map(Timestamp),
    })
}

fn state(body: &HostBody) -> Result<HostState, StoreError> {
    let Some(suspended_at) = body.suspended_at else { return Ok(HostState::Active) };
    Ok(HostState::Suspended {
        suspended_at: Timestamp(suspended_at),
        until: body.until.map(Timestamp),
        unit: body.suspended_for.map(unit_id).transpose()?,
    })
}

fn reopening(body: &HostBody) -> Result<Option<Reopening>, StoreError> {
    let Some(from) = body.reopen_from else { return Ok(None) };
    let since = body.reopen_since.or(body.suspended_at).unwrap_or(0);
    Ok(Some(Reopening { since: Timestamp(since), from: unit_id(from)? }))
}

/// Of a row from before hosts had a standing: replicas were leased in life 0, so whoever was
/// suspended since is in another one.
fn earlier_standing(state: HostState, counters: Counters) -> Standing {
    match state {
        HostState::Active => Standing { strikes: counters.invalid, ..Standing::default() },
        HostState::Suspended { .. } => Standing { life: 1, ..Standing::default() },
    }
}

impl From<&Pardoned> for PardonedBody {
    fn from(pardoned: &Pardoned) -> Self {
        Self { at: pardoned.at.0, reason: pardoned.reason.clone() }
    }
}

impl From<PardonedBody> for Pardoned {
    fn from(body: PardonedBody) -> Self {
        Self { at: Timestamp(body.at), reason: body.reason }
    }
}

impl From<StandingBody> for Standing {
    fn from(body: StandingBody) -> Self {
        let StandingBody { life, compared, strikes, pardoned } = body;
        Self { life, compared, strikes, pardoned }
    }
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
