//! The examples, each run twice on grids that know nothing of each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::grid::{Grid, JobNumber, example};

/// Files by name.
pub(crate) type Outputs = BTreeMap<String, Vec<u8>>;

/// Outputs of each example, from one undisturbed run of all of them.
pub(crate) fn undisturbed() -> &'static BTreeMap<&'static str, Outputs> {
    static RUN: OnceLock<BTreeMap<&str, Outputs>> = OnceLock::new();
    RUN.get_or_init(|| run_all(&Grid::with_workers(&["ada", "grace"])))
}

fn run_all(grid: &Grid) -> BTreeMap<&'static str, Outputs> {
    let jobs: [(&str, JobNumber); 3] = [
        ("mersenne", grid.submit(&short_mersenne(grid))),
        ("geng", grid.submit(&example("geng/job.toml"))),
        ("dedoppler", grid.submit(&example("dedoppler/job.toml"))),
    ];
    jobs.into_iter().map(|(name, job)| (name, grid.finish(job))).collect()
}

/// Units of [`short_mersenne`].
pub(crate) const SHORT_UNITS: u64 = 303;

/// The mersenne example up to p = 1,999, a tenth of its work; the demo runs all of it.
pub(crate) fn short_mersenne(grid: &Grid) -> PathBuf {
    let text = mersenne();
    let (head, _) = text.split_once(" 2003,").unwrap();
    written(grid, &format!("{head}]"))
}

/// Against whom answers are sure, where a story is not about that.
const ATTACKERS: &str = "10 % lying, 2 % colluding";

/// The same with a confidence instead of a quorum.
pub(crate) fn confident_mersenne(grid: &Grid, number: usize) -> PathBuf {
    mersenne_against(grid, number, ATTACKERS)
}

/// The same with a confidence against these attackers.
pub(crate) fn mersenne_against(grid: &Grid, number: usize, attackers: &str) -> PathBuf {
    let text = mersenne();
    let (head, _) = text.split_once(" 2003,").unwrap();
    confident(grid, &format!("{head}]"), number, attackers)
}

/// The same with more work than a worker holds at once, half a minute of it: three units for each of some hundred primes,
/// none of which gives one.
pub(crate) fn long_mersenne(grid: &Grid, number: usize) -> PathBuf {
    let text = mersenne();
    let (head, _) = text.split_once("values = [").unwrap();
    let is_prime = |p: &u32| (2..100).all(|divisor| !p.is_multiple_of(divisor));
    let primes: Vec<u32> = (5_000..7_000).filter(is_prime).collect();
    let text = format!("{head}values = {:?}", primes.repeat(3));
    confident(grid, &text, number, ATTACKERS)
}

fn mersenne() -> String {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../tasks/wasm/mersenne.wasm");
    let text = fs::read_to_string(example("mersenne/job.toml")).unwrap();
    text.replace("../../tasks/wasm/mersenne.wasm", module)
}

fn confident(grid: &Grid, text: &str, number: usize, attackers: &str) -> PathBuf {
    let text = text.replace("mersenne-5000", &format!("mersenne-{number}"));
    let text = text.replace("[quorum]\nsize = 2\n", "");
    written(grid, &format!("confidence = \"0.1 against {attackers}\"\n{text}"))
}

fn written(grid: &Grid, text: &str) -> PathBuf {
    let path = grid.path("mersenne.toml");
    fs::write(&path, text).unwrap();
    path
}

/// Of all outputs, those that say what came out.
pub(crate) fn results(outputs: &Outputs) -> Outputs {
    let results = outputs.iter().filter(|(name, _)| name.ends_with("result.txt"));
    results.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
}

#[test]
fn two_runs_of_each_example_give_the_same_bytes() {
    let again = run_all(&Grid::with_workers(&["emmy", "sofia"]));
    // Not compared as a whole: a difference would print megabytes.
    for (name, outputs) in undisturbed() {
        assert!(outputs.len() > 1, "{name}");
        assert!(outputs == &again[name], "{name} gave other outputs");
    }
}

#[test]
fn an_unmodified_c_program_lists_every_graph_once() {
    let outputs = &undisturbed()["geng"];
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    let lists = outputs.iter().filter(|(name, _)| name.ends_with("stdout"));
    let graphs: Vec<String> = lists
        .flat_map(|(_, list)| text(list).lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    // The number of connected graphs with 9 vertices (OEIS A001349).
    assert_eq!(graphs.len(), 261_080);
    assert_eq!(graphs.iter().collect::<BTreeSet<_>>().len(), graphs.len());
}

#[test]
fn a_table_lists_every_unit_with_its_parameters() {
    let outputs = &undisturbed()["mersenne"];
    let table = String::from_utf8(outputs["results.csv"].clone()).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("unit,p,outcome,output,file,size_bytes,blake3"));
    let first: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(first[..5], ["0", "2", "done", "result.txt", "000-result.txt"]);
    assert_eq!(lines.count() as u64, SHORT_UNITS - 1);
    assert_eq!(outputs["000-result.txt"], b"p=2 prime\n");
}
