//! Where hosts take calls: they say so, and are dialled back.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use manyhands_proto::{link, peer, v1};
use tonic::{Request, Response, Status};

use super::Shared;

/// The service `Tracker`.
#[derive(Debug)]
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

fn octets(ip: IpAddr) -> Bytes {
    match ip {
        IpAddr::V4(ip) => Bytes::copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => Bytes::copy_from_slice(&ip.octets()),
    }
}
