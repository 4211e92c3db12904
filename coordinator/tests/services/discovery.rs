//! Hosts say where they take calls, and the coordinator goes and sees.

use std::net::SocketAddr;

use manyhands_core::key::Key;
use manyhands_core::peer::{PeerAddress, Record, SignedRecord};
use manyhands_core::time::{Span, Timestamp};
use manyhands_proto::identity::Identity;
use manyhands_proto::link::{Bounds, Channel, Endpoint, Incoming, server_config};
use manyhands_proto::peer;
use manyhands_proto::v1;
use manyhands_proto::v1::tracker_client::TrackerClient;
use manyhands_proto::v1::whereabouts_client::WhereaboutsClient;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::transport::Server;
use tonic::{Code, Status};

use crate::grid::{Grid, fresh_identity};
use crate::worker::Worker;

/// A host that is enrolled, and may take calls.
struct Host {
    identity: Identity,
    tracker: TrackerClient<Channel>,
    project: Key,
    _worker: Worker,
    serving: JoinSet<()>,
}

impl Host {
    async fn enrolled(grid: &Grid) -> Self {
        let worker = grid.host().await;
        let identity = worker.person.identity.clone();
        let tracker = TrackerClient::new(grid.connect(&identity).await);
        let project = key(&grid.operator().await.identity);
        Self { identity, tracker, project, _worker: worker, serving: JoinSet::new() }
    }

    /// Takes calls from now on, with this key.
    async fn listen(&mut self, identity: &Identity) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let incoming = Incoming::tls(listener, server_config(identity).unwrap(), Bounds::default());
        let (_reporter, health) = tonic_health::server::health_reporter();
        self.serving.spawn(async move {
            let server = Server::builder().add_service(health);
            server.serve_with_incoming(incoming).await.unwrap();
        });
        address
    }

    fn record(&self, address: SocketAddr, seq: u64) -> v1::PeerRecord {
        let addresses = vec![PeerAddress::new(address.ip(), address.port()).unwrap()];
        let own = key(&self.identity);
        let record = Record::new(self.project, own, addresses, seq, in_an_hour()).unwrap();
        peer::sign(&self.identity, record).unwrap().into()
    }

    async fn register(
        &mut self,
        record: Option<v1::PeerRecord>,
    ) -> Result<v1::RegisterReply, Status> {
        Ok(self.tracker.register(v1::RegisterRequest { record }).await?.into_inner())
    }

    async fn registered(&mut self, record: v1::PeerRecord) -> SignedRecord {
        peer::open(self.register(Some(record)).await.unwrap().record.unwrap()).unwrap()
    }

    async fn refused(&mut self, record: v1::PeerRecord) -> (Code, String) {
        let status = self.register(Some(record)).await.unwrap_err();
        (status.code(), status.message().to_owned())
    }
}

fn key(identity: &Identity) -> Key {
    Key(*identity.public_key().as_bytes())
}

fn in_an_hour() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "records end by the clock of the coordinator")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(u64::try_from(now.as_millis()).unwrap()).plus(Span::hours(1))
}

#[tokio::test]
async fn a_host_that_answers_is_counter_signed() {
    let grid = Grid::start().await;
    let mut host = Host::enrolled(&grid).await;
    let identity = host.identity.clone();
    let address = host.listen(&identity).await;
    let registered = host.registered(host.record(address, 1)).await;
    let [witness] = registered.witnesses() else { panic!("one witness, not {registered:?}") };
    assert_eq!((witness.by, witness.address.socket_addr()), (host.project, address));
    // Without a record, the reply says from where the call came.
    let reply = host.register(None).await.unwrap();
    assert_eq!((reply.record, reply.ip.as_ref()), (None, [127, 0, 0, 1].as_slice()));
    grid.stop().await;
}

#[tokio::test]
async fn whoever_else_answers_there_is_no_witness() {
    let grid = Grid::start().await;
    let mut host = Host::enrolled(&grid).await;
    let address = host.listen(&fresh_identity()).await;
    assert_eq!(host.registered(host.record(address, 1)).await.witnesses(), []);
    grid.stop().await;
}

