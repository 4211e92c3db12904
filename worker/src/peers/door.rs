//! Where other workers dial this one, and what they get.
//!
//! Who calls is known by key, but no list says who belongs to the project. None is needed: a blob is had only by who knows
//! its digest, which is told with a lease or a job; and nothing but blobs of the cache can be had here.

use std::sync::Arc;

use manyhands_core::digest::Digest;
use manyhands_core::peer::Reach;
use manyhands_core::swarm::WHOLE_BYTES_MAX;
use manyhands_proto::link::{Bounds, Incoming, server_config};
use manyhands_proto::v1::PeerMessage;
use manyhands_proto::v1::peers_server::{Peers, PeersServer};
use manyhands_swarm::{ExchangeStream, MESSAGE_BYTES_MAX, Opening};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

use super::{Shared, chosen, whereabouts};
use crate::cache::Cache;
use crate::config::Mode;

/// What strangers may cost this machine.
const BOUNDS: Bounds = Bounds {
    handshakes_max: 16,
    handshake_max: std::time::Duration::from_secs(10),
    connections_max: 256,
};

/// Blobs that one caller asks for at once, over one link.
const STREAMS_MAX: u32 = 64;

/// How often a silent link is asked for a sign of life, and how long that may take.
const SIGN_OF_LIFE: std::time::Duration = std::time::Duration::from_secs(20);

struct Door {
    shared: Arc<Shared>,
    cache: Cache,
    /// Blobs of the cache are looked at one after the other.
    turn: Mutex<()>,
}

/// Serves until it is dropped.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener, cache: Cache) {
    let config = match server_config(&shared.identity) {
        Ok(config) => config,
        Err(error) => return tracing::warn!(%error, "other workers cannot dial this one"),
    };
    let incoming = Incoming::tls(listener, config, BOUNDS);
    let whereabouts = whereabouts::service(Arc::clone(&shared));
    let chosen = chosen::service(Arc::clone(&shared));
    let door = Door { shared, cache, turn: Mutex::new(()) };
    let service = PeersServer::new(door).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let server = Server::builder()
        .max_concurrent_streams(STREAMS_MAX)
        .http2_keepalive_interval(Some(SIGN_OF_LIFE))
        .http2_keepalive_timeout(Some(SIGN_OF_LIFE))
        .add_service(service)
        .add_service(whereabouts)
        .add_service(chosen);
    if let Err(error) = server.serve_with_incoming(incoming).await {
        tracing::warn!(%error, "other workers can no longer dial this one");
    }
}

impl Door {
    /// Begins to share a blob of the cache, if it is there.
    async fn offer(&self, digest: Digest) -> Result<(), Status> {
        let swarm = &self.shared.swarm;
        if swarm.status(digest).is_some() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        if swarm.status(digest).is_some() {
            return Ok(());
        }
        let missing = || Status::not_found(format!("{digest} is not here"));
        let blob = self.cache.in_pieces(digest).await.map_err(|error| {
            tracing::warn!(%digest, %error, "cannot share a blob");
            missing()
        })?;
        let (_pin, blob) = blob.ok_or_else(missing)?;
        // Whoever dials knows of an origin, or needs none.
        swarm.share(blob, &[]).map_err(|error| Status::resource_exhausted(error.to_string()))
    }
}

#[tonic::async_trait]
impl Peers for Door {
    type ExchangeStream = ExchangeStream;

    async fn exchange(
        &self,
        request: Request<Streaming<PeerMessage>>,
    ) -> Result<Response<ExchangeStream>, Status> {
        let opening = Opening::read(request).await?;
        let is_outside = opening.reach() == Reach::World;
        if is_outside && self.shared.sharing.mode != Mode::Full {
            // Before anything is read for it.
            let refusal = "this worker shares with its own network only";
            return Err(Status::permission_denied(refusal));
        }
        if opening.size_bytes() > WHOLE_BYTES_MAX {
            self.offer(opening.digest()).await?;
        }
        self.shared.swarm.admit(opening).await
    }
}
