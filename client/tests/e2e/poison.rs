//! A hostile peer: it says that it has every blob, and what it gives does not match.

use std::pin::Pin;

use manyhands_core::swarm::{Geometry, Pieces};
use manyhands_proto::identity::Identity;
use manyhands_proto::link::{Bounds, Incoming, server_config};
use manyhands_proto::v1::peer_message::Kind;
use manyhands_proto::v1::peers_server::{Peers, PeersServer};
use manyhands_proto::v1::{PeerHolds, PeerMessage, PeerPart};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// Serves until it is dropped.
pub(crate) struct Poisoner {
    pub(crate) key: String,
    pub(crate) address: String,
    _runtime: Runtime,
}

impl Poisoner {
    pub(crate) fn start() -> Self {
        let identity = Identity::from_seed(&[66; 32]);
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let config = server_config(&identity).unwrap();
        runtime.spawn(async move {
            let incoming = Incoming::tls(listener, config, Bounds::default());
            let server = Server::builder().add_service(PeersServer::new(Poison));
            server.serve_with_incoming(incoming).await.unwrap();
        });
        Self { key: identity.public_key().to_string(), address, _runtime: runtime }
    }
}

struct Poison;

#[tonic::async_trait]
impl Peers for Poison {
    type ExchangeStream = Pin<Box<dyn Stream<Item = Result<PeerMessage, Status>> + Send>>;

    async fn exchange(
        &self,
        request: Request<Streaming<PeerMessage>>,
    ) -> Result<Response<Self::ExchangeStream>, Status> {
        let mut heard = request.into_inner();
        let Some(Kind::Open(open)) = heard.message().await?.and_then(|first| first.kind) else {
            return Err(Status::invalid_argument("say what you want"));
        };
        let pieces = Geometry::new(open.size_bytes).unwrap().pieces();
        let (say, said) = mpsc::channel(64);
        let all = PeerHolds { pieces: Pieces::all(pieces).to_bytes().into() };
        say.try_send(message(Kind::Holds(all))).unwrap();
        let answers = heard.filter_map(|heard| match heard.ok()?.kind? {
            Kind::Want(want) => {
                let data = vec![0x66; 65_536].into();
                let part = PeerPart { piece: want.piece, offset: 0, is_last: true, data };
                Some(Ok(message(Kind::Part(part))))
            }
            _ => None,
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(said).map(Ok).merge(answers))))
    }
}

fn message(kind: Kind) -> PeerMessage {
    PeerMessage { kind: Some(kind) }
}
