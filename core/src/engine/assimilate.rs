//! The outputs of these units are in their job's hands: the units are done.

use super::advance::end_job_if_last;
use super::check;
use super::context::{Context, Decision};
use super::rows::Rows;
use crate::id::UnitId;
use crate::limits::BATCH_MAX;
use crate::reply::{Assimilated, Reply};
use crate::store::{Store, StoreError};
use crate::work_unit::UnitState;

pub(super) fn load(store: &dyn Store, units: &[UnitId]) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    units.iter().take(BATCH_MAX).try_for_each(|unit| rows.find_unit(store, *unit))?;
    Ok(rows)
}

pub(super) fn decide(mut rows: Rows, units: &[UnitId], cx: &mut Context<'_>) -> Decision {
    if let Err(refusal) = check::batch("units", units.len()) {
        return Decision::refuse(refusal);
    }
    let assimilated = units.iter().map(|unit| one(&mut rows, *unit, cx)).collect();
    Decision { reply: Reply::Assimilated(assimilated), writes: rows.into_writes() }
}

fn one(rows: &mut Rows, id: UnitId, cx: &mut Context<'_>) -> Assimilated {
    let canonical = match rows.unit(id).map(|unit| &unit.state) {
        Some(UnitState::Validated { canonical }) => *canonical,
        Some(UnitState::Done { .. }) => return Assimilated::AlreadyDone,
        Some(UnitState::Open | UnitState::Failed { .. } | UnitState::Cancelled) | None => {
            return Assimilated::NotValidated(id);
        }
    };
    let unit = rows.unit_mut(id);
    unit.state = UnitState::Done { canonical };
    unit.drop_inline_outputs();
    let counts = &mut rows.job_mut(id.job).counts;
    counts.validated -= 1;
    counts.done += 1;
    end_job_if_last(rows, id.job, cx);
    Assimilated::Done
}
