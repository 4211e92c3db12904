//! Hosts: what they offer, and how the operator sees them.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use manyhands_core::host::{Host, HostState};
use manyhands_core::invite::Role;
use manyhands_core::limits::{NAME_BYTES_MAX, PROFILES_MAX};
use manyhands_core::outlook::{ALWAYS_PPM, Outlook};
use manyhands_core::query::Kept;
use manyhands_core::requirement::Capabilities;
use manyhands_core::time::Span;

use super::error::{Fault, WireError};
use super::field::{at_most, bounded, narrow};
use crate::v1;

impl From<Capabilities> for v1::Capabilities {
    fn from(has: Capabilities) -> Self {
        Self {
            slots: has.slots.into(),
            memory_bytes: has.memory_bytes,
            profiles: has.profiles.into_iter().collect(),
            engine: has.version,
            isa: has.isa,
            os: has.os,
        }
    }
}

impl TryFrom<v1::Capabilities> for Capabilities {
    type Error = WireError;

    fn try_from(wire: v1::Capabilities) -> Result<Self, WireError> {
        at_most("profiles", PROFILES_MAX, wire.profiles.len())?;
        let slots: u16 = narrow("slots", wire.slots)?;
        if slots == 0 {
            return Err(WireError::missing("slots"));
        }
        Ok(Self {
            slots,
            memory_bytes: wire.memory_bytes,
            profiles: wire.profiles.into_iter().collect::<BTreeSet<u32>>(),
            isa: bounded("isa", NAME_BYTES_MAX, wire.isa)?,
            os: bounded("os", NAME_BYTES_MAX, wire.os)?,
            version: bounded("engine", NAME_BYTES_MAX, wire.engine)?,
        })
    }
}

impl From<Outlook> for v1::Outlook {
    fn from(outlook: Outlook) -> Self {
        let Outlook { available_ppm, stretch } = outlook;
        Self { available_ppm, stretch_ms: stretch.map(|stretch| stretch.0) }
    }
}

impl TryFrom<v1::Outlook> for Outlook {
    type Error = WireError;

    fn try_from(wire: v1::Outlook) -> Result<Self, WireError> {
        let v1::Outlook { available_ppm, stretch_ms } = wire;
        if available_ppm > ALWAYS_PPM {
            let fault = Fault::TooLarge { max: ALWAYS_PPM.into(), actual: available_ppm.into() };
            return Err(WireError::new("available_ppm", fault));
        }
        Ok(Self { available_ppm, stretch: stretch_ms.map(Span) })
    }
}

/// What the machine of whoever wants leases expects of itself.
///
/// # Errors
/// [`Fault::TooLarge`].
pub fn outlook(wire: Option<v1::Outlook>) -> Result<Outlook, WireError> {
    let Some(wire) = wire else { return Ok(Outlook::ALWAYS) };
    Outlook::try_from(wire).map_err(|error| error.within("outlook"))
}

impl From<Host> for v1::Host {
    /// The host as it is stored. Whether it is `connected` only the shell knows.
    fn from(host: Host) -> Self {
        let counters = host.counters;
        let (suspended, until, unit) = match host.state {
            HostState::Active => (false, None, None),
            HostState::Suspended { until, unit, .. } => (true, until, unit),
        };
        Self {
            id: host.id.0,
            nickname: host.shown_name().to_owned(),
            volunteer: host.volunteer.0,
            capabilities: Some(Arc::unwrap_or_clone(host.capabilities).into()),
            connected: false,
            suspended,
            valid: counters.valid.into(),
            invalid: counters.invalid.into(),
            errors: counters.error.into(),
            expired: counters.expired.into(),
            credit_micro: host.credit.0,
            seen_at_ms: host.seen_at.0,
            leases: u32::try_from(host.leases.len()).unwrap_or(u32::MAX),
            key: Bytes::copy_from_slice(host.key.as_bytes()),
            compared: host.standing.compared,
            caught: host.standing.life,
            suspended_until_ms: until.map(|until| until.0),
            suspended_for: unit.map(Into::into),
            forgotten_at_ms: host.forgotten_at.map(|at| at.0),
        }
    }
}

impl From<Kept> for v1::KeptReply {
    /// What is stored. Whether the host is `connected`, and its `addresses`, only the shell knows.
    fn from(kept: Kept) -> Self {
        let Kept { host, volunteer, has_contradicted } = kept;
        Self {
            volunteer_name: volunteer.name.unwrap_or_default(),
            block: host.block.map(|block| block.to_string()).unwrap_or_default(),
            enrolled_at_ms: host.enrolled_at.0,
            addresses: Vec::new(),
            pardoned_for: host.pardoned.as_deref().map_or_else(String::new, |it| it.reason.clone()),
            has_contradicted,
            host: Some(host.into()),
        }
    }
}

/// The role that an invite is asked for.
///
/// # Errors
/// When the role is missing or unknown, or the volunteer's name is too long.
pub fn role(request: &v1::InviteRequest) -> Result<Role, WireError> {
    match v1::Role::try_from(request.role) {
        Ok(v1::Role::Host) => {
            let name = bounded("volunteer", NAME_BYTES_MAX, request.volunteer.as_str())?;
            let volunteer = (!name.is_empty()).then(|| name.to_owned());
            Ok(Role::Host { volunteer })
        }
        Ok(v1::Role::Scientist) => Ok(Role::Scientist),
        Ok(v1::Role::Unspecified) => Err(WireError::missing("role")),
        Err(_) => Err(WireError::new("role", Fault::Unknown(request.role))),
    }
}
