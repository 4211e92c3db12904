//! What stands behind a job's outputs.

use std::collections::BTreeSet;

use bytes::Bytes;
use manyhands_core::id::{HostId, JobId};
use manyhands_core::job::Job;
use manyhands_core::limits::PAGE_MAX;
use manyhands_core::query::{Answer, Query};
use manyhands_core::replica::{ReplicaState, Verdict};
use manyhands_core::store::Store as _;
use manyhands_core::work_unit::WorkUnit;
use manyhands_proto::v1;
use tonic::Status;

use crate::rpc::{Shared, status};

/// The whole receipt: the core's, and what only reading every unit tells.
pub(super) async fn receipt(shared: &Shared, job: Job) -> Result<v1::Receipt, Status> {
    let receipt = match shared.reader.ask(Query::Receipt(job.id)).await.map_err(status::desk)? {
        Answer::Receipt(receipt) => *receipt,
        Answer::Refused(refusal) => return Err(status::refused(&refusal)),
        _ => return Err(status::confused()),
    };
    let summary = summary(shared, job.id).await?;
    let outputs = if job.is_ended() {
        Bytes::copy_from_slice(summary.outputs.finalize().as_bytes())
    } else {
        Bytes::new()
    };
    Ok(v1::Receipt {
        manifest: Bytes::copy_from_slice(job.manifest.as_bytes()),
        hosts_refuted: summary.refuted.into_iter().map(|host| host.0).collect(),
        outputs,
        ..receipt.into()
    })
}

/// What reading every unit tells.
#[derive(Default)]
struct Summary {
    refuted: BTreeSet<HostId>,
    /// Canonical answers in order of units.
    outputs: blake3::Hasher,
}

impl Summary {
    fn add(&mut self, unit: &WorkUnit) {
        let refuted = unit.replicas.iter().filter(|r| r.verdict() == Some(Verdict::Invalid));
        self.refuted.extend(refuted.map(|replica| replica.host));
        let canonical = unit.canonical().map(|replica| &replica.state);
        if let Some(ReplicaState::Success { answer, .. }) = canonical {
            self.outputs.update(answer.as_bytes());
        }
    }
}

/// Reads page by page, so that other questions are answered in between.
async fn summary(shared: &Shared, job: JobId) -> Result<Summary, Status> {
    let (mut summary, mut from) = (Summary::default(), 0);
    loop {
        let page = shared.reader.read(move |store| store.units(job, from, PAGE_MAX));
        let page = page.await.map_err(status::desk)?;
        page.iter().for_each(|unit| summary.add(unit));
        match page.last().and_then(|unit| unit.id.index.checked_add(1)) {
            Some(next) if page.len() == PAGE_MAX => from = next,
            Some(_) | None => return Ok(summary),
        }
    }
}
