//! Swarms over real sockets on this machine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use manyhands_core::digest::Digest;
use manyhands_core::key::Key;
use manyhands_core::peer::table::Why;
use manyhands_core::peer::{
    Name, PeerAddress, Record, SignedRecord, Source, Subnet, Table, Tracker, Visit,
};
use manyhands_core::swarm::Geometry;
use manyhands_core::time::{Span, Timestamp};
use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::link::{self, Address, Bounds, Endpoint, Incoming};
use manyhands_proto::peer;
use manyhands_proto::v1::peer_message::Kind;
use manyhands_proto::v1::peers_client::PeersClient;
use manyhands_proto::v1::{PeerHolds, PeerMessage, PeerNames, PeerOpen, PeerPart, PeerRecord};
use manyhands_swarm::{Blob, FetchError, Known, Pace, Settings, Swarm};
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

/// The number of the host that has the blob first; its key is the project's.
const ORIGIN: u8 = 100;

fn identity(number: u8) -> Identity {
    Identity::from_seed(&[number; 32])
}

fn key(number: u8) -> Key {
    Key(*identity(number).public_key().as_bytes())
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "records end by the clock of the world")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(u64::try_from(now.as_millis()).unwrap())
}

/// Hosts on this machine, with their folders, and what the origin knows of them.
struct Bed {
    folder: tempfile::TempDir,
    servers: JoinSet<()>,
    tracker: Arc<Mutex<Tracker>>,
}

struct Host {
    swarm: Swarm,
    identity: Identity,
    table: Arc<Mutex<Table>>,
    addr: SocketAddr,
    out: PathBuf,
}

impl Bed {
    fn new() -> Self {
        let tracker = Tracker::new(key(ORIGIN), key(ORIGIN), 100, 100);
        let tracker = Arc::new(Mutex::new(tracker));
        Self { folder: tempfile::tempdir().unwrap(), servers: JoinSet::new(), tracker }
    }

    /// A host that serves; `is_reachable` says whether others hear of its address.
    async fn host(&mut self, number: u8, is_reachable: bool) -> Host {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        if is_reachable {
            self.register(number, addr);
        }
        let mut table = Table::new(key(number), key(ORIGIN));
        table.set_coordinators(BTreeSet::from([key(ORIGIN)]));
        let table = Arc::new(Mutex::new(table));
        let known = match number {
            ORIGIN => Known::Tracker(Arc::clone(&self.tracker)),
            _ => Known::Table(Arc::clone(&table)),
        };
        let identity = identity(number);
        let swarm = Swarm::new(Settings {
            identity: identity.clone(),
            known,
            is_near_only: true,
            pace: Arc::new(Pace::new(None)),
        });
        let config = link::server_config(&identity).unwrap();
        let incoming = Incoming::tls(listener, config, Bounds::default());
        let server = Server::builder().add_service(swarm.service());
        self.servers.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
        Host { swarm, identity, table, addr, out: self.folder.path().join(format!("{number}")) }
    }

    /// The host says where it is, and the origin has been there.
    fn register(&self, number: u8, addr: SocketAddr) {
        let address = PeerAddress::new(addr.ip(), addr.port()).unwrap();
        let end = now().plus(Span::hours(1));
        let record = Record::new(key(ORIGIN), key(number), vec![address], 1, end).unwrap();
        let record = peer::sign(&identity(number), record).unwrap();
        let mut tracker = self.tracker.lock().unwrap();
        tracker.register(&key(number), record, addr.ip(), now()).unwrap();
        let name = Name { key: key(number), reach: address.reach() };
        let visit = Visit { project: key(ORIGIN), key: name.key, address, seen_at: now() };
        tracker.witness(&name, peer::witness(&identity(ORIGIN), &visit), now());
    }

