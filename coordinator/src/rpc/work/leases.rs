//! Leases on their way to a worker, with the jobs that they belong to.

use std::collections::BTreeMap;

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::id::JobId;
use manyhands_core::query::{Answer, Query};
use manyhands_core::reply::{LeaseGrant, Leased};
use manyhands_core::store::Store as _;
use manyhands_proto::v1;
use manyhands_proto::v1::coordinator_message::Message as Out;
use tonic::Status;

use super::session::Session;
use crate::rpc::blobs::off_runtime;
use crate::rpc::{Shared, status};

impl Session {
    /// Sends what the desk granted, if it is anything.
    pub(super) async fn send_leases(&mut self, leased: Leased) -> Result<(), Status> {
        if leased.leases.is_empty() {
            return Ok(());
        }
        let mut jobs = Vec::new();
        let manifests = BTreeMap::from_iter(leased.manifests);
        for (job, manifest) in &manifests {
            if self.named.insert(*job) {
                jobs.push(describe(&self.shared, *job, *manifest).await?);
            }
        }
        let leases = with_keys(&self.shared, leased.leases, &manifests).await?;
        self.send(Out::Leases(v1::Leases { leases, jobs })).await
    }
}

/// What the desk granted of jobs that the worker knows, as it is sent.
pub(super) async fn leases(shared: &Shared, leased: Leased) -> Result<Vec<v1::Lease>, Status> {
    with_keys(shared, leased.leases, &BTreeMap::from_iter(leased.manifests)).await
}

/// The leases as they are sent, each with the keys of its unit's private inputs.
async fn with_keys(
    shared: &Shared,
    grants: Vec<LeaseGrant>,
    manifests: &BTreeMap<JobId, Digest>,
) -> Result<Vec<v1::Lease>, Status> {
    let mut leases: Vec<v1::Lease> = grants.iter().map(|grant| (*grant).into()).collect();
    for (job, manifest) in manifests {
        if shared.secrets.is_known_to_have_none(manifest) {
            continue;
        }
        let is_of_job = |grant: &LeaseGrant| grant.replica.unit.job == *job;
        let units = grants.iter().filter(|grant| is_of_job(grant));
        let units: Vec<u32> = units.map(|grant| grant.replica.unit.index).collect();
        let (secrets, blobs, manifest) = (shared.secrets.clone(), shared.blobs.clone(), *manifest);
        let keys = off_runtime(move || secrets.keys(&blobs, &manifest, &units)).await?;
        let of_job = leases.iter_mut().zip(&grants).filter(|(_, grant)| is_of_job(grant));
        for ((lease, _), keys) in of_job.zip(keys) {
            lease.input_keys = keys.iter().map(|key| Bytes::copy_from_slice(&key.0)).collect();
        }
    }
    Ok(leases)
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
