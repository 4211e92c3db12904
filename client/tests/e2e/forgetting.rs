//! A volunteer sees what is kept of them, and has it erased, here and at the coordinator.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use crate::consent::{Asked, answer};
use crate::grid::{Grid, JobNumber, example, files};
use crate::process::{run, stderr, stdout};

const NICKNAME: &str = "countess";
const VOLUNTEER: &str = "lovelace";

/// A grid in which this volunteer's worker has computed a job with somebody else's.
fn grid() -> (Grid, JobNumber) {
    let mut grid = Grid::start();
    grid.add_worker(NICKNAME, VOLUNTEER, "");
    grid.add_worker("grace", "grace", "");
    let job = grid.submit(&example("geng/job.toml"));
    grid.finish(job);
    (grid, job)
}

/// The volunteer, who knows the folder and nothing else.
struct Volunteer {
    profile: PathBuf,
    data: String,
}

impl Volunteer {
    fn of(grid: &Grid) -> Self {
        Self { profile: grid.path("volunteer"), data: grid.text(NICKNAME) }
    }

    fn says(&self, words: &[&str]) -> Output {
        run(&self.profile, &[&["worker"], words, &["--data", &self.data]].concat())
    }

    fn exports(&self, words: &[&str]) -> Value {
        let output = self.says(&[&["export"], words].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_str(&stdout(&output)).unwrap()
    }
}

/// Whether the coordinator keeps these words in any file.
fn is_kept(grid: &Grid, words: &str) -> bool {
    let files = files(&grid.path("coordinator"));
    files.values().any(|bytes| bytes.windows(words.len()).any(|it| it == words.as_bytes()))
}

fn host<'a>(hosts: &'a Value, id: &Value) -> &'a Value {
    hosts.as_array().unwrap().iter().find(|host| host["id"] == *id).unwrap()
}

#[test]
fn what_is_kept_is_shown_and_erased_on_both_sides() {
    let (mut grid, job) = grid();
    let volunteer = Volunteer::of(&grid);
    for words in [&["export"][..], &["erase", "--yes"]] {
        let output = volunteer.says(words);
        assert_eq!(output.status.code(), Some(1), "it still computes");
        assert!(stderr(&output).contains("another worker uses"), "{}", stderr(&output));
    }
    grid.stop_worker(NICKNAME);

    let kept = volunteer.exports(&[]);
    let (id, there) = (&kept["hosts"][0]["host"], &kept["hosts"][0]["at_coordinator"]);
    assert_eq!(kept["consent"][0]["how"], "--yes");
    assert_eq!((&there["id"], &there["nickname"]), (id, &NICKNAME.into()));
    assert_eq!(
        (&there["volunteer_name"], &there["isa"]),
        (&VOLUNTEER.into(), &std::env::consts::ARCH.into())
    );
    assert!(
        there["valid"].as_u64() > Some(0) && there["credit_micro"].as_u64() > Some(0),
        "{there}"
    );
    assert_eq!(kept["hosts"][0]["not_at_coordinator"], Value::Null);
    assert!(is_kept(&grid, NICKNAME) && is_kept(&grid, VOLUNTEER));
    let paid = grid.paid(job);

    let output = volunteer.says(&["erase"]);
    assert_eq!(output.status.code(), Some(2), "there is nobody to ask");
    assert!(fs::exists(&volunteer.data).unwrap() && is_kept(&grid, NICKNAME), "nothing happened");
    let output = volunteer.says(&["erase", "--yes"]);
    let said = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    let told = format!("the coordinator has forgotten host {id}\nerased {}\n", volunteer.data);
    assert_eq!(said, told);
    assert!(stderr(&output).contains("What stays"), "{}", stderr(&output));
    assert!(!fs::exists(&volunteer.data).unwrap());
    assert_eq!(volunteer.says(&["export"]).status.code(), Some(2), "there is nothing left");

    let hosts = grid.hosts();
    let left = host(&hosts, id);
    assert_eq!((&left["nickname"], &left["slots"]), (&"forgotten".into(), &0.into()));
    assert!(left["forgotten_at_ms"].as_u64() > Some(0), "{left}");
    assert_eq!(left["credit_micro"], there["credit_micro"]);
    let table = grid.ok(&["hosts", "--data", &grid.text("coordinator")]);
    assert!(table.contains("forgotten") && table.contains("grace"), "{table}");
    assert!(!is_kept(&grid, NICKNAME) && !is_kept(&grid, VOLUNTEER));
    assert!(is_kept(&grid, "grace"), "others are not forgotten");

    // What it computed stands, and is paid for.
    assert_eq!(grid.paid(job), paid);
    let receipt = grid.receipt(job);
    assert_eq!((&receipt["volunteers"], &receipt["units"]["done"]), (&2.into(), &10.into()));
    assert!(!receipt.to_string().contains(NICKNAME), "{receipt}");
}

