//! A hostile peer: it says that it has everything, and what it gives does not match.

use std::time::Duration;

use manyhands_core::swarm::{Geometry, PART_BYTES_MAX, Pieces};
use manyhands_proto::link::{self, Address, Endpoint};
use manyhands_proto::v1::peer_message::Kind;
use manyhands_proto::v1::peers_client::PeersClient;
use manyhands_proto::v1::{PeerHolds, PeerMessage, PeerOpen, PeerPart};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;

use super::{Bed, Failure};

/// It does not give up when others are not there yet.
const TRIES: u32 = 200;

/// Dials every peer that the origin names, and poisons it.
pub(crate) async fn run(bed: &Bed) -> Result<(), Failure> {
    let (address, key) = bed.origin()?;
    let (digest, size_bytes) = bed.blob()?;
    let geometry = Geometry::new(size_bytes)?;
    let open = PeerOpen { digest: digest.0.to_vec().into(), size_bytes };
    let identity = bed.identity();
    let mut victims = JoinSet::new();
    let (said, words) = mpsc::channel(64);
    said.send(message(Kind::Open(open.clone()))).await?;
    let channel = link::connect(&Endpoint::Pinned { address, key }, &identity).await?;
    let mut origin = PeersClient::new(channel).exchange(ReceiverStream::new(words)).await?;
    while let Some(heard) = origin.get_mut().message().await? {
        let Some(Kind::Names(names)) = heard.kind else { continue };
        for record in names.records {
            let key = manyhands_proto::identity::PublicKey::from_bytes(&record.key)?;
            let record = manyhands_proto::peer::open(record)?;
            let Some(address) = record.record().addresses().first() else { continue };
            let address: Address = address.socket_addr().into();
            let (identity, open) = (identity.clone(), open.clone());
            let victim = Endpoint::Pinned { address, key };
            victims.spawn(async move {
                for _try in 0..TRIES {
                    // Whatever comes of it: it is tried again until there is no more to spoil.
                    drop(poison(&victim, &identity, open.clone(), geometry).await);
                    sleep(Duration::from_millis(200)).await;
                }
            });
        }
    }
    while victims.join_next().await.is_some() {}
    Ok(())
}

async fn poison(
    victim: &Endpoint,
    identity: &manyhands_proto::identity::Identity,
    open: PeerOpen,
    geometry: Geometry,
) -> Result<(), Failure> {
    let channel = link::connect(victim, identity).await?;
    let (said, words) = mpsc::channel(64);
    let all = Pieces::all(geometry.pieces()).to_bytes().into();
    said.send(message(Kind::Open(open))).await?;
    said.send(message(Kind::Holds(PeerHolds { pieces: all }))).await?;
    let mut answer = PeersClient::new(channel).exchange(ReceiverStream::new(words)).await?;
    while let Some(heard) = answer.get_mut().message().await? {
        let Some(Kind::Want(want)) = heard.kind else { continue };
        let mut left_bytes = geometry.bytes_of(want.piece);
        let mut offset = 0;
        while left_bytes > 0 {
            let bytes = left_bytes.min(PART_BYTES_MAX);
            left_bytes -= bytes;
            let data = vec![0x66; usize::try_from(bytes)?].into();
            let is_last = left_bytes == 0;
            let part = PeerPart { piece: want.piece, offset, is_last, data };
            said.send(message(Kind::Part(part))).await?;
            offset += u32::try_from(bytes)?;
        }
    }
    Ok(())
}

fn message(kind: Kind) -> PeerMessage {
    PeerMessage { kind: Some(kind) }
}
