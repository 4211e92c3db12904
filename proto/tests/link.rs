//! Links over real sockets: who is believed, who is refused, and who is never kept waiting.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use manyhands_proto::identity::{Identity, PublicKey};
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{
    self, Bounds, Endpoint, Incoming, KEY_HEADER, LinkError, Peer, PeerError, WrongKey,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Server;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// Alice listens; Bob and Carol dial.
fn alice() -> Identity {
    Identity::from_seed(&[1; 32])
}

fn bob() -> Identity {
    Identity::from_seed(&[2; 32])
}

fn carol() -> Identity {
    Identity::from_seed(&[3; 32])
}

/// A health service that notes who called.
struct Served {
    addr: SocketAddr,
    callers: Arc<Mutex<Vec<Result<Peer, PeerError>>>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Served {
    async fn tls(bounds: Bounds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let config = link::server_config(&alice()).unwrap();
        Self::start(addr, Incoming::tls(listener, config, bounds))
    }

    async fn plain() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        Self::start(addr, Incoming::plain(listener, Bounds::default()).unwrap())
    }

    #[expect(clippy::disallowed_methods, reason = "`stop` waits for this task")]
    fn start(addr: SocketAddr, incoming: Incoming) -> Self {
        let callers = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&callers);
        let note = move |request: Request<()>| -> Result<Request<()>, Status> {
            let peer = link::peer(&request);
            noted.lock().unwrap().push(peer);
            peer?.require_key()?;
            Ok(request)
        };
        let (stop, stopped) = oneshot::channel();
        let (_reporter, health) = tonic_health::server::health_reporter();
        let server = Server::builder()
            .layer(tonic::service::InterceptorLayer::new(note))
            .serve_with_incoming_shutdown(health, incoming, async { stopped.await.unwrap() });
        Self { addr, callers, stop, task: tokio::spawn(server) }
    }

    /// Where Alice is, for those who know her key.
    fn pinned(&self) -> Endpoint {
        let key = alice().public_key();
        Invite::new(self.addr.into(), key, None).endpoint().clone()
    }

    fn in_plain(&self) -> Endpoint {
        Endpoint::Plain(self.addr.try_into().unwrap())
    }

    /// Drains, and says who called.
    async fn stop(self) -> Vec<Result<Peer, PeerError>> {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
        std::mem::take(&mut *self.callers.lock().unwrap())
    }
}

async fn call(channel: &link::Channel) -> Result<(), Status> {
    call_as(channel, &[]).await
}

/// Calls with further key headers.
async fn call_as(channel: &link::Channel, says: &[&str]) -> Result<(), Status> {
    let mut request = Request::new(HealthCheckRequest::default());
    for key in says {
        let key: AsciiMetadataValue = key.parse().unwrap();
        request.metadata_mut().append(KEY_HEADER, key);
    }
    HealthClient::new(channel.clone()).check(request).await.map(|_serving| ())
}

fn keys(callers: &[Result<Peer, PeerError>]) -> Vec<Option<PublicKey>> {
    callers.iter().map(|caller| caller.unwrap().key).collect()
}

/// The other end has closed this socket: end of file, or a reset.
async fn closed(mut socket: TcpStream) {
    let mut rest = Vec::new();
    let _read_or_reset = socket.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn both_ends_know_each_other() {
    let server = Served::tls(Bounds::default()).await;
    for caller in [bob(), carol(), bob()] {
        let channel = link::connect(&server.pinned(), &caller).await.unwrap();
        call(&channel).await.unwrap();
    }
    let [b, c] = [bob(), carol()].map(|identity| Some(identity.public_key()));
    assert_eq!(keys(&server.stop().await), [b, c, b]);
}

#[tokio::test]
async fn another_key_than_the_pinned_one_is_refused_and_named() {
    let server = Served::tls(Bounds::default()).await;
    let endpoint = Endpoint::Pinned { address: server.addr.into(), key: carol().public_key() };
    let refused = link::connect(&endpoint, &bob()).await.unwrap_err();

    let [found, expected] = [alice(), carol()].map(|identity| identity.public_key());
    assert!(
        matches!(&refused, LinkError::WrongKey { keys, .. }
            if *keys == WrongKey { expected, found }),
        "{refused:?}"
    );
    for part in [found.to_string(), expected.to_string(), server.addr.to_string()] {
        assert!(refused.to_string().contains(&part), "{refused}");
    }
    assert_eq!(server.stop().await, [], "no call was made");
}

#[tokio::test]
async fn a_tls_link_speaks_for_its_own_key_only() {
    let server = Served::tls(Bounds::default()).await;
    let channel = link::connect(&server.pinned(), &bob()).await.unwrap();
    call_as(&channel, &[&carol().public_key().to_string()]).await.unwrap();
    call_as(&channel, &["nonsense", "twice"]).await.unwrap();
    let bob = Some(bob().public_key());
    assert_eq!(keys(&server.stop().await), [bob, bob]);
}

#[tokio::test]
async fn a_plain_link_tells_identities_apart() {
    let server = Served::plain().await;
    for caller in [bob(), carol()] {
        let channel = link::connect(&server.in_plain(), &caller).await.unwrap();
        call(&channel).await.unwrap();
    }
    let expect = [bob(), carol()].map(|identity| Some(identity.public_key()));
    assert_eq!(keys(&server.stop().await), expect);
}

#[tokio::test]
async fn a_plain_link_wants_one_good_key() {
    let server = Served::plain().await;
    let raw = tonic::transport::Endpoint::from_shared(format!("http://{}", server.addr)).unwrap();
    let raw = raw.connect().await.unwrap();
    let call = |says: &'static [&'static str]| {
        let mut client = HealthClient::new(raw.clone());
        async move {
            let mut request = Request::new(HealthCheckRequest::default());
            for key in says {
                request.metadata_mut().append(KEY_HEADER, key.parse().unwrap());
            }
            client.check(request).await.map(|_serving| ()).map_err(|status| status.code())
        }
    };
    assert_eq!(call(&[]).await, Err(Code::Unauthenticated));
    assert_eq!(call(&["nonsense"]).await, Err(Code::InvalidArgument));
    assert_eq!(call(&["one", "two"]).await, Err(Code::InvalidArgument));
    drop(raw);
    assert_eq!(server.stop().await.len(), 3);
}

