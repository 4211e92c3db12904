//! Every scenario runs to its end, again and again the same, and shows what it showed before.
//!
//! A changed report is accepted with `INSTA_UPDATE=always cargo test -p manyhands-sim`, and read in
//! the diff.

#![expect(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

use std::fs;
use std::path::{Path, PathBuf};

use manyhands_sim::catalogue::{ATTACKS, FAULTS};
use manyhands_sim::report::Report;
use manyhands_sim::scenario::Scenario;
use manyhands_sim::world::World;

/// The seed of the snapshots.
const SEED: u64 = 1;

/// Seeds under which each fault scenario has to survive, beside that of its snapshot.
const OTHER_SEEDS: std::ops::Range<u64> = 2..5;

#[test]
fn faults_are_survived_as_before() {
    snapshots("fault");
}

#[test]
fn attacks_gain_what_they_gained_before() {
    snapshots("attack");
}

#[test]
fn faults_are_survived_whatever_the_seed() {
    for path in scenarios("fault") {
        OTHER_SEEDS.for_each(|seed| drop(run(&path, seed)));
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let path = folder().join("fault/everything.toml");
    assert_eq!(run(&path, 7), run(&path, 7));
    assert_ne!(run(&path, 7), run(&path, 8));
}

/// One host answers the first 512 units, which another one gave up: they wait for a third. Units for
/// the first host are only behind them, a bounded look seldom gets there, and nobody calls for them,
/// since nothing changes there; nor do hosts repeat their wishes, which they do every 300 days.
const BEHIND_THE_UNITS_OF_OTHERS: &str = r#"
title = "work that is behind many units that wait for others"
ends_by = "20d"
jobs = [{ units = 530, cost = "1m", lease = "320d", deadline = "360d" }]
hosts = [
    { name = "first", count = 1, slots = 512, heartbeat = "300d", speed = 0.5 },
    { name = "gives up", count = 1, slots = 512, heartbeat = "300d", join_at = "500ms", faults = { given_up = 1.0 } },
    { name = "third", count = 1, slots = 32, heartbeat = "300d", join_at = "800ms" },
]
"#;

#[test]
fn a_host_looks_again_for_work_that_is_behind_the_units_of_others() {
    let scenario = Scenario::parse(BEHIND_THE_UNITS_OF_OTHERS).unwrap();
    for seed in 1..5 {
        let report = World::new(&scenario, seed).and_then(World::run);
        let report = report.unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
        assert_eq!(report.units.done, 530);
    }
}

#[test]
fn a_key_that_is_not_known_is_refused() {
    let text = fs::read_to_string(folder().join("fault/calm.toml")).unwrap();
    let error = Scenario::parse(&format!("speed = 3\n{text}")).unwrap_err().to_string();
    assert!(error.contains("unknown field `speed`"), "{error}");
}

#[test]
fn every_scenario_is_in_the_catalogue() {
    for (kind, entries) in [("fault", FAULTS), ("attack", ATTACKS)] {
        assert_eq!(scenarios(kind).len(), entries.len(), "{kind}");
    }
}

fn snapshots(kind: &str) {
    for path in scenarios(kind) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let report = run(&path, SEED);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{kind}-{name}"), report);
        });
    }
}

/// Runs a scenario; if that fails, says how to have it again.
fn run(path: &Path, seed: u64) -> Report {
    let scenario = Scenario::parse(&fs::read_to_string(path).unwrap());
    let scenario = scenario.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    World::new(&scenario, seed).and_then(World::run).unwrap_or_else(|failure| {
        let path = path.display();
        panic!(
            "{path}, seed {seed}: {failure}\n\
             again: cargo run -p manyhands-sim -- run {path} --seed {seed}"
        )
    })
}

fn scenarios(kind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder().join(kind)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no scenarios in {kind}");
    paths
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}
