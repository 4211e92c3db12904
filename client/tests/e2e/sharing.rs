//! Large inputs are passed on between workers: the coordinator sends them about once.

use std::fs;
use std::path::{Path, PathBuf};

use manyhands_proto::identity::Identity;
use serde_json::Value;

use crate::grid::{Grid, JobNumber};
use crate::poison::Poisoner;
use crate::process::{run, stderr, stdout};

const MIB: u64 = 1 << 20;
const INPUT_BYTES: u64 = 4 * MIB;

/// What a copy may take more than its bytes: the job's manifest and module, and proofs of pieces.
const AROUND_BYTES: u64 = 256 << 10;

const UNITS: usize = 2;
const WORKERS: [&str; 3] = ["ada", "grace", "emmy"];

/// Reads all of its input, and prints a sum of it.
pub(crate) const MODULE: &str = include_str!("sum.wat");

fn input() -> Vec<u8> {
    let mut state = 1_u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..INPUT_BYTES).map(|_| byte()).collect()
}

pub(crate) fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()))
}

/// Every unit reads the same input, and as many workers must agree.
fn submit(grid: &Grid, replicas: usize) -> JobNumber {
    fs::write(grid.path("sum.wasm"), wat::parse_str(MODULE).unwrap()).unwrap();
    fs::write(grid.path("input.dat"), input()).unwrap();
    let path: PathBuf = grid.path("sum.toml");
    let text = format!(
        "name = \"sum\"\nmodule = \"sum.wasm\"\nmemory = \"2 MiB\"\nstdin = {{ file = \"input.dat\" }}\n\
         [quorum]\nsize = {replicas}\n\
         [[axis]]\nname = \"n\"\nrange = {{ start = 1, end = {UNITS} }}\n"
    );
    fs::write(&path, text).unwrap();
    grid.submit(&path)
}

/// Waits for the job, and checks its results.
fn finish(grid: &Grid, job: JobNumber) {
    let expected = sum(&input()).to_le_bytes();
    let outputs = grid.finish(job);
    let sums: Vec<&Vec<u8>> =
        outputs.iter().filter(|(name, _)| name.ends_with("stdout")).map(|(_, sum)| sum).collect();
    assert_eq!(sums, vec![&expected.to_vec(); UNITS]);
}

/// Whom a worker of one project knows.
pub(crate) fn peers(grid: &Grid, worker: &str) -> Value {
    grid.json(&["peers", "--data", &grid.text(worker), "--json"])[0].clone()
}

/// What a worker got from the coordinator, whole or in pieces.
fn from_coordinator(grid: &Grid, worker: &str) -> u64 {
    let view = peers(grid, worker);
    let of_peers = view["peers"].as_array().unwrap().iter();
    let pieces = of_peers.filter(|peer| peer["role"] == "coordinator");
    let pieces: u64 = pieces.filter_map(|peer| peer["received_bytes"].as_u64()).sum();
    pieces + view["whole_bytes"].as_u64().unwrap()
}

/// Whether others can dial a worker.
pub(crate) fn is_reached(grid: &Grid, worker: &str) -> bool {
    peers(grid, worker)["reached_at"].is_string()
}

#[test]
fn three_workers_take_about_one_copy_from_the_coordinator() {
    let mut grid = Grid::start();
    for name in WORKERS {
        grid.add_worker(name, name, "");
    }
    grid.wait_until(|grid| WORKERS.iter().all(|name| is_reached(grid, name)));
    let job = submit(&grid, WORKERS.len());
    finish(&grid, job);
    let sent: u64 = WORKERS.iter().map(|name| from_coordinator(&grid, name)).sum();
    assert!(sent >= INPUT_BYTES, "{sent}");
    assert!(sent <= INPUT_BYTES * 3 / 2 + AROUND_BYTES, "{sent}");
    for name in WORKERS {
        assert_eq!(sharing(&grid, name)["mode"], "lan");
        // Links stay for others that may come.
        grid.wait_until(|grid| sharing(grid, name)["linked"].as_u64() >= Some(1));
        // It is brought up to date once a second.
        grid.wait_until(|grid| {
            let in_all = &sharing(grid, name)["in_all"];
            [&in_all["given_bytes"], &in_all["taken_bytes"]] == with_workers(grid, name).each_ref()
        });
    }
    let taken = WORKERS.iter().filter_map(|name| with_workers(&grid, name)[1].as_u64());
    assert!(taken.sum::<u64>() >= INPUT_BYTES, "most came from each other");
}

