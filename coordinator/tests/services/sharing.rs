//! Large blobs in pieces: the coordinator is their origin.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use manyhands_core::digest::Digest;
use manyhands_core::key::Key;
use manyhands_core::peer::Table;
use manyhands_proto::identity::Identity;
use manyhands_proto::link::Endpoint;
use manyhands_proto::v1;
use manyhands_proto::v1::peer_message::Kind;
use manyhands_proto::v1::peers_client::PeersClient;
use manyhands_swarm::{Blob, Known, Pace, Settings, Swarm};
use tonic::{Code, Status};

use crate::grid::{Grid, digest_bytes, fresh_identity};

const SIZE: usize = 300_000;

fn content() -> Vec<u8> {
    (0..SIZE).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
}

fn key(identity: &Identity) -> Key {
    Key(*identity.public_key().as_bytes())
}

/// A swarm of a host that trusts the grid's coordinator.
async fn swarm(grid: &Grid, identity: &Identity) -> Swarm {
    let project = key(&grid.operator().await.identity);
    let mut table = Table::new(key(identity), project);
    table.set_coordinators(BTreeSet::from([project]));
    Swarm::new(Settings {
        identity: identity.clone(),
        known: Known::Table(Arc::new(Mutex::new(table))),
        is_near_only: true,
        pace: Arc::new(Pace::new(None)),
    })
}

/// Asks for a blob in pieces; what the coordinator refuses with.
async fn refusal(grid: &Grid, identity: &Identity, digest: Digest, size_bytes: u64) -> Status {
    let mut peers = PeersClient::new(grid.connect(identity).await);
    let open = v1::PeerOpen { digest: digest_bytes(digest), size_bytes };
    let first = v1::PeerMessage { kind: Some(Kind::Open(open)) };
    peers.exchange(tokio_stream::once(first)).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolled_host_gets_a_blob_in_pieces() {
    let grid = Grid::start().await;
    let digest = grid.scientist().await.put(&content()).await.unwrap();
    let host = grid.host().await;
    let swarm = swarm(&grid, &host.person.identity).await;
    let dir = tempfile::tempdir().unwrap();
    let (out, outboard) = (dir.path().join("out"), dir.path().join("outboard"));
    let Endpoint::Pinned { address, key } = grid.invite.endpoint().clone() else { panic!("TLS") };
    // Twice: the second time the coordinator has what proves the pieces, and deals them from there.
    for _time in 0..2 {
        drop(std::fs::remove_file(&out));
        let blob = Blob::partial(&out, &outboard, digest, SIZE as u64).unwrap();
        swarm.share(blob, &[(address.clone(), key)]).unwrap();
        swarm.whole(digest).await.unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), content());
        swarm.leave(digest);
    }
    // Whoever stops does not wait for those who are linked to it.
    let blob = Blob::partial(&out, &outboard, digest, SIZE as u64).unwrap();
    swarm.share(blob, &[(address, key)]).unwrap();
    grid.stop().await;
}

#[tokio::test]
async fn what_is_not_for_the_caller_or_not_here_is_refused_by_name() {
    let grid = Grid::start().await;
    let digest = grid.scientist().await.put(&content()).await.unwrap();
    let host = grid.host().await;
    let own = &host.person.identity;
    let stranger = refusal(&grid, &fresh_identity(), digest, SIZE as u64).await;
    assert_eq!(stranger.code(), Code::PermissionDenied);
    let unknown = refusal(&grid, own, Digest::of(b"another"), SIZE as u64).await;
    assert_eq!(unknown.code(), Code::NotFound);
    let larger = refusal(&grid, own, digest, SIZE as u64 + 1).await;
    assert_eq!(larger.code(), Code::NotFound);
    let small = refusal(&grid, own, digest, 65_536).await;
    assert_eq!(small.code(), Code::InvalidArgument);
    assert!(small.message().contains("comes whole"), "{small}");
    grid.stop().await;
}

#[tokio::test]
async fn a_coordinator_that_shares_nothing_says_so() {
    let grid = Grid::with(|config| config.peers.share = false).await;
    let host = grid.host().await;
    let refused = refusal(&grid, &host.person.identity, Digest::of(b"any"), SIZE as u64).await;
    assert_eq!(refused.code(), Code::Unimplemented);
    grid.stop().await;
}
