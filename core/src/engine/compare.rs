//! A newcomer answered: the answer is compared with what stands, and never believed.

use super::blame;
use super::context::Context;
use super::reopen::{has_answer, open_again};
use super::rows::Rows;
use super::settle::approve;
use crate::id::ReplicaId;
use crate::replica::{Replica, Verdict};
use crate::work_unit::Test;

/// Compares the answer of a newcomer. If the unit was opened again meanwhile, the answer gets its
/// verdict with all others.
pub(super) fn compare(rows: &mut Rows, id: ReplicaId, cx: &mut Context<'_>) {
    let Some(unit) = rows.unit(id.unit) else { return };
    let Some(newcomer) = unit.replica(id.number).cloned() else { return };
    let (own, test) = (newcomer.class(), unit.test);
    let stands = unit.first_valid().and_then(Replica::class).filter(|_| has_answer(unit));
    let is_taken_back = rows.job(id.unit.job).is_taken_back();
    rows.unit_mut(id.unit).drop_inline_outputs();
    if own.is_none() || stands.is_none() || is_taken_back {
        return;
    }
    if own == stands {
        set_verdict(rows, id, Verdict::Valid);
        approve(rows, id.unit, &[id.number], cx.now);
    } else if test == Test::None {
        // An honest newcomer uncovers a liar so, and is not caught on one word.
        open_again(rows, id.unit, Test::Second, cx);
    } else {
        set_verdict(rows, id, Verdict::Invalid);
        blame::blame(rows, id.unit, &newcomer, cx);
    }
}

fn set_verdict(rows: &mut Rows, id: ReplicaId, verdict: Verdict) {
    if let Some(replica) = rows.unit_mut(id.unit).replica_mut(id.number) {
        replica.set_verdict(verdict);
    }
}
