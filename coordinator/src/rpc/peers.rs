//! Large blobs in pieces.

use std::sync::Arc;

use manyhands_proto::v1;
use manyhands_swarm::{ExchangeStream, Opening};
use tonic::{Request, Response, Status, Streaming};

use super::{Shared, status};

/// The service `Peers`.
#[derive(Debug)]
pub(super) struct PeerService(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl v1::peers_server::Peers for PeerService {
    type ExchangeStream = ExchangeStream;

    async fn exchange(
        &self,
        request: Request<Streaming<v1::PeerMessage>>,
    ) -> Result<Response<ExchangeStream>, Status> {
        let Self(shared) = self;
        shared.callers.member(&request).await?;
        let Some(origin) = &shared.origin else {
            return Err(Status::unimplemented("blobs come whole from this coordinator"));
        };
        origin.admit(Opening::read(request).await?).await.map_err(status::origin)?
    }
}
