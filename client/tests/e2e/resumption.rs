//! A worker that dies in the middle of a long unit: another one goes on from its checkpoint.

use std::fs;

use manyhands_proto::identity::Identity;
use manyhands_proto::invite::{Invite, Token};
use manyhands_proto::v1::coordinator_message::Message as Told;
use manyhands_proto::v1::work_client::WorkClient;
use manyhands_proto::v1::worker_message::Message as Tell;
use manyhands_proto::{link, v1};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use crate::grid::{Grid, JobNumber};
use crate::process::PATIENCE;

/// Some seconds of steps. 2^40009 - 1 is composite, so its residue tells whether each step was done.
const EXPONENT: u32 = 40_009;

/// A worker that is told to stop saves what runs and hands it over.
#[test]
fn a_stopped_workers_unit_goes_on_elsewhere_at_once() {
    let mut grid = Grid::start();
    grid.add_worker("ada", "ada", "");
    let job = submit(&grid, "handed over");
    grid.wait_until(|grid| grid.job(job)["replicas_leased"] == 1);
    grid.stop_worker("ada");
    assert_eq!(grid.job(job)["replicas_leased"], 0);
    grid.add_worker("grace", "grace", "");
    grid.finish(job);
}

#[test]
fn a_killed_workers_unit_goes_on_from_its_checkpoint_elsewhere() {
    let mut grid = Grid::start();
    grid.add_worker("ada", "ada", "checkpoint_interval = \"1 s\"");
    let blobs = blobs(&grid);
    let job = submit(&grid, "interrupted");
    // The first checkpoint was named to the coordinator before the second one was put.
    grid.wait_until(|grid| self::blobs(grid) >= blobs + 4);
    grid.crash_worker("ada");

    // What the next host is offered: not the beginning.
    let step = offered_step(&grid.invite(&["--role", "worker", "--volunteer", "peek"]));
    assert!(step > 0, "the unit began anew");

    grid.add_worker("grace", "grace", "");
    let resumed = grid.finish(job);
    // The same unit, from its beginning to its end on one machine.
    let straight = submit(&grid, "straight");
    let straight = grid.finish(straight);
    assert_eq!(resumed["0-result.txt"], straight["0-result.txt"]);
    let text = String::from_utf8_lossy(&resumed["0-result.txt"]);
    assert!(text.starts_with("p=40009 composite residue=0x"), "{text}");
}

fn submit(grid: &Grid, name: &str) -> JobNumber {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../tasks/wasm/mersenne.wasm");
    let text = format!(
        "name = {name:?}\nmodule = {module:?}\nargs = [\"{EXPONENT}\"]\noutputs = [\"result.txt\"]\n\
         memory = \"64 MiB\"\n[quorum]\nsize = 1\n[limits]\nlease = \"10 s\"\n"
    );
    let path = grid.path(&format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    grid.submit(&path)
}

/// How many whole blobs the coordinator has. Beside them lies what is still coming, and what proves
/// their pieces.
pub(crate) fn blobs(grid: &Grid) -> usize {
    let files = crate::grid::files(&grid.path("coordinator/blobs"));
    let is_digest = |name: &str| name.chars().filter(char::is_ascii_hexdigit).count() == 64;
    files.keys().filter(|name| is_digest(name) && name.len() == "ab/".len() + 62).count()
}

/// Joins as a host, takes the unit, looks where it would begin, and gives it back.
pub(crate) fn offered_step(invite: &str) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let peek = async { tokio::time::timeout(PATIENCE, peek(invite)).await };
    runtime.block_on(peek).expect("the unit is offered in time")
}

async fn peek(invite: &str) -> u64 {
    let invite: Invite = invite.parse().unwrap();
    let identity = Identity::generate().unwrap();
    let channel = link::connect(invite.endpoint(), &identity).await.unwrap();
    let mut work = WorkClient::new(channel);
    let capabilities = v1::Capabilities {
        slots: 1,
        memory_bytes: 1 << 30,
        profiles: vec![manyhands_prepare::PROFILE],
        engine: "peek 1".into(),
        isa: "none".into(),
        os: "none".into(),
    };
    let enrol = v1::EnrolRequest {
        token: invite.token().map(Token::as_str).unwrap().to_owned(),
        nickname: "peek".into(),
        capabilities: Some(capabilities.clone()),
    };
    work.enrol(enrol).await.unwrap();
    let (tell, messages) = mpsc::channel(8);
    let say = async |message| {
        tell.send(v1::WorkerMessage { message: Some(message) }).await.unwrap();
    };
    say(Tell::Hello(v1::Hello { capabilities: Some(capabilities), ..Default::default() })).await;
    say(Tell::Want(v1::Want { leases: 1, outlook: None })).await;
    let mut told = work.attach(ReceiverStream::new(messages)).await.unwrap().into_inner();
    let lease = loop {
        let message = told.next().await.unwrap().unwrap().message;
        if let Some(Told::Leases(leases)) = message {
            break leases.leases.into_iter().next().unwrap();
        }
    };
    let step = lease.resume.map_or(0, |checkpoint| checkpoint.step);
    let outcome = v1::report::Outcome::Aborted(v1::Aborted { checkpoint: None });
    let report =
        v1::Report { replica: lease.replica, outcome: Some(outcome), ..Default::default() };
    say(Tell::Reports(v1::Reports { batch: 1, reports: vec![report], ..Default::default() })).await;
    while let Some(Ok(message)) = told.next().await {
        if matches!(message.message, Some(Told::Acknowledged(_))) {
            break;
        }
    }
    step
}
