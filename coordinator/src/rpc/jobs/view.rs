//! A job as a message, with what its row alone does not say.

use manyhands_core::host::Host;
use manyhands_core::id::{HostId, JobId};
use manyhands_core::job::Job;
use manyhands_core::limits::PAGE_MAX;
use manyhands_core::query::Disputes;
use manyhands_core::store::{Store, StoreError};
use manyhands_proto::v1;
use tonic::Status;

use crate::rpc::{Shared, status};

/// The message, without what takes reading every dispute.
pub(super) async fn message(shared: &Shared, job: Job) -> Result<v1::Job, Status> {
    let id = job.id;
    let extra = shared.reader.read(move |store| Ok((store.credit_of(id)?, leased(store, id)?)));
    let (credit, replicas_leased) = extra.await.map_err(status::desk)?;
    Ok(v1::Job { credit_micro: credit.0, replicas_leased, ..job.into() })
}

/// What disputes came to. Only units of a job with a confidence are disputed.
pub(super) async fn disputes(shared: &Shared, job: &Job) -> Result<Option<v1::Disputes>, Status> {
    if job.policy.confidence.is_none() {
        return Ok(None);
    }
    let id = job.id;
    let disputes = shared.reader.read(move |store| Disputes::of(store, id)).await;
    disputes.map(|all| Some(all.into())).map_err(status::desk)
}

/// Replicas of the job under a lease now.
fn leased(store: &dyn Store, job: JobId) -> Result<u32, StoreError> {
    let of_job =
        |host: &Host| host.leases.iter().filter(|lease| lease.replica.unit.job == job).count();
    let (mut leased, mut after) = (0, HostId(0));
    loop {
        let hosts = store.hosts(Some(after), PAGE_MAX)?;
        leased += hosts.iter().map(of_job).sum::<usize>();
        match hosts.last() {
            Some(last) if hosts.len() == PAGE_MAX => after = last.id,
            Some(_) | None => return Ok(u32::try_from(leased).unwrap_or(u32::MAX)),
        }
    }
}
