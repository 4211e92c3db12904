//! A worker's first run: nothing happens before someone has agreed.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;

use serde_json::Value;

use crate::grid::Grid;
use crate::process::{Process, run, stderr, stdout};

/// The lines of the file that keeps consent.
fn records(data: &Path) -> Vec<Value> {
    let text = fs::read_to_string(data.join("consent.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A process whose question was answered, and its terminal, which must outlive it.
pub(crate) struct Asked {
    pub(crate) process: Process,
    pub(crate) screen: String,
    pub(crate) _terminal: File,
}

/// Shows the question at a terminal, gives the answer, and the screen up to there.
pub(crate) fn answer(args: &[&str], answer: &str) -> Asked {
    let (process, mut terminal) = Process::at_terminal(args);
    let mut screen = Vec::new();
    while !screen.ends_with(b"[y/N] ") {
        let mut some = [0; 1024];
        let count = terminal.read(&mut some).expect("the question comes");
        screen.extend_from_slice(&some[..count]);
    }
    terminal.write_all(answer.as_bytes()).unwrap();
    Asked { process, screen: String::from_utf8(screen).unwrap(), _terminal: terminal }
}

#[test]
fn nothing_happens_before_someone_agrees() {
    let grid = Grid::start();
    let invite = grid.invite(&["--role", "worker"]);
    let folder = grid.path("worker");
    let data = folder.to_string_lossy();
    let args = ["worker", "--join", &invite, "--data", &data, "--slots", "1"];

    // Nobody is there to ask.
    let output = run(&grid.path("volunteer"), &args);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("--yes"), "{}", stderr(&output));
    assert!(!folder.exists() && !grid.path("volunteer").exists());

    // Somebody is, and does not want to.
    let Asked { process, screen, _terminal } = answer(&args, "n\n");
    for told in ["sandbox", "W more", "kWh", "network address", "Ctrl-C", "worker leave"] {
        assert!(screen.contains(told), "{told}: {screen}");
    }
    assert!(screen.lines().count() < 24, "{screen}");
    assert_eq!(process.end(), Some(1));
    assert!(!folder.exists());
    assert_eq!(grid.hosts(), serde_json::json!([]), "no host has joined");

    // The invite is still good, once somebody wants to.
    let Asked { process, _terminal, .. } = answer(&args, "y\nall\noff\n");
    process.wait_for(|line| line.starts_with("connected"));
    assert_eq!(process.terminate(), Some(0));
    let kept = records(&folder);
    assert_eq!((kept.len(), &kept[0]["how"], &kept[0]["version"]), (1, &"asked".into(), &2.into()));
    let key = invite.split(['#', '.']).find(|part| part.len() == 52).unwrap();
    assert_eq!(kept[0]["project"], key);
    // They were also asked with whom inputs are exchanged, until the answer was one.
    let settings = fs::read_to_string(folder.join("settings.toml")).unwrap();
    assert!(settings.contains("[peers]\nmode = \"off\""), "{settings}");

    // From then on it stands.
    let process = Process::start(&args);
    process.wait_for(|line| line.starts_with("connected"));
    assert_eq!(process.terminate(), Some(0));
    assert_eq!(records(&folder), kept);
}

#[test]
fn whoever_leaves_does_not_come_back_by_a_flag() {
    let grid = Grid::start();
    let invite = grid.invite(&["--role", "worker"]);
    let folder = grid.path("worker");
    let data = folder.to_string_lossy();
    let start = ["worker", "--yes", "--join", &invite, "--data", &data, "--slots", "1"];
    let leave = || run(&grid.path("volunteer"), &["worker", "leave", "--data", &data]);

    let process = Process::start(&start);
    process.wait_for(|line| line.starts_with("connected"));
    assert_eq!(records(&folder)[0]["how"], "--yes");
    let output = leave();
    assert_eq!(output.status.code(), Some(1), "it still computes");
    assert!(stderr(&output).contains("another worker uses"), "{}", stderr(&output));
    assert_eq!(process.terminate(), Some(0));

    let output = leave();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("withdrawn for "), "{}", stdout(&output));
    let kept = records(&folder);
    assert_eq!((kept.len(), &kept[1]["event"]), (2, &"withdrawn".into()));
    assert!(stdout(&leave()).starts_with("no consent stands"));

    let output = run(&grid.path("volunteer"), &start);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("was withdrawn"), "{}", stderr(&output));
    let Asked { process, _terminal, .. } = answer(&start, "yes\n\n");
    process.wait_for(|line| line.starts_with("connected"));
    assert_eq!(process.terminate(), Some(0));
    assert_eq!(records(&folder)[2]["how"], "asked");
}

#[test]
fn a_worker_of_old_is_asked_too_and_a_spoilt_record_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = "manyhands+plain://127.0.0.1:9/";
    let data = dir.path().to_string_lossy();
    fs::write(dir.path().join("key"), "of an earlier version").unwrap();
    let args = ["worker", "--join", nobody, "--data", &data];
    let output = run(dir.path(), &args);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nobody has agreed"), "{}", stderr(&output));

    fs::write(dir.path().join("consent.jsonl"), "yes\n").unwrap();
    for args in [&args[..], &["worker", "leave", "--data", &data]] {
        let output = run(dir.path(), args);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("consent.jsonl:1: this is no"), "{}", stderr(&output));
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing was written");
}
