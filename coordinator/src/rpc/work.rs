//! The volunteer's calls.

mod claims;
mod forgetting;
mod hello;
mod leases;
mod reports;
mod session;
mod wishes;

use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::Stream;
use manyhands_core::block::Block;
use manyhands_core::command::{Command, Enrol};
use manyhands_core::digest::Digest;
use manyhands_core::reply::Reply;
use manyhands_core::requirement::Capabilities;
use manyhands_proto::convert::WireError;
use manyhands_proto::link;
use manyhands_proto::v1;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::callers::engine_key;
use super::{Shared, status};

/// Messages to a worker that may wait to be sent.
const OUTBOUND_MAX: usize = 16;

/// The service `Work`.
#[derive(Debug)]
pub(super) struct Work(pub(super) Arc<Shared>);

impl Work {
    /// The public block from which a call comes. The rest of the address is not kept.
    fn block<T>(&self, request: &Request<T>) -> Result<Option<Block>, Status> {
        Ok(self.0.config.block(link::peer(request)?.addr.ip()))
    }
}

#[tonic::async_trait]
impl v1::work_server::Work for Work {
    async fn enrol(
        &self,
        request: Request<v1::EnrolRequest>,
    ) -> Result<Response<v1::EnrolReply>, Status> {
        let key = engine_key(self.0.callers.key(&request)?);
        let block = self.block(&request)?;
        let v1::EnrolRequest { token, nickname, capabilities } = request.into_inner();
        let token = (!token.is_empty()).then(|| Digest::of(token.as_bytes()));
        let capabilities = offered(capabilities)?
            .ok_or_else(|| Status::invalid_argument("capabilities: is missing"))?;
        let enrol = Enrol { key, nickname, block, capabilities, token };
        match self.0.desk.ask(Command::Enrol(enrol)).await.map_err(status::desk)? {
            Reply::Enrolled { host, volunteer } => {
                Ok(Response::new(v1::EnrolReply { host: host.0, volunteer: volunteer.0 }))
            }
            Reply::Refused(refusal) => Err(status::refused(&refusal)),
            _ => Err(status::confused()),
        }
    }

    async fn kept(
        &self,
        request: Request<v1::KeptRequest>,
    ) -> Result<Response<v1::KeptReply>, Status> {
        let key = self.0.callers.key(&request)?;
        forgetting::kept(&self.0, key).await.map(Response::new)
    }

    async fn forget(
        &self,
        request: Request<v1::ForgetRequest>,
    ) -> Result<Response<v1::ForgetReply>, Status> {
        let key = self.0.callers.key(&request)?;
        forgetting::forget(&self.0, key).await.map(Response::new)
    }

    type AttachStream = Pin<Box<dyn Stream<Item = Result<v1::CoordinatorMessage, Status>> + Send>>;

    async fn attach(
        &self,
        request: Request<Streaming<v1::WorkerMessage>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        let key = self.0.callers.key(&request)?;
        let block = self.block(&request)?;
        let (outbound, messages) = mpsc::channel(OUTBOUND_MAX);
        let shared = Arc::clone(&self.0);
        let inbound = request.into_inner();
        self.0.tasks.spawn(async move {
            if let Err(status) =
                session::serve(shared, (key, block), inbound, outbound.clone()).await
            {
                // A worker that is gone needs no reason.
                drop(outbound.send(Err(status)).await);
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(messages))))
    }
}

/// What a host says it has, if it says.
fn offered(capabilities: Option<v1::Capabilities>) -> Result<Option<Capabilities>, Status> {
    let offered = capabilities.map(Capabilities::try_from).transpose();
    offered.map_err(|error: WireError| Status::invalid_argument(format!("capabilities.{error}")))
}