#[tokio::test]
async fn plain_text_is_not_served_to_other_machines() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = Incoming::plain(listener, Bounds::default()).unwrap_err();
    assert!(refused.to_string().contains("plain text never leaves this machine"), "{refused}");
}

#[tokio::test]
async fn slow_and_garbage_handshakes_hold_nobody_up() {
    let bounds = Bounds { handshakes_max: 2, ..Bounds::default() };
    let server = Served::tls(bounds).await;
    let mut strangers = Vec::new();
    for _ in 0..4 {
        strangers.push(TcpStream::connect(server.addr).await.unwrap());
        let mut garbage = TcpStream::connect(server.addr).await.unwrap();
        garbage.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        closed(garbage).await;
    }
    // The silent ones are still there, as many as the bound allows; Bob gets past them.
    let channel = link::connect(&server.pinned(), &bob()).await.unwrap();
    call(&channel).await.unwrap();
    // And the oldest made room.
    closed(strangers.remove(0)).await;
    assert_eq!(keys(&server.stop().await), [Some(bob().public_key())]);
}

#[tokio::test]
async fn an_endless_handshake_ends() {
    let bounds = Bounds { handshake_max: Duration::from_millis(20), ..Bounds::default() };
    let server = Served::tls(bounds).await;
    closed(TcpStream::connect(server.addr).await.unwrap()).await;
    assert_eq!(server.stop().await, []);
}

#[tokio::test]
async fn connections_are_bounded_and_their_places_come_back() {
    let server = Served::tls(Bounds { connections_max: 1, ..Bounds::default() }).await;
    let first = link::connect(&server.pinned(), &bob()).await.unwrap();
    call(&first).await.unwrap();
    let refused = link::connect(&server.pinned(), &carol()).await.unwrap_err();
    assert!(matches!(refused, LinkError::Handshake { .. }), "{refused:?}");

    drop(first);
    // The server sees the end of the first link in its own time.
    let second = loop {
        match link::connect(&server.pinned(), &carol()).await {
            Ok(second) => break second,
            Err(refused) => assert!(matches!(refused, LinkError::Handshake { .. }), "{refused:?}"),
        }
    };
    call(&second).await.unwrap();
    let expect = [bob(), carol()].map(|identity| Some(identity.public_key()));
    assert_eq!(keys(&server.stop().await), expect);
}

#[tokio::test]
async fn a_lost_link_stays_lost() {
    let server = Served::tls(Bounds::default()).await;
    let channel = link::connect(&server.pinned(), &bob()).await.unwrap();
    call(&channel).await.unwrap();
    server.stop().await;
    assert_eq!(call(&channel).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn dialling_in_vain_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().into();
    let endpoint = Endpoint::Pinned { address, key: alice().public_key() };

    // The system takes the connection, but nobody answers.
    let within = Duration::from_millis(20);
    let late = link::connect_within(within, &endpoint, &bob()).await.unwrap_err();
    assert!(matches!(late, LinkError::TimedOut { .. }), "{late:?}");

    drop(listener);
    let gone = link::connect(&endpoint, &bob()).await.unwrap_err();
    assert!(matches!(gone, LinkError::Unreachable { .. }), "{gone:?}");
}

#[tokio::test]
async fn a_tls_client_does_not_take_plain_text_for_an_answer() {
    let server = Served::plain().await;
    let refused = link::connect(&server.pinned(), &bob()).await.unwrap_err();
    assert!(matches!(refused, LinkError::Handshake { .. }), "{refused:?}");
    assert_eq!(server.stop().await, []);
}