    async fn origin(&mut self) -> Host {
        let host = self.host(ORIGIN, true).await;
        std::fs::write(&host.out, content()).unwrap();
        let blob = Blob::whole(&host.out, &host.out.with_extension("bao"), digest()).unwrap();
        host.swarm.deal(blob, SIZE as u64 * 17 / 16).unwrap();
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

    /// The other one announces itself on the network that both are in.
    fn sights(&self, other: &Self) {
        let address = PeerAddress::new(other.addr.ip(), other.addr.port()).unwrap();
        let key = Key(*other.identity.public_key().as_bytes());
        self.table.lock().unwrap().sight(key, address, now()).unwrap();
    }

    /// The coordinator has named the other one, which is registered.
    fn hears_of(&self, bed: &Bed, other: &Self) {
        let reach = PeerAddress::new(other.addr.ip(), other.addr.port()).unwrap().reach();
        let name = Name { key: Key(*other.identity.public_key().as_bytes()), reach };
        let record = bed.tracker.lock().unwrap().record(&name).unwrap().clone();
        self.table.lock().unwrap().hear(record, Source::Coordinator, reach, now()).unwrap();
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

/// Whoever knows somebody on its own network asks there first, and the origin sends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_host_nearby_has_does_not_come_from_the_origin() {
    let mut bed = Bed::new();
    let origin = bed.origin().await;
    let first = bed.host(1, false).await;
    first.begin(&origin);
    first.finish().await;
    let sent = origin.swarm.status(digest()).unwrap().origin_bytes;
    let second = bed.host(2, false).await;
    second.sights(&first);
    second.begin(&origin);
    second.finish().await;
    assert_eq!(origin.swarm.status(digest()).unwrap().origin_bytes, sent);
    let dealings = second.swarm.dealings();
    let from_first = &dealings[&first.identity.public_key()];
    assert!(from_first.received_bytes >= SIZE as u64, "{from_first:?}");
    assert!(!dealings.contains_key(&origin.identity.public_key()));
}

/// Nobody nearby has it: the origin is asked soon.
#[tokio::test(flavor = "multi_thread")]
async fn who_finds_nothing_nearby_turns_to_the_origin() {
    let mut bed = Bed::new();
    let origin = bed.origin().await;
    let (idle, peer) = (bed.host(1, false).await, bed.host(2, false).await);
    peer.sights(&idle);
    peer.begin(&origin);
    peer.finish().await;
}

/// The origin is gone. Whom the third host fetches from it knows only because the second one names it.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_only_another_peer_names_is_fetched_from() {
    let mut bed = Bed::new();
    let origin = bed.origin().await;
    let first = bed.host(1, true).await;
    first.begin(&origin);
    first.finish().await;
    origin.swarm.shut_down().await;
    let second = bed.host(2, false).await;
    second.hears_of(&bed, &first);
    second.begin(&origin);
    second.finish().await;
    second.swarm.set_giving(false);
    let third = bed.host(3, false).await;
    third.sights(&second);
    let outboard = third.out.with_extension("bao");
    let blob = Blob::partial(&third.out, &outboard, digest(), SIZE as u64).unwrap();
    third.swarm.share(blob, &[]).unwrap();
    third.finish().await;
    let dealings = third.swarm.dealings();
    let received = |host: &Host| dealings[&host.identity.public_key()].received_bytes;
    assert_eq!((received(&second), received(&first) >= SIZE as u64), (0, true), "{dealings:?}");
    let known = third.table.lock().unwrap();
    let of_first = known.acquaintances().find(|it| it.name.key == key(1)).unwrap();
    let peer = Source::Peer(Subnet::of(second.addr.ip()));
    assert_eq!(of_first.why, Why::Told(peer));
}

/// A peer names hosts that nobody but itself has seen, and then names some without being asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_names_strangers_is_not_believed_and_one_that_names_unasked_is_dropped() {
    let mut bed = Bed::new();
    let victim = bed.host(1, true).await;
    let outboard = victim.out.with_extension("bao");
    let blob = Blob::partial(&victim.out, &outboard, digest(), SIZE as u64).unwrap();
    victim.swarm.share(blob, &[]).unwrap();
    let liar = identity(66);
    let (address, key) = victim.known();
    let channel = link::connect(&Endpoint::Pinned { address, key }, &liar).await.unwrap();
    let (said, words) = mpsc::channel(64);
    let say = async |kind| said.send(PeerMessage { kind: Some(kind) }).await.unwrap();
    let digest = digest().0.to_vec().into();
    say(Kind::Open(PeerOpen { digest, size_bytes: SIZE as u64 })).await;
    let mut client = PeersClient::new(channel);
    let mut answer = client.exchange(ReceiverStream::new(words)).await.unwrap().into_inner();
    let asked = async {
        while !matches!(answer.message().await.unwrap().unwrap().kind, Some(Kind::Seek(_))) {}
    };
    timeout(PATIENCE, asked).await.unwrap();
    let strangers = || PeerNames { records: (10..18).map(|it| vouched_by(&liar, it)).collect() };
    say(Kind::Names(strangers())).await;
    say(Kind::Names(strangers())).await;
    // The second answer ends the stream, so the first one was read before.
    let ended = async { while let Ok(Some(_)) = answer.message().await {} };
    timeout(PATIENCE, ended).await.unwrap();
    assert_eq!(victim.swarm.status(self::digest()).unwrap().blamed, [liar.public_key()]);
    assert!(victim.table.lock().unwrap().is_empty());
}

/// A record of a host on this machine, of which only `by` says that it answers there.
fn vouched_by(by: &Identity, number: u8) -> PeerRecord {
    let address = PeerAddress::new([127, 0, 0, 1].into(), 2_000 + u16::from(number)).unwrap();
    let end = now().plus(Span::hours(1));
    let record = Record::new(key(ORIGIN), key(number), vec![address], 1, end).unwrap();
    let signed = peer::sign(&identity(number), record).unwrap();
    let visit = Visit { project: key(ORIGIN), key: key(number), address, seen_at: now() };
    let (record, signature) = (signed.record().clone(), *signed.signature());
    SignedRecord::new(record, signature, vec![peer::witness(by, &visit)]).unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_gives_nothing_is_asked_in_vain() {
    let mut bed = Bed::new();
    let origin = bed.origin().await;
    let first = bed.host(1, true).await;
    first.begin(&origin);
    first.finish().await;
    first.swarm.set_giving(false);
    let second = bed.host(2, true).await;
    second.begin(&origin);
    second.finish().await;
    let from_first = first.swarm.dealings().remove(&second.identity.public_key());
    assert_eq!(from_first.map_or(0, |it| it.sent_bytes), 0);
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
    assert_eq!(peer.swarm.blamed(), BTreeSet::from([liar.public_key()]));
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
    say(Kind::Open(PeerOpen { digest, size_bytes: SIZE as u64 })).await;
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
    let open = PeerOpen { digest: digest().0.to_vec().into(), size_bytes: SIZE as u64 };
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
    assert!(
        matches!(origin.swarm.deal(blob, 0), Err(FetchError::Twice(twice)) if twice == digest())
    );
    origin.swarm.leave(digest());
    assert!(matches!(origin.swarm.whole(digest()).await, Err(FetchError::Left(_))));
}
