//! One peer asks another over a real link, honest and not.

use std::net::SocketAddr;
use std::path::Path;

use manyhands_core::peer::{CoordinatorAt, CoordinatorRecord};
use manyhands_core::time::Span;
use manyhands_proto::identity::Identity;
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{Bounds, Incoming, server_config};
use manyhands_proto::v1;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::transport::Server;

use super::*;
use crate::config::{Mode, Sharing};

const PROJECT: u8 = 1;
const COORDINATOR: u8 = 2;
const PEER: u8 = 3;
const ASKER: u8 = 4;

fn identity(number: u8) -> Identity {
    Identity::from_seed(&[number; 32])
}

fn key_of(number: u8) -> Key {
    Key(*identity(number).public_key().as_bytes())
}

/// The project says, under this number, that its coordinator is there.
fn record(project: u8, seq: u64, address: &str) -> SignedCoordinators {
    let at = CoordinatorAt { key: key_of(COORDINATOR), addresses: vec![address.to_owned()] };
    let end = clock::now().plus(Span::hours(24));
    let record = CoordinatorRecord::new(key_of(project), vec![at], seq, end).unwrap();
    peer::sign_coordinators(&identity(project), record).unwrap()
}

/// A worker that knows this record.
fn worker(number: u8, known: Option<SignedCoordinators>, memory: &Path) -> Peers {
    let sharing = Sharing {
        mode: Mode::Lan,
        listen: None,
        upload_limit: manyhands_core::swarm::UploadLimit::HalfOfMeasured,
    };
    let address = "127.0.0.1:9".parse().unwrap();
    let invite = Invite::new(address, identity(COORDINATOR).public_key(), None);
    let pace = Arc::new(manyhands_swarm::Pace::new(None));
    Peers::open((sharing, pace), &identity(number), &invite, known, memory.to_owned())
}

/// Another host on this machine, and a worker that was linked to it before.
struct Bed {
    servers: JoinSet<()>,
    folder: tempfile::TempDir,
}

impl Bed {
    fn new() -> Self {
        Self { servers: JoinSet::new(), folder: tempfile::tempdir().unwrap() }
    }

    async fn peer(&mut self, service: impl Whereabouts) -> Peers {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let config = server_config(&identity(PEER)).unwrap();
        let incoming = Incoming::tls(listener, config, Bounds::default());
        let service = WhereaboutsServer::new(service).max_decoding_message_size(QUESTION_BYTES_MAX);
        let server = Server::builder().add_service(service);
        self.servers.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
        let memory = self.folder.path().join("peers");
        let (key, linked_at) = (identity(PEER).public_key(), clock::now().0 - 1);
        std::fs::write(&memory, format!("{key} {address} {linked_at} -\n")).unwrap();
        worker(ASKER, None, &memory)
    }

    fn informed(&self, record: SignedCoordinators) -> Answering {
        let memory = self.folder.path().join("none");
        Answering(worker(PEER, Some(record), &memory).shared.unwrap())
    }
}

async fn asked(asker: &Peers, project: Key, seq: u64) -> Option<SignedCoordinators> {
    let mut rng = clock::seeded_rng();
    let carried = asker.ask_where((project, seq), &mut BTreeSet::new(), &mut rng).await?;
    assert_eq!(carried.by, key_of(PEER));
    Some(carried.record)
}

#[tokio::test]
async fn a_peer_tells_what_is_newer_and_of_the_same_project() {
    let mut bed = Bed::new();
    let told = record(PROJECT, 5, "new.example:2");
    let asker = bed.peer(bed.informed(told.clone())).await;
    assert_eq!(asked(&asker, key_of(PROJECT), 4).await, Some(told));
    assert_eq!(asked(&asker, key_of(PROJECT), 5).await, None);
    assert_eq!(asked(&asker, key_of(COORDINATOR), 0).await, None);
    let mut all = BTreeSet::from([key_of(PEER)]);
    let again = asker.ask_where((key_of(PROJECT), 4), &mut all, &mut clock::seeded_rng()).await;
    assert!(again.is_none(), "nobody else is there");
}

/// Answers every question with the same words.
struct Liar(v1::CoordinatorRecord);

#[tonic::async_trait]
impl Whereabouts for Liar {
    async fn coordinators(
        &self,
        _question: Request<CoordinatorsRequest>,
    ) -> Result<Response<CoordinatorsReply>, Status> {
        Ok(Response::new(CoordinatorsReply { record: Some(self.0.clone()) }))
    }
}

#[tokio::test]
async fn what_is_forged_or_too_large_is_no_answer() {
    let mut forged = v1::CoordinatorRecord::from(record(PROJECT, 5, "new.example:2"));
    forged.seq = 6;
    let mut large = v1::CoordinatorRecord::from(record(PROJECT, 5, "new.example:2"));
    large.coordinators[0].addresses = vec!["a".repeat(COORDINATORS_BYTES_MAX)];
    for words in [forged, large] {
        let mut bed = Bed::new();
        let asker = bed.peer(Liar(words)).await;
        assert_eq!(asked(&asker, key_of(PROJECT), 4).await, None);
    }
}

#[tokio::test]
async fn a_question_that_is_none_is_refused() {
    let mut bed = Bed::new();
    let asker = bed.peer(bed.informed(record(PROJECT, 5, "new.example:2"))).await;
    let shared = asker.shared.as_ref().unwrap();
    let mut rng = clock::seeded_rng();
    let dial = shared.table().next_dial_to(|_| true, clock::now(), &mut rng).unwrap();
    let mut client = WhereaboutsClient::new(shared.dial(&dial).await.unwrap());
    let short = CoordinatorsRequest { project: vec![1; 31].into(), seq: 0 };
    let refused = client.coordinators(short).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused}");
    let long = CoordinatorsRequest { project: vec![1; QUESTION_BYTES_MAX + 1].into(), seq: 0 };
    assert_eq!(client.coordinators(long).await.unwrap_err().code(), tonic::Code::OutOfRange);
}
