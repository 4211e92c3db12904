//! A job's results, unit after unit.

use std::sync::Arc;
use std::vec;

use futures_util::stream::{self, Stream};
use manyhands_core::id::JobId;
use manyhands_core::store::Store as _;
use manyhands_core::work_unit::{UnitState, WorkUnit};
use manyhands_proto::convert;
use manyhands_proto::v1::{self, unit_outputs::End};
use tonic::Status;

use crate::rpc::{Shared, status};

/// Rows read at a time: with all outputs inline a row may have a megabyte.
const PAGE: usize = 100;

/// Where a reader of results is.
struct Cursor {
    shared: Arc<Shared>,
    job: JobId,
    /// The next index to be read; none at the end.
    from: Option<u32>,
    page: vec::IntoIter<v1::UnitOutputs>,
}

/// Ends of units by index, from `from` on.
pub(super) fn stream(
    shared: Arc<Shared>,
    job: JobId,
    from: u32,
) -> impl Stream<Item = Result<v1::UnitOutputs, Status>> {
    let cursor = Cursor { shared, job, from: Some(from), page: Vec::new().into_iter() };
    stream::try_unfold(cursor, next)
}

async fn next(mut cursor: Cursor) -> Result<Option<(v1::UnitOutputs, Cursor)>, Status> {
    loop {
        if let Some(unit) = cursor.page.next() {
            return Ok(Some((unit, cursor)));
        }
        let (job, Some(from)) = (cursor.job, cursor.from) else { return Ok(None) };
        let units = cursor.shared.reader.read(move |store| store.units(job, from, PAGE));
        let units = units.await.map_err(status::desk)?;
        let last = units.last().map(|unit| unit.id.index);
        cursor.from = last.filter(|_| units.len() == PAGE).and_then(|last| last.checked_add(1));
        let ended: Vec<_> = units.iter().filter_map(message).collect();
        cursor.page = ended.into_iter();
    }
}

/// A unit that has ended, as a message.
fn message(unit: &WorkUnit) -> Option<v1::UnitOutputs> {
    let id = unit.id;
    match &unit.state {
        UnitState::Validated { .. } | UnitState::Done { .. } => {
            Some(convert::canonical(id, unit.canonical()?.outputs().to_vec()))
        }
        UnitState::Failed { reason } => {
            let end = Some(End::Failed(reason.to_string()));
            Some(v1::UnitOutputs { unit: id.index, end })
        }
        UnitState::Open | UnitState::Cancelled => None,
    }
}
