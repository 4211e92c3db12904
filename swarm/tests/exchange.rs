//! Swarms over real sockets on this machine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use manyhands_core::digest::Digest;
use manyhands_core::swarm::Geometry;
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::{self, Address, Bounds, Endpoint, Incoming};
use manyhands_proto::v1::peer_message::Kind;
use manyhands_proto::v1::peers_client::PeersClient;
use manyhands_proto::v1::{PeerHolds, PeerMessage, PeerOpen, PeerPart};
use manyhands_swarm::{Blob, FetchError, Settings, Swarm};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::{Code, Status};

/// Far more than any of this takes: only what hangs is cut off.
const PATIENCE: Duration = Duration::from_secs(120);

/// 30 pieces, the last of them short.
const SIZE: usize = 29 * 65_536 + 1_234;

fn content() -> Vec<u8> {
    (0..SIZE).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
}

fn digest() -> Digest {
    Digest::of(&content())
}

/// Hosts on this machine, with their folders.
struct Bed {
    folder: tempfile::TempDir,
    servers: JoinSet<()>,
}

struct Host {
    swarm: Swarm,
    identity: Identity,
    addr: SocketAddr,
    out: PathBuf,
}

impl Bed {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), servers: JoinSet::new() }
    }

    /// A host that serves; `is_reachable` says whether others hear of its address.
    async fn host(&mut self, number: u8, is_reachable: bool) -> Host {
        let identity = Identity::from_seed(&[number; 32]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let port = is_reachable.then_some(addr.port());
        let swarm = Swarm::new(Settings { identity: identity.clone(), port });
        let config = link::server_config(&identity).unwrap();
        let incoming = Incoming::tls(listener, config, Bounds::default());
        let server = Server::builder().add_service(swarm.service());
        self.servers.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
        Host { swarm, identity, addr, out: self.folder.path().join(format!("{number}")) }
    }

    async fn origin(&mut self) -> Host {
        let host = self.host(100, true).await;
        std::fs::write(&host.out, content()).unwrap();
        let blob = Blob::whole(&host.out, &host.out.with_extension("bao"), digest()).unwrap();
        host.swarm.deal(blob).unwrap();
        host
    }
}

impl Host {
    fn known(&self) -> (Address, PublicKey) {
        (self.addr.into(), self.identity.public_key())
    }

    fn begin(&self, origin: &Host) {
        let outboard = self.out.with_extension("bao");
        let blob = Blob::partial(&self.out, &outboard, digest(), SIZE as u64).unwrap();
        self.swarm.share(blob, &[origin.known()]).unwrap();
    }

