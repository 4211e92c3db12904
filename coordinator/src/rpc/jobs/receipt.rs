//! What stands behind a job's outputs, as a signed document.
//!
//! It takes reading every unit. That is done page by page on the reader's thread, so that commands
//! never wait for it and other questions are answered in between; memory is needed for hosts only.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream, TryStreamExt as _};
use manyhands_core::host::Host;
use manyhands_core::id::{HostId, JobId};
use manyhands_core::job::Job;
use manyhands_core::limits::{PAGE_MAX, VOUCHERS_MAX};
use manyhands_core::query::{Answer, Disputes, Query, Survey, Voice};
use manyhands_core::store::{Store as _, StoreError};
use manyhands_proto::document::receipt::Receipt;
use manyhands_proto::v1;
use tonic::Status;

use super::job;
use crate::clock;
use crate::rpc::{Shared, status};

/// Bytes in one message.
const CHUNK_BYTES: usize = 256 * 1024;

/// Tries to read a job that has ended without units being opened again meanwhile.
const TRIES_MAX: usize = 3;

/// The receipt's bytes in chunks; the first comes when all units were read.
pub(super) fn stream(
    shared: Arc<Shared>,
    id: JobId,
) -> impl Stream<Item = Result<v1::DocumentChunk, Status>> {
    let document = async move { document(&shared, id).await.map(chunks) };
    stream::once(document).try_flatten()
}

fn chunks(document: Bytes) -> impl Stream<Item = Result<v1::DocumentChunk, Status>> {
    let starts = (0..document.len()).step_by(CHUNK_BYTES);
    stream::iter(starts.map(move |start| {
        let end = document.len().min(start + CHUNK_BYTES);
        Ok(v1::DocumentChunk { data: document.slice(start..end) })
    }))
}

async fn document(shared: &Shared, id: JobId) -> Result<Bytes, Status> {
    for _ in 0..TRIES_MAX {
        let before = job(shared, id).await?;
        let survey = survey(shared, &before).await?;
        let hosts = hosts(shared, &survey).await?;
        let summary = summary(shared, id).await?;
        // A job that goes on may move at any time, and its receipt says so. One that has ended must not.
        if before.is_ended() && job(shared, id).await? != before {
            continue;
        }
        let receipt = Receipt::new(&before, &survey, &hosts, summary, clock::now());
        let signed = receipt.sign(&shared.identity);
        return signed.map(Bytes::from).map_err(|error| Status::internal(error.to_string()));
    }
    Err(Status::unavailable("units of this job are being opened again: ask again in a while"))
}

async fn summary(shared: &Shared, id: JobId) -> Result<String, Status> {
    match shared.reader.ask(Query::Receipt(id)).await.map_err(status::desk)? {
        Answer::Receipt(receipt) => Ok(receipt.to_string()),
        Answer::Refused(refusal) => Err(status::refused(&refusal)),
        _ => Err(status::confused()),
    }
}

async fn survey(shared: &Shared, job: &Job) -> Result<Survey, Status> {
    let (id, mut survey, mut from) = (job.id, Survey::new(job.units_total), 0);
    loop {
        let page = shared.reader.read(move |store| {
            let page = store.units(id, from, PAGE_MAX)?;
            page.iter().for_each(|unit| survey.add(unit));
            let last = page.last().filter(|_| page.len() == PAGE_MAX);
            Ok((survey, last.and_then(|unit| unit.id.index.checked_add(1))))
        });
        let (read, next) = page.await.map_err(status::desk)?;
        survey = read;
        match next {
            Some(next) => from = next,
            None => break,
        }
    }
    let disputes = shared.reader.read(move |store| Disputes::of(store, id)).await;
    Ok(Survey { disputes: disputes.map_err(status::desk)?, ..survey })
}

/// The first hosts of the survey, as they are now.
async fn hosts(shared: &Shared, survey: &Survey) -> Result<Vec<(Host, Voice)>, Status> {
    let named: Vec<(HostId, Voice)> =
        survey.voices.iter().take(VOUCHERS_MAX).map(|(id, voice)| (*id, *voice)).collect();
    let mut hosts = Vec::with_capacity(named.len());
    for page in named.chunks(PAGE_MAX) {
        let page = page.to_vec();
        let found = shared.reader.read(move |store| {
            let host = |(id, voice): (HostId, Voice)| match store.host(id)? {
                Some(host) => Ok((host, voice)),
                None => Err(StoreError::Missing { what: format!("host {id}") }),
            };
            page.into_iter().map(host).collect::<Result<Vec<_>, _>>()
        });
        hosts.extend(found.await.map_err(status::desk)?);
    }
    Ok(hosts)
}
