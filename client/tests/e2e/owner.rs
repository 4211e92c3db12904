//! A person and their machine: what stops a worker, what it says about that, and what it can be told.

use std::fs;

use crate::grid::Grid;
use crate::process::{run, stderr, stdout};

#[test]
fn a_worker_stops_for_its_owner_and_says_why() {
    let mut grid = Grid::start();
    let sensors = grid.text("sensors");
    fs::write(&sensors, "idle = 600\n").expect("the sensors are written");
    grid.add_governed_worker("ada", "ada", &format!("sensors_from = {sensors:?}"));
    let (profile, data) = (grid.path("profile"), grid.text("ada"));
    let say = |words: &[&str]| {
        let args: Vec<&str> = ["worker"].into_iter().chain(words.iter().copied()).collect();
        run(&profile, &[&args[..], &["--data", &data]].concat())
    };

    assert_eq!(stdout(&say(&["pause"])), "paused: you said so\n");
    grid.worker("ada").wait_for(|line| line == "paused: you said so");
    let status = stdout(&say(&["status"]));
    assert!(status.starts_with("paused: you said so\n"), "{status}");
    assert!(status.contains("connected to the coordinator"), "{status}");
    assert!(stdout(&say(&["snooze", "2 h"])).starts_with("paused: you said so, for another "));
    assert_eq!(stdout(&say(&["resume"])), "up to 1 program at once\n");
    let log = stdout(&say(&["log", "--days", "1"]));
    assert!(log.contains("you donated 0 s"), "{log}");

    fs::write(&sensors, "idle = 0\n").expect("the sensors are written");
    grid.worker("ada").wait_for(|line| line == "paused: you use this machine");

    for words in [&["snooze", "2"][..], &["snooze", "40 days"], &["log", "--days", "0"]] {
        assert_eq!(say(words).status.code(), Some(2), "{words:?}");
    }
    assert!(stdout(&say(&["finish"])).starts_with("what was begun"));
    grid.worker("ada").wait_for(|line| line.starts_with("stopping"));
}

#[test]
fn who_asks_where_no_worker_runs_is_told_so() {
    let grid = Grid::start();
    let data = grid.text("nowhere");
    let output = run(&grid.path("profile"), &["worker", "status", "--data", &data]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no worker runs on the data folder"), "{}", stderr(&output));
    for words in [&["top"][..], &["worker", "page"], &["worker", "pause"]] {
        let output = run(&grid.path("profile"), &[words, &["--data", &data]].concat());
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(stderr(&output).contains("no worker runs on the data folder"), "{words:?}");
    }
}

#[test]
fn who_wants_to_watch_without_a_terminal_is_told_what_to_do() {
    let mut grid = Grid::start();
    grid.add_worker("ada", "ada", "");
    let output = run(&grid.path("profile"), &["top", "--data", &grid.text("ada")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`manyhands worker status` says the same"), "no terminal");
    assert!(stdout(&output).is_empty(), "nothing is drawn");
}

#[test]
fn a_rule_that_makes_no_sense_is_refused_with_its_place() {
    let grid = Grid::start();
    let config = grid.text("worker.toml");
    let text = "data_dir = \"x\"\n[rules]\nheat = \"when temperature > 80 pause until < 90\"\n";
    fs::write(&config, text).expect("the settings are written");
    let output = run(&grid.path("profile"), &["worker", "--config", &config]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("worker.toml:3:43: the rule `heat`: `until` is on the wrong side"),
        "{said}"
    );
}
