//! A host joins, or says hello again. The same key is always the same host, and a host that is
//! known needs no invite. One that is forgotten
//! never comes back.

use std::sync::Arc;

use super::context::{Context, Decision};
use super::{admission, check};
use crate::command::Enrol;
use crate::credit::MicroCredits;
use crate::host::{Counters, Host, HostState, Standing};
use crate::id::{HostId, VolunteerId};
use crate::invite::{Invite, Role};
use crate::limits::{MEMORY_BYTES_MAX, PROFILES_MAX};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::requirement::Capabilities;
use crate::store::{LastIds, Store, StoreError, Write};
use crate::volunteer::Volunteer;

pub(super) struct Loaded {
    host: Option<Host>,
    invite: Option<Invite>,
    /// The volunteer whom the invite names, if they are known.
    volunteer: Option<Volunteer>,
    last: LastIds,
}

pub(super) fn load(store: &dyn Store, enrol: &Enrol) -> Result<Loaded, StoreError> {
    let invite = enrol.token.as_ref().map_or(Ok(None), |token| store.invite(token))?;
    let volunteer = match invite.as_ref().map(|invite| &invite.role) {
        Some(Role::Host { volunteer: Some(name) }) => store.volunteer_by_name(name)?,
        Some(Role::Host { volunteer: None } | Role::Scientist) | None => None,
    };
    let last = store.last_ids()?;
    Ok(Loaded { host: store.host_by_key(&enrol.key)?, invite, volunteer, last })
}

pub(super) fn decide(loaded: Loaded, enrol: Enrol, cx: &Context<'_>) -> Decision {
    if let Err(refusal) = may_enrol(loaded.host.as_ref(), &enrol) {
        return Decision::refuse(refusal);
    }
    if let Some(host) = loaded.host {
        return greet(host, enrol, cx);
    }
    join(loaded, enrol, cx).unwrap_or_else(Decision::refuse)
}

fn may_enrol(host: Option<&Host>, enrol: &Enrol) -> Result<(), Refusal> {
    host.map_or(Ok(()), check::remembered)?;
    check_enrolment(enrol)
}

fn greet(mut host: Host, enrol: Enrol, cx: &Context<'_>) -> Decision {
    let reply = Reply::Enrolled { host: host.id, volunteer: host.volunteer };
    (host.nickname, host.block) = (enrol.nickname, enrol.block);
    host.capabilities = Arc::new(enrol.capabilities);
    host.seen_at = cx.now;
    Decision { reply, writes: vec![Write::PutHost(host)] }
}

fn join(loaded: Loaded, enrol: Enrol, cx: &Context<'_>) -> Result<Decision, Refusal> {
    let mut writes = Vec::new();
    let mut name = None;
    if enrol.token.is_some() {
        let invite = admission::redeem(loaded.invite, cx)?;
        name = match &invite.role {
            Role::Host { volunteer } => volunteer.clone(),
            Role::Scientist => return Err(Refusal::InviteForOther(invite.role)),
        };
        writes.push(Write::PutInvite(invite));
    } else if !cx.settings.open_enrolment {
        return Err(Refusal::InviteNeeded);
    }
    let volunteer = loaded.volunteer.map(|volunteer| volunteer.id).unwrap_or_else(|| {
        let id = VolunteerId(loaded.last.volunteer + 1);
        writes.push(Write::PutVolunteer(Volunteer { id, name, joined_at: cx.now }));
        id
    });
    let host = HostId(loaded.last.host + 1);
    writes.push(Write::PutHost(Host {
        id: host,
        key: enrol.key,
        volunteer,
        block: enrol.block,
        nickname: enrol.nickname,
        capabilities: Arc::new(enrol.capabilities),
        state: HostState::Active,
        standing: Standing::default(),
        reopening: None,
        counters: Counters::default(),
        credit: MicroCredits::default(),
        pardoned: None,
        leases: Vec::new(),
        enrolled_at: cx.now,
        seen_at: cx.now,
        forgotten_at: None,
    }));
    Ok(Decision { reply: Reply::Enrolled { host, volunteer }, writes })
}

fn check_enrolment(enrol: &Enrol) -> Result<(), Refusal> {
    let Capabilities { slots, memory_bytes, profiles, isa, os, version } = &enrol.capabilities;
    check::name("nickname", &enrol.nickname)?;
    check::name("isa", isa)?;
    check::name("os", os)?;
    check::name("version", version)?;
    check::within("slots", (*slots).into(), 1, u16::MAX.into())?;
    // A machine may well have more; a unit cannot use it.
    check::within("memory_bytes", *memory_bytes, 1, MEMORY_BYTES_MAX.saturating_mul(1_024))?;
    check::within("profiles", profiles.len() as u64, 1, PROFILES_MAX as u64)
}