/// What a worker shows of its dealings with others beside all else.
fn sharing(grid: &Grid, worker: &str) -> Value {
    let data = grid.text(worker);
    grid.json(&["worker", "status", "--data", &data, "--json"])["sharing"].clone()
}

/// What went to other workers, and came from them, each counted alone.
fn with_workers(grid: &Grid, worker: &str) -> [Value; 2] {
    let view = peers(grid, worker);
    let sum = |of: &str| -> u64 {
        let of_peers = view["peers"].as_array().unwrap().iter();
        of_peers.filter(|it| it["role"] == "worker").filter_map(|it| it[of].as_u64()).sum()
    };
    [sum("sent_bytes").into(), sum("received_bytes").into()]
}

#[test]
fn workers_that_share_nothing_take_a_copy_each() {
    let mut grid = Grid::start();
    for name in WORKERS {
        grid.add_worker(name, name, "[peers]\nmode = \"off\"\n");
    }
    let job = submit(&grid, WORKERS.len());
    finish(&grid, job);
    for name in WORKERS {
        assert!(from_coordinator(&grid, name) >= INPUT_BYTES, "{name}");
        assert_eq!(peers(&grid, name)["mode"], "off");
        assert_eq!(sharing(&grid, name)["mode"], "off");
    }
}

/// Two workers of one network, the second of which has been there before: it asks its neighbour, and not the coordinator.
#[test]
fn a_second_worker_of_a_network_takes_nothing_from_outside() {
    let mut grid = Grid::start();
    grid.add_worker("ada", "ada", "");
    grid.wait_until(|grid| is_reached(grid, "ada"));
    let job = submit(&grid, 1);
    finish(&grid, job);
    acquaint(&grid, "grace", "ada");
    grid.add_worker("grace", "grace", "");
    let again = submit(&grid, 2);
    finish(&grid, again);
    let taken = from_coordinator(&grid, "grace");
    assert!(taken <= AROUND_BYTES, "{taken}");
}

/// A worker that has answered before is asked first, and turns out to be a liar: it is named, and the blob comes from the
/// coordinator.
#[test]
fn a_worker_that_sends_wrong_bytes_is_named_and_not_asked_again() {
    let mut grid = Grid::start();
    let poisoner = Poisoner::start();
    remember(&grid.path("ada"), &poisoner.key, &poisoner.address);
    grid.add_worker("ada", "ada", "");
    let job = submit(&grid, 1);
    finish(&grid, job);
    let view = peers(&grid, "ada");
    let of_peers = view["peers"].as_array().unwrap();
    let liar = of_peers.iter().find(|peer| peer["key"] == poisoner.key.as_str()).unwrap();
    assert_eq!((&liar["is_blamed"], &liar["known_from"]), (&true.into(), &"disk".into()), "{liar}");
    let table = grid.ok(&["peers", "--data", &grid.text("ada")]);
    assert!(table.contains("sent wrong bytes: shunned"), "{table}");
}

#[test]
fn who_asks_for_peers_without_a_worker_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &["peers"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), String::new()));
    assert!(stderr(&output).contains("no worker runs on the data folder"), "{}", stderr(&output));
}

/// Lets a worker that is yet to start know one that runs.
pub(crate) fn acquaint(grid: &Grid, worker: &str, other: &str) {
    let at = peers(grid, other)["reached_at"].as_str().unwrap().to_owned();
    let key = Identity::load_or_create(&grid.path(&format!("{other}/key"))).unwrap();
    remember(&grid.path(worker), &key.public_key().to_string(), &at);
}

/// Writes down, as a worker would, that somebody has answered a minute ago.
fn remember(folder: &Path, key: &str, address: &str) {
    #[expect(clippy::disallowed_methods, reason = "workers go by the clock of the world")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let linked_at = now.as_millis() - 60_000;
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("peers"), format!("{key} {address} {linked_at} -\n")).unwrap();
}
