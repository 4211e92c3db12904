//! A job's changes, newest only.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use manyhands_core::id::JobId;
use manyhands_proto::v1;
use tokio::sync::watch;
use tonic::Status;

use super::{job, view};
use crate::rpc::Shared;

/// A job may change with every commit; a person is told so often at most.
const PACE: Duration = Duration::from_millis(200);

/// Where a watcher is.
enum Step {
    First,
    Next,
    Ended,
}

/// The job now, then after changes, until it has ended or the coordinator stops.
pub(super) fn stream(
    shared: Arc<Shared>,
    id: JobId,
    changes: watch::Receiver<()>,
) -> impl Stream<Item = Result<v1::Job, Status>> {
    stream::try_unfold((shared, changes, Step::First), move |state| next(state, id))
}

type State = (Arc<Shared>, watch::Receiver<()>, Step);

async fn next(state: State, id: JobId) -> Result<Option<(v1::Job, State)>, Status> {
    let (shared, mut changes, step) = state;
    match step {
        Step::First => {}
        Step::Next => {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return Ok(None) },
                () = shared.draining.cancelled() => return Err(stopping()),
            }
            tokio::time::sleep(PACE).await;
        }
        Step::Ended => return Ok(None),
    }
    // Marked as seen before it is read, so that a change meanwhile is not missed.
    changes.mark_unchanged();
    let job = job(&shared, id).await?;
    let step = if job.is_ended() { Step::Ended } else { Step::Next };
    let message = view::message(&shared, job).await?;
    Ok(Some((message, (shared, changes, step))))
}

fn stopping() -> Status {
    Status::unavailable("the coordinator is stopping: watch again when it is back")
}
