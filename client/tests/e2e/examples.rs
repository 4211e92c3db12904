//! The examples, each run twice on grids that know nothing of each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::grid::{Grid, example};

/// The examples that every grid can run.
const EXAMPLES: [&str; 3] = ["mersenne/job.toml", "geng/job.toml", "dedoppler/job.toml"];

/// Outputs of each example, from one undisturbed run of all of them.
pub(crate) fn undisturbed() -> &'static BTreeMap<&'static str, BTreeMap<String, Vec<u8>>> {
    static RUN: OnceLock<BTreeMap<&str, BTreeMap<String, Vec<u8>>>> = OnceLock::new();
    RUN.get_or_init(|| run_all(&Grid::with_workers(&["ada", "grace"])))
}

fn run_all(grid: &Grid) -> BTreeMap<&'static str, BTreeMap<String, Vec<u8>>> {
    let jobs = EXAMPLES.map(|name| (name, grid.submit(&example(name))));
    jobs.into_iter().map(|(name, job)| (name, grid.finish(job))).collect()
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
    let outputs = &undisturbed()["geng/job.toml"];
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    let lists = outputs.iter().filter(|(name, _)| name.ends_with("stdout"));
    let graphs: Vec<String> =
        lists.flat_map(|(_, list)| text(list).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    // The number of connected graphs with 9 vertices (OEIS A001349).
    assert_eq!(graphs.len(), 261_080);
    assert_eq!(graphs.iter().collect::<BTreeSet<_>>().len(), graphs.len());
}

#[test]
fn a_table_lists_every_unit_with_its_parameters() {
    let outputs = &undisturbed()["mersenne/job.toml"];
    let table = String::from_utf8(outputs["results.csv"].clone()).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("unit,p,outcome,output,file,size_bytes,blake3"));
    let first: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(first[..5], ["0", "2", "done", "result.txt", "000-result.txt"]);
    assert_eq!(lines.count(), 668);
    assert_eq!(outputs["000-result.txt"], b"p=2 prime\n");
}
