//! Leases on their way to a worker, with the jobs that they belong to.

use std::collections::BTreeMap;

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::id::{JobId, UnitId};
use manyhands_core::query::{Answer, Query};
use manyhands_core::reply::{LeaseGrant, Leased};
use manyhands_core::store::Store as _;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as Out;
use tonic::Status;

use super::session::Session;
use crate::rpc::blobs::off_runtime;
use crate::rpc::{Shared, status};
use crate::secrets::Private;

impl Session {
    /// Sends what the desk granted, if it is anything.
    pub(super) async fn send_leases(&mut self, leased: Leased) -> Result<(), Status> {
        if leased.leases.is_empty() {
            return Ok(());
        }
        let mut jobs = Vec::new();
        for (job, manifest) in &leased.manifests {
            if self.named.insert(*job) {
                jobs.push(describe(&self.shared, *job, *manifest).await?);
            }
        }
        let leases = leases(&self.shared, leased).await?;
        self.send(Out::Leases(v1::Leases { leases, jobs })).await
    }
}

/// Leases as they are sent, each with the keys of its unit's private inputs.
pub(super) async fn leases(shared: &Shared, leased: Leased) -> Result<Vec<v1::Lease>, Status> {
    let mut jobs = BTreeMap::new();
    for (job, manifest) in leased.manifests {
        jobs.insert(job, private(shared, manifest).await?);
    }
    let with_keys = |grant: LeaseGrant| {
        let UnitId { job, index } = grant.replica.unit;
        let keys = jobs.get(&job).map_or_else(Vec::new, |private| private.keys(index));
        let input_keys = keys.iter().map(|key| Bytes::copy_from_slice(&key.0)).collect();
        v1::Lease { input_keys, ..grant.into() }
    };
    Ok(leased.leases.into_iter().map(with_keys).collect())
}

/// What is private of a job; read from the disk only the first time.
async fn private(shared: &Shared, manifest: Digest) -> Result<Private, Status> {
    if let Some(known) = shared.secrets.known(&manifest) {
        return Ok(known);
    }
    let (secrets, blobs) = (shared.secrets.clone(), shared.blobs.clone());
    off_runtime(move || secrets.learn(&blobs, &manifest)).await
}

/// What a worker needs to know of a job to fetch and check its manifest.
async fn describe(shared: &Shared, id: JobId, manifest: Digest) -> Result<v1::LeasedJob, Status> {
    let job = match shared.reader.ask(Query::Job(id)).await.map_err(status::desk)? {
        Answer::Job(job) => job,
        Answer::Refused(refusal) => return Err(status::refused(&refusal)),
        _ => return Err(status::confused()),
    };
    let submitter = job.submitter;
    let account = shared.reader.read(move |store| store.account(&submitter)).await;
    let account = account.map_err(status::desk)?;
    let blobs = shared.blobs.clone();
    let size = off_runtime(move || Ok(blobs.read(&manifest, 0, 0)?.remaining())).await?;
    Ok(v1::LeasedJob {
        job: id.0,
        manifest: Bytes::copy_from_slice(manifest.as_bytes()),
        manifest_bytes: size,
        submitter: Bytes::copy_from_slice(job.submitter.as_bytes()),
        signature: Bytes::copy_from_slice(&job.signature.0),
        submitter_name: account.map_or_else(String::new, |account| account.name),
    })
}
