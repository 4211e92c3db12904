//! A host is forgotten, as its owner asked: whatever describes the machine and who lends it goes, for good, and what
//! trust needs stays under its number and key. `FORGET.md` says which is which, and why.

use super::context::{Context, Decision};
use super::draw;
use super::question;
use super::rows::Rows;
use crate::command::Forget;
use crate::id::{HostId, UnitId};
use crate::limits::DRAW_BATCH;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::store::{Store, StoreError, Write};
use crate::time::Timestamp;
use crate::volunteer::Volunteer;

#[derive(Default)]
pub(super) struct Loaded {
    rows: Rows,
    host: Option<HostId>,
    /// Who lends it, if they lend no other host that is known.
    volunteer: Option<Volunteer>,
    /// Units whose turn it is to be given to this host. Of more than one go has room for, the turn passes later.
    turns: Vec<UnitId>,
    /// Disputes about units for which it is called.
    questions: Vec<UnitId>,
}

pub(super) fn load(store: &dyn Store, forget: Forget) -> Result<Loaded, StoreError> {
    let Some(host) = store.host_by_key(&forget.key)? else { return Ok(Loaded::default()) };
    let mut loaded = Loaded { host: Some(host.id), ..Loaded::default() };
    let (id, volunteer, is_forgotten) = (host.id, host.volunteer, host.is_forgotten());
    loaded.rows.add_host(host);
    if is_forgotten {
        return Ok(loaded);
    }
    if store.hosts_of(volunteer, 2)? == [id] {
        loaded.volunteer = store.volunteer(volunteer)?;
    }
    loaded.turns = draw::forgone(store, &mut loaded.rows, id)?;
    loaded.questions = store.disputes_calling(id, DRAW_BATCH)?;
    for unit in &loaded.questions {
        loaded.rows.find_unit_and_hosts(store, *unit)?;
    }
    Ok(loaded)
}

pub(super) fn decide(loaded: Loaded, forget: Forget, cx: &mut Context<'_>) -> Decision {
    let Loaded { mut rows, host, volunteer, turns, questions } = loaded;
    let Some(host) = host else { return Decision::refuse(Refusal::NeverEnrolled(forget.key)) };
    if rows.host(host).is_forgotten() {
        return Decision { reply: Reply::Forgotten { host, is_new: false }, writes: Vec::new() };
    }
    rows.host_mut(host).forget(cx.now);
    if !rows.host(host).leases.is_empty() {
        cx.effects.due(cx.now);
    }
    cx.effects.dismiss(host);
    cx.locality.forget(host);
    for unit in turns {
        draw::forgo(&mut rows, unit, cx);
    }
    for unit in questions {
        question::lapse_calls(&mut rows, unit, |question, _| question.host == host, cx);
    }
    let mut writes = rows.into_writes();
    writes.extend(volunteer.into_iter().flat_map(nameless));
    Decision { reply: Reply::Forgotten { host, is_new: true }, writes }
}

/// The volunteer becomes a number. Invites that carry the name would give it back, or make whoever uses one look like
/// somebody else than the number; so they go with it.
fn nameless(mut volunteer: Volunteer) -> Vec<Write> {
    let name = volunteer.name.take();
    volunteer.joined_at = Timestamp(0);
    let drop = name.map(|volunteer| Write::DropInvites { volunteer });
    drop.into_iter().chain([Write::PutVolunteer(volunteer)]).collect()
}
