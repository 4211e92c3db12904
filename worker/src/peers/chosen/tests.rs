//! Two workers tell each other what they did of their own choice, over a real link.

use std::net::SocketAddr;

use manyhands_core::replica::Class;
use manyhands_core::swarm::UploadLimit;
use manyhands_proto::identity::Identity;
use manyhands_proto::invite::Invite;
use manyhands_proto::link::{Bounds, Incoming, server_config};

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::transport::Server;

use super::*;
use crate::config::{Mode, Sharing};

const COORDINATOR: u8 = 2;
const PEER: u8 = 3;
const ASKER: u8 = 4;
const MANIFEST: Digest = Digest([7; 32]);
const OTHER: Digest = Digest([8; 32]);

fn identity(number: u8) -> Identity {
    Identity::from_seed(&[number; 32])
}

fn commitment(host: u8, unit: u32) -> Commitment {
    let class = Class::Outputs { answer: Digest([1; 32]), work: 5 };
    let key = Key(*identity(host).public_key().as_bytes());
    Commitment::new(MANIFEST, unit, key, class, &[host; 32])
}

/// A grid of this machine: a worker that was linked to another one before.
struct Bed {
    folder: TempDir,
    servers: JoinSet<()>,
}

impl Bed {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), servers: JoinSet::new() }
    }

    /// A worker that has met the host with that number at that address.
    fn worker(&self, number: u8, met: Option<(u8, SocketAddr)>) -> Arc<Shared> {
        let memory = self.folder.path().join(number.to_string());
        if let Some((met, address)) = met {
            let (key, linked_at) = (identity(met).public_key(), clock::now().0 - 1);
            std::fs::write(&memory, format!("{key} {address} {linked_at} -\n")).unwrap();
        }
        let upload_limit = UploadLimit::HalfOfMeasured;
        let sharing = Sharing { mode: Mode::Lan, listen: None, upload_limit };
        let key = identity(COORDINATOR).public_key();
        let invite = Invite::new("127.0.0.1:9".parse().unwrap(), key, None);
        let peers = Peers::open(
            (sharing, Arc::new(manyhands_swarm::Pace::new(None))),
            &identity(number),
            &invite,
            None,
            memory,
        );
        peers.shared.unwrap()
    }

    /// Lets the peer take calls.
    async fn serve(&mut self, service: impl Chosen) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = server_config(&identity(PEER)).unwrap();
        let incoming = Incoming::tls(listener, config, Bounds::default());
        let service = ChosenServer::new(service).max_decoding_message_size(CHOSEN_BYTES_MAX);
        let server = Server::builder().add_service(service);
        self.servers.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
        address
    }
}

fn peers(shared: &Arc<Shared>) -> Peers {
    Peers { shared: Some(Arc::clone(shared)) }
}

async fn compare(asker: &Arc<Shared>) -> bool {
    asker.compare(&mut BTreeSet::new(), &mut clock::seeded_rng()).await
}

/// Some port of this machine at which nobody has to answer.
fn somewhere() -> SocketAddr {
    "127.0.0.1:7777".parse().unwrap()
}

#[tokio::test]
async fn both_know_afterwards_what_the_other_has_done() {
    let mut bed = Bed::new();
    let peer = bed.worker(PEER, Some((ASKER, somewhere())));
    let address = bed.serve(Answering(Arc::clone(&peer))).await;
    let asker = bed.worker(ASKER, Some((PEER, address)));
    for (worker, host, unit) in [(&peer, PEER, 1), (&asker, ASKER, 2)] {
        peers(worker).choose_from(&BTreeSet::from([MANIFEST]));
        peers(worker).commit(commitment(host, unit));
    }
    assert!(compare(&asker).await);
    let done = |of: &Arc<Shared>| [1, 2].map(|unit| peers(of).have_done(&MANIFEST, unit));
    assert_eq!((done(&asker), done(&peer)), ([true, false], [false, true]));
    // A coordinator is there again: all is forgotten.
    peers(&asker).choose_from(&BTreeSet::new());
    peers(&asker).choose_from(&BTreeSet::from([MANIFEST]));
    assert_eq!(done(&asker), [false, false]);
}

#[tokio::test]
async fn who_was_never_met_is_answered_and_not_believed() {
    let mut bed = Bed::new();
    let peer = bed.worker(PEER, None);
    let address = bed.serve(Answering(Arc::clone(&peer))).await;
    let asker = bed.worker(ASKER, Some((PEER, address)));
    for (worker, host, unit) in [(&peer, PEER, 1), (&asker, ASKER, 2)] {
        peers(worker).choose_from(&BTreeSet::from([MANIFEST]));
        peers(worker).commit(commitment(host, unit));
    }
    assert!(compare(&asker).await);
    assert!(peers(&asker).have_done(&MANIFEST, 1) && !peers(&peer).have_done(&MANIFEST, 2));
}

#[tokio::test]
async fn of_a_job_that_one_does_not_choose_from_nothing_is_told_or_kept() {
    let mut bed = Bed::new();
    let peer = bed.worker(PEER, Some((ASKER, somewhere())));
    let address = bed.serve(Answering(Arc::clone(&peer))).await;
    let asker = bed.worker(ASKER, Some((PEER, address)));
    peers(&peer).choose_from(&BTreeSet::from([OTHER]));
    peers(&peer).commit(commitment(PEER, 1));
    peers(&asker).choose_from(&BTreeSet::from([MANIFEST]));
    peers(&asker).commit(commitment(ASKER, 2));
    assert!(compare(&asker).await);
    assert!(!peers(&asker).have_done(&MANIFEST, 1));
    peers(&peer).choose_from(&BTreeSet::from([MANIFEST, OTHER]));
    assert!(!peers(&peer).have_done(&MANIFEST, 2));
}

/// Answers every question with the same words.
struct Liar(ChosenUnits);

#[tonic::async_trait]
impl Chosen for Liar {
    async fn compare(
        &self,
        _question: Request<ChosenUnits>,
    ) -> Result<Response<ChosenUnits>, Status> {
        Ok(Response::new(self.0.clone()))
    }
}

#[tokio::test]
async fn what_is_of_somebody_else_or_of_another_job_is_not_believed() {
    let signed = |host| chosen::sign(&identity(host), commitment(host, 1));
    let of_another_host = chosen::message(&MANIFEST, &[signed(ASKER)]);
    let of_another_job = chosen::message(&OTHER, &[]);
    let right = chosen::message(&MANIFEST, &[signed(PEER)]);
    for (words, is_believed) in [(of_another_host, false), (of_another_job, false), (right, true)] {
        let mut bed = Bed::new();
        let address = bed.serve(Liar(words)).await;
        let asker = bed.worker(ASKER, Some((PEER, address)));
        peers(&asker).choose_from(&BTreeSet::from([MANIFEST]));
        assert!(compare(&asker).await);
        assert_eq!(peers(&asker).have_done(&MANIFEST, 1), is_believed);
    }
}

#[tokio::test]
async fn who_knows_nobody_asks_nobody() {
    let bed = Bed::new();
    assert!(!compare(&bed.worker(ASKER, None)).await);
}