#[test]
fn a_coordinator_that_is_not_there_is_no_reason_to_keep_anything_here() {
    let mut grid = Grid::start();
    grid.add_worker(NICKNAME, VOLUNTEER, "lan = false");
    let volunteer = Volunteer::of(&grid);
    grid.stop_worker(NICKNAME);
    let kept = volunteer.exports(&["--here-only"]);
    assert_eq!(kept["hosts"][0]["at_coordinator"], Value::Null);
    assert_eq!(kept["hosts"][0]["not_at_coordinator"], "it was not asked: --here-only");
    grid.stop_coordinator();

    let kept = volunteer.exports(&[]);
    assert_eq!(
        (&kept["hosts"][0]["host"], &kept["hosts"][0]["at_coordinator"]),
        (&1.into(), &Value::Null)
    );
    assert!(
        kept["hosts"][0]["not_at_coordinator"].as_str().unwrap().contains("cannot reach"),
        "{kept}"
    );
    let output = volunteer.says(&["erase", "--yes"]);
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("not forgotten: cannot reach"), "{said}");
    assert!(said.contains("--join"), "{said}");
    assert!(said.contains("What remains") && said.contains("nickname"), "{said}");
    assert_eq!(stdout(&output), format!("erased {}\n", volunteer.data));
    assert!(!fs::exists(&volunteer.data).unwrap());
}

/// Who wants to be forgotten may not want to lose the key with which that can be asked later.
#[test]
fn whoever_sits_there_decides_whether_the_key_goes_unheard() {
    let mut grid = Grid::start();
    grid.add_worker(NICKNAME, VOLUNTEER, "");
    grid.stop_worker(NICKNAME);
    grid.stop_coordinator();
    let data = grid.text(NICKNAME);
    let erase = ["worker", "erase", "--data", &data];
    let Asked { process, screen, _terminal } = answer(&erase, "y\nn\n");
    assert!(screen.contains("key") && screen.contains("What stays"), "{screen}");
    assert_eq!(process.end(), Some(1));
    assert!(fs::exists(grid.path(NICKNAME).join("key")).unwrap(), "nothing was erased");
    let Asked { process, _terminal, .. } = answer(&erase, "y\ny\n");
    assert_eq!(process.end(), Some(0));
    assert!(!fs::exists(&data).unwrap());
}

/// A copy of the folder is the same host, and that one is forgotten: its worker says so, and computes nothing.
#[test]
fn a_copy_of_the_key_brings_nobody_back() {
    let mut grid = Grid::start();
    grid.add_worker(NICKNAME, VOLUNTEER, "");
    grid.stop_worker(NICKNAME);
    let volunteer = Volunteer::of(&grid);
    let folder = grid.path(NICKNAME);
    let copy = ["key", "consent.jsonl", "spool.db"].map(|name| (name, fs::read(folder.join(name))));
    assert!(volunteer.says(&["erase", "--yes"]).status.success());
    fs::create_dir(&folder).unwrap();
    for (name, bytes) in copy {
        fs::write(folder.join(name), bytes.unwrap()).unwrap();
    }
    // A key that others could read is not taken.
    fs::set_permissions(folder.join("key"), fs::Permissions::from_mode(0o600)).unwrap();
    let worker = grid.restart_worker(NICKNAME);
    let said = worker.wait_for(|line| line.contains("is forgotten"));
    assert!(said.starts_with("no work for now"), "{said}");
    assert!(!is_kept(&grid, NICKNAME) && !is_kept(&grid, VOLUNTEER));
}