/// A coordinator is no means to reach others: it dials only where the call comes from.
#[tokio::test]
async fn an_address_of_somebody_else_is_not_dialled() {
    let grid = Grid::start().await;
    let mut host = Host::enrolled(&grid).await;
    // It would answer, and with the right key: but 127.0.0.2 is not where the call comes from.
    let identity = host.identity.clone();
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = Incoming::tls(listener, server_config(&identity).unwrap(), Bounds::default());
    let (_reporter, health) = tonic_health::server::health_reporter();
    host.serving.spawn(async move {
        Server::builder().add_service(health).serve_with_incoming(incoming).await.unwrap();
    });
    assert_eq!(host.registered(host.record(address, 1)).await.witnesses(), []);
    grid.stop().await;
}

#[tokio::test]
async fn records_that_do_not_count_are_refused_by_name() {
    let grid = Grid::start().await;
    let mut host = Host::enrolled(&grid).await;
    let other = Host::enrolled(&grid).await;
    let address = "127.0.0.1:7777".parse().unwrap();
    let (code, words) = host.refused(other.record(address, 1)).await;
    assert_eq!((code, words.as_str()), (Code::PermissionDenied, "key: is not the caller's"));
    let mut forged = host.record(address, 1);
    forged.seq = 9;
    let (code, words) = host.refused(forged).await;
    assert_eq!(code, Code::InvalidArgument);
    assert!(words.starts_with("signature: "), "{words}");
    host.project = Key([1; 32]);
    let (code, words) = host.refused(host.record(address, 1)).await;
    assert_eq!((code, words.as_str()), (Code::InvalidArgument, "project: is another one"));
    grid.stop().await;
}

#[tokio::test]
async fn who_did_not_enrol_registers_nothing() {
    let grid = Grid::start().await;
    let mut stranger = TrackerClient::new(grid.connect(&fresh_identity()).await);
    let refused = stranger.register(v1::RegisterRequest { record: None }).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    grid.stop().await;
}

/// What any peer may carry on: where the coordinator is, by the word of the project's key.
#[tokio::test]
async fn a_coordinator_says_where_it_is_and_a_later_start_counts_more() {
    let grid = Grid::start().await;
    let first = said(&grid).await;
    let grid = grid.restart().await;
    let second = said(&grid).await;
    assert!(second.record.seq() > first.record.seq());
    let Endpoint::Pinned { address, key } = grid.invite.endpoint() else { panic!("no TLS") };
    let [at] = second.record.coordinators() else { panic!("one coordinator") };
    assert_eq!(at.addresses, [address.to_string()]);
    assert_eq!((at.key.as_bytes(), second.record.project()), (key.as_bytes(), &at.key));
    grid.stop().await;
}

async fn said(grid: &Grid) -> manyhands_core::peer::SignedCoordinators {
    let reply = Host::enrolled(grid).await.register(None).await.unwrap();
    peer::open_coordinators(reply.coordinators.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_joined_may_ask_where_the_coordinators_are() {
    let grid = Grid::start().await;
    let host = Host::enrolled(&grid).await;
    let ask = async |identity: &Identity, project: Vec<u8>, seq| {
        let mut client = WhereaboutsClient::new(grid.connect(identity).await);
        let question = v1::CoordinatorsRequest { project: project.into(), seq };
        Ok::<_, Status>(client.coordinators(question).await?.into_inner().record)
    };
    let told = ask(&host.identity, Vec::new(), 0).await.unwrap().unwrap();
    let record = peer::open_coordinators(told).unwrap().record;
    assert_eq!(record.project(), &host.project);
    let project = host.project.0.to_vec();
    assert_eq!(ask(&host.identity, project.clone(), record.seq()).await.unwrap(), None);
    assert!(ask(&host.identity, project, record.seq() - 1).await.unwrap().is_some());
    assert_eq!(ask(&host.identity, vec![1; 32], 0).await.unwrap(), None);
    let refused = ask(&fresh_identity(), Vec::new(), 0).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
