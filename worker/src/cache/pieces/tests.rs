//! A worker without a coordinator fetches from whoever of its network has what it misses.

use std::sync::Mutex;

use manyhands_core::key::Key;
use manyhands_core::peer::{PeerAddress, Table};
use manyhands_proto::identity::Identity;
use manyhands_proto::link::{Bounds, Incoming, server_config};
use manyhands_swarm::{Known, Settings};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::transport::Server;

use super::*;
use crate::clock;

const BYTES: u64 = 3 * WHOLE_BYTES_MAX + 5;

fn content() -> Vec<u8> {
    (0..BYTES).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
}

fn identity(number: u8) -> Identity {
    Identity::from_seed(&[number; 32])
}

fn key(number: u8) -> Key {
    Key(*identity(number).public_key().as_bytes())
}

fn swarm(number: u8) -> (Swarm, Arc<Mutex<Table>>) {
    let table = Arc::new(Mutex::new(Table::new(key(number), key(0))));
    let settings = Settings {
        identity: identity(number),
        known: Known::Table(Arc::clone(&table)),
        is_near_only: true,
        pace: Arc::new(manyhands_swarm::Pace::new(None)),
    };
    (Swarm::new(settings), table)
}

fn cache(folder: &tempfile::TempDir, swarm: Swarm) -> Cache {
    Cache::open(folder.path(), 10 * BYTES, Some(swarm)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_neighbour_has_comes_without_a_coordinator_and_what_nobody_has_waits() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut serving = JoinSet::new();
    let (has, _) = swarm(1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let incoming = Incoming::tls(listener, server_config(&identity(1)).unwrap(), Bounds::default());
    let server = Server::builder().add_service(has.service());
    serving.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
    let full = cache(&folders[0], has.clone());
    let kept = full.put(content().into()).await.unwrap();
    let whole = full.in_pieces(kept.digest()).await.unwrap();
    has.share(whole.unwrap().1, &[]).unwrap();

    let (misses, table) = swarm(2);
    let address = PeerAddress::new(at.ip(), at.port()).unwrap();
    table.lock().unwrap().sight(key(1), address, clock::now()).unwrap();
    let empty = cache(&folders[1], misses.clone());
    let pin = empty.obtain(None, kept.digest(), BYTES).await.unwrap();
    assert_eq!(std::fs::read(pin.path()).unwrap(), content());
    let nobody_has = Digest::of(b"something else");
    let error = empty.obtain(None, nobody_has, BYTES).await.unwrap_err();
    assert!(error.passes(), "{error}");
    has.shut_down().await;
    misses.shut_down().await;
}
