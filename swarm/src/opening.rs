//! A stream that somebody opened to this host, up to its first message: which blob it is about.

use std::net::IpAddr;
use std::time::Duration;

use manyhands_core::digest::Digest;
use manyhands_core::peer::Reach;
use manyhands_proto::identity::PublicKey;
use manyhands_proto::link;
use manyhands_proto::v1::PeerMessage;
use tokio::time::timeout;
use tonic::{Request, Status, Streaming};

use crate::wire::{self, Open};

/// Longest wait for the first message of a stream.
const OPEN_MAX: Duration = Duration::from_secs(10);

/// What the shell looks at before [`Swarm::admit`](crate::Swarm::admit): it may have the blob, and not share it yet.
#[derive(Debug)]
pub struct Opening {
    pub(crate) key: PublicKey,
    pub(crate) ip: IpAddr,
    pub(crate) open: Open,
    pub(crate) incoming: Streaming<PeerMessage>,
}

impl Opening {
    /// Waits for the first message, ten seconds at most.
    ///
    /// # Errors
    /// The answer to a caller who does not say who it is, or what it wants.
    pub async fn read(request: Request<Streaming<PeerMessage>>) -> Result<Self, Status> {
        let caller = link::peer(&request)?;
        let key = caller.require_key()?;
        let mut incoming = request.into_inner();
        let late =
            |_late| Status::deadline_exceeded("say `open` within ten seconds of opening a stream");
        let first = timeout(OPEN_MAX, incoming.message()).await.map_err(late)??;
        let first = first.ok_or_else(|| Status::invalid_argument("say `open` first"))?;
        let invalid = |error: wire::WireError| Status::invalid_argument(error.to_string());
        let open = wire::opened(first).map_err(invalid)?;
        Ok(Self { key, ip: caller.addr.ip(), open, incoming })
    }

    /// Who opened it, as the link has proved.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// How far away it comes from.
    #[must_use]
    pub fn reach(&self) -> Reach {
        Reach::of_link(self.ip)
    }

    /// Which blob it is about.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.open.digest
    }

    /// How large that blob is, by the caller's word.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.open.geometry.size_bytes()
    }
}