    async fn finish(&self) {
        timeout(PATIENCE, self.swarm.whole(digest())).await.unwrap().unwrap();
        assert_eq!(std::fs::read(&self.out).unwrap(), content());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_get_a_blob_from_its_origin_and_from_each_other() {
    let mut bed = Bed::new();
    let origin = bed.origin().await;
    let mut peers = Vec::new();
    for number in 1..=4 {
        let peer = bed.host(number, number % 2 == 0).await;
        peer.begin(&origin);
        peers.push(peer);
    }
    for peer in &peers {
        peer.finish().await;
    }
    let sent = origin.swarm.status(digest()).unwrap().origin_bytes;
    assert!(sent >= SIZE as u64, "{sent}");
    // A plain download by four would be four copies.
    assert!(sent < 2 * SIZE as u64, "{sent}");
    for peer in &peers {
        peer.swarm.shut_down().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_before_is_not_fetched_again() {
    let mut bed = Bed::new();
    let origin = bed.origin().await;
    let peer = bed.host(1, true).await;
    std::fs::write(&peer.out, content()).unwrap();
    std::fs::copy(origin.out.with_extension("bao"), peer.out.with_extension("bao")).unwrap();
    let damaged = std::fs::OpenOptions::new().write(true).open(&peer.out).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&damaged, b"damage", 3 * 65_536).unwrap();
    peer.begin(&origin);
    peer.finish().await;
    // The origin deals what nobody was dealt, so only this one piece and what crosses.
    let sent = origin.swarm.status(digest()).unwrap().origin_bytes;
    assert!(sent < SIZE as u64 / 2, "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoner_is_named_and_dropped_and_its_bytes_are_not_used() {
    let mut bed = Bed::new();
    let origin = bed.origin().await;
    let peer = bed.host(1, true).await;
    let liar = Identity::from_seed(&[66; 32]);
    // The liar is the first whom the peer meets.
    let outboard = peer.out.with_extension("bao");
    let blob = Blob::partial(&peer.out, &outboard, digest(), SIZE as u64).unwrap();
    peer.swarm.share(blob, &[]).unwrap();
    timeout(PATIENCE, poison(&peer, &liar)).await.unwrap();
    assert_eq!(peer.swarm.status(digest()).unwrap().blamed, [liar.public_key()]);
    peer.swarm.leave(digest());
    peer.begin(&origin);
    peer.finish().await;
}

/// Offers everything, and answers the first wish with bytes of its own, until it is cut off.
async fn poison(victim: &Host, liar: &Identity) {
    let (address, key) = victim.known();
    let channel = link::connect(&Endpoint::Pinned { address, key }, liar).await.unwrap();
    let (said, words) = mpsc::channel(64);
    // Whoever has cut the stream off hears no more.
    let say = async |kind| drop(said.send(PeerMessage { kind: Some(kind) }).await);
    let digest = digest().0.to_vec().into();
    say(Kind::Open(PeerOpen { digest, size_bytes: SIZE as u64, port: 0 })).await;
    let pieces = Geometry::new(SIZE as u64).unwrap().pieces();
    let all = manyhands_core::swarm::Pieces::all(pieces).to_bytes();
    say(Kind::Holds(PeerHolds { pieces: all.into() })).await;
    let mut client = PeersClient::new(channel);
    let mut answer = client.exchange(ReceiverStream::new(words)).await.unwrap().into_inner();
    while let Ok(Some(heard)) = answer.message().await {
        if let Some(Kind::Want(want)) = heard.kind {
            let data = vec![0x66; 65_536].into();
            let part = PeerPart { piece: want.piece, offset: 0, is_last: true, data };
            say(Kind::Part(part)).await;
        }
    }
}

async fn refusal(host: &Host, first: Option<Kind>) -> Status {
    let (address, key) = host.known();
    let stranger = Identity::from_seed(&[50; 32]);
    let channel = link::connect(&Endpoint::Pinned { address, key }, &stranger).await.unwrap();
    let words: Vec<PeerMessage> =
        first.into_iter().map(|kind| PeerMessage { kind: Some(kind) }).collect();
    let mut client = PeersClient::new(channel);
    client.exchange(tokio_stream::iter(words)).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_does_not_open_a_blob_that_is_here_is_refused() {
    let mut bed = Bed::new();
    let origin = bed.origin().await;
    let open = PeerOpen { digest: digest().0.to_vec().into(), size_bytes: SIZE as u64, port: 0 };
    let check = async |first: Option<Kind>, code: Code| {
        let refusal = refusal(&origin, first).await;
        assert_eq!(refusal.code(), code, "{refusal}");
    };
    check(None, Code::InvalidArgument).await;
    check(Some(Kind::Cancel(1)), Code::InvalidArgument).await;
    let short = PeerOpen { digest: vec![1; 31].into(), ..open.clone() };
    check(Some(Kind::Open(short)), Code::InvalidArgument).await;
    let other = PeerOpen { digest: vec![1; 32].into(), ..open.clone() };
    check(Some(Kind::Open(other)), Code::NotFound).await;
    let larger = PeerOpen { size_bytes: SIZE as u64 + 1, ..open };
    check(Some(Kind::Open(larger)), Code::NotFound).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_in_the_swarm_once() {
    let mut bed = Bed::new();
    let origin = bed.origin().await;
    let blob = Blob::whole(&origin.out, &origin.out.with_extension("bao"), digest()).unwrap();
    assert!(matches!(origin.swarm.deal(blob), Err(FetchError::Twice(twice)) if twice == digest()));
    origin.swarm.leave(digest());
    assert!(matches!(origin.swarm.whole(digest()).await, Err(FetchError::Left(_))));
}
