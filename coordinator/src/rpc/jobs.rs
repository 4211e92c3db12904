//! The scientist's calls.

mod outputs;
mod receipt;
mod submit;
mod view;
mod watch;

use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::Stream;
use manyhands_core::command::{Admit, Cancel, Command};
use manyhands_core::digest::Digest;
use manyhands_core::id::JobId;
use manyhands_core::job::Job;
use manyhands_core::query::{Answer, Query, Subject};
use manyhands_core::reply::Reply;
use manyhands_proto::v1;
use tonic::{Request, Response, Status};

use super::admin::page;
use super::callers::engine_key;
use super::{Shared, status};
pub(crate) use submit::named;

/// The service `Jobs`.
#[derive(Debug)]
pub(super) struct Jobs(pub(super) Arc<Shared>);

type Replies<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl v1::jobs_server::Jobs for Jobs {
    async fn join(
        &self,
        request: Request<v1::JoinRequest>,
    ) -> Result<Response<v1::JoinReply>, Status> {
        let key = self.0.callers.key(&request)?;
        let token = Digest::of(request.into_inner().token.as_bytes());
        // The wire has no name for scientists yet: the key's first letters tell them apart.
        let name = key.to_string().chars().take(8).collect();
        let admit = Admit { key: engine_key(key), name, token };
        match self.0.desk.ask(Command::Admit(admit)).await.map_err(status::desk)? {
            Reply::Admitted => Ok(Response::new(v1::JoinReply {})),
            Reply::Refused(refusal) => Err(status::refused(&refusal)),
            _ => Err(status::confused()),
        }
    }

    async fn submit(
        &self,
        request: Request<v1::SubmitRequest>,
    ) -> Result<Response<v1::SubmitReply>, Status> {
        let key = self.0.callers.member(&request).await?;
        submit::submit(&self.0, key, request.into_inner()).await.map(Response::new)
    }

    async fn list(
        &self,
        request: Request<v1::ListJobsRequest>,
    ) -> Result<Response<v1::ListJobsReply>, Status> {
        self.0.callers.member(&request).await?;
        let v1::ListJobsRequest { before, limit } = request.into_inner();
        let before = (before > 0).then_some(JobId(before));
        let query = Query::Jobs { submitter: None, before, limit: page(limit) };
        match self.0.reader.ask(query).await.map_err(status::desk)? {
            Answer::Jobs(found) => {
                let mut jobs = Vec::with_capacity(found.len());
                for job in found {
                    let disputes = view::disputes(&self.0, &job).await?;
                    jobs.push(v1::Job { disputes, ..job.into() });
                }
                Ok(Response::new(v1::ListJobsReply { jobs }))
            }
            Answer::Refused(refusal) => Err(status::refused(&refusal)),
            _ => Err(status::confused()),
        }
    }

    async fn get(&self, request: Request<v1::GetJobRequest>) -> Result<Response<v1::Job>, Status> {
        self.0.callers.member(&request).await?;
        let job = job(&self.0, JobId(request.into_inner().job)).await?;
        let disputes = view::disputes(&self.0, &job).await?;
        let message = view::message(&self.0, job).await?;
        Ok(Response::new(v1::Job { disputes, ..message }))
    }

    type WatchStream = Replies<v1::Job>;

    async fn watch(
        &self,
        request: Request<v1::GetJobRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.0.callers.member(&request).await?;
        let id = JobId(request.into_inner().job);
        let changes = self.0.hub.watch(id);
        job(&self.0, id).await?;
        Ok(Response::new(Box::pin(watch::stream(Arc::clone(&self.0), id, changes))))
    }

    type OutputsStream = Replies<v1::UnitOutputs>;

    async fn outputs(
        &self,
        request: Request<v1::OutputsRequest>,
    ) -> Result<Response<Self::OutputsStream>, Status> {
        let key = self.0.callers.member(&request).await?;
        let v1::OutputsRequest { job: id, from } = request.into_inner();
        let job = job(&self.0, JobId(id)).await?;
        if job.submitter != engine_key(key) && !self.0.callers.is_operator(key) {
            let refused = "the outputs of a job are for those who submitted it";
            return Err(Status::permission_denied(refused));
        }
        Ok(Response::new(Box::pin(outputs::stream(Arc::clone(&self.0), job.id, from))))
    }

    async fn cancel(
        &self,
        request: Request<v1::CancelRequest>,
    ) -> Result<Response<v1::Job>, Status> {
        let key = self.0.callers.key(&request)?;
        let id = JobId(request.into_inner().job);
        let found = job(&self.0, id).await?;
        // The operator may stop anything that runs on the grid, in the submitter's name.
        let is_operator = self.0.callers.is_operator(key);
        let by = if is_operator { found.submitter } else { engine_key(key) };
        let cancel = Command::Cancel(Cancel { job: id, by });
        match self.0.desk.ask(cancel).await.map_err(status::desk)? {
            Reply::Cancelling { .. } => {
                let job = job(&self.0, id).await?;
                view::message(&self.0, job).await.map(Response::new)
            }
            Reply::Refused(refusal) => Err(status::refused(&refusal)),
            _ => Err(status::confused()),
        }
    }

    async fn why(
        &self,
        request: Request<v1::WhyRequest>,
    ) -> Result<Response<v1::WhyReply>, Status> {
        self.0.callers.member(&request).await?;
        let subject = Subject::try_from(request.into_inner()).map_err(status::wire)?;
        match self.0.reader.ask(Query::Why(subject)).await.map_err(status::desk)? {
            Answer::Why(sentence) => Ok(Response::new(v1::WhyReply { sentence })),
            Answer::Refused(refusal) => Err(status::refused(&refusal)),
            _ => Err(status::confused()),
        }
    }

    type ReceiptStream = Replies<v1::DocumentChunk>;

    async fn receipt(
        &self,
        request: Request<v1::GetJobRequest>,
    ) -> Result<Response<Self::ReceiptStream>, Status> {
        self.0.callers.member(&request).await?;
        let job = job(&self.0, JobId(request.into_inner().job)).await?;
        Ok(Response::new(Box::pin(receipt::stream(Arc::clone(&self.0), job.id))))
    }
}

/// A job's row.
async fn job(shared: &Shared, id: JobId) -> Result<Job, Status> {
    match shared.reader.ask(Query::Job(id)).await.map_err(status::desk)? {
        Answer::Job(job) => Ok(*job),
        Answer::Refused(refusal) => Err(status::refused(&refusal)),
        _ => Err(status::confused()),
    }
}
