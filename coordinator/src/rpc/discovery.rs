//! Where hosts take calls: they say so, and are dialled back.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use manyhands_proto::{link, peer, v1};
use tonic::{Request, Response, Status};

use super::Shared;

/// The services `Tracker` and `Whereabouts`.
#[derive(Clone, Debug)]
pub(super) struct Discovery(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl v1::tracker_server::Tracker for Discovery {
    async fn register(
        &self,
        request: Request<v1::RegisterRequest>,
    ) -> Result<Response<v1::RegisterReply>, Status> {
        let Self(shared) = self;
        let caller = shared.callers.member(&request).await?;
        let from = link::peer(&request)?.addr.ip().to_canonical();
        let record = match request.into_inner().record {
            None => None,
            Some(record) => {
                let bad = |error: peer::RecordError| Status::invalid_argument(error.to_string());
                let heard = peer::open(record).map_err(bad)?;
                Some(shared.peers.register(&shared.identity, caller, heard, from).await?.into())
            }
        };
        let coordinators = shared.coordinators();
        let coordinators = coordinators.map(Into::into);
        Ok(Response::new(v1::RegisterReply { record, ip: octets(from), coordinators }))
    }
}

#[tonic::async_trait]
impl v1::whereabouts_server::Whereabouts for Discovery {
    /// As its hosts are told, for scientists, who have no stream to it.
    async fn coordinators(
        &self,
        request: Request<v1::CoordinatorsRequest>,
    ) -> Result<Response<v1::CoordinatorsReply>, Status> {
        let Self(shared) = self;
        shared.callers.member(&request).await?;
        let v1::CoordinatorsRequest { project, seq } = request.into_inner();
        let record = shared.coordinators().filter(|known| {
            let is_meant = project.is_empty() || project == known.record.project().0.as_slice();
            is_meant && known.record.seq() > seq
        });
        Ok(Response::new(v1::CoordinatorsReply { record: record.map(Into::into) }))
    }
}

fn octets(ip: IpAddr) -> Bytes {
    match ip {
        IpAddr::V4(ip) => Bytes::copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => Bytes::copy_from_slice(&ip.octets()),
    }
}
