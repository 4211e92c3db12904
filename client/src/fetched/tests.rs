//! Folders as a fetch leaves them, and as others do.

use std::fs;

use super::*;
use crate::layout::csv_line;

/// A folder with two files and a unit that failed.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("0-a.txt"), "x").unwrap();
    fs::write(dir.path().join("2-a.txt"), "").unwrap();
    let (x, empty) = (Digest::of(b"x").to_string(), Digest::of(b"").to_string());
    write(
        &dir,
        &[
            &["unit", "p", "outcome", "output", "file", "size_bytes", "blake3"],
            &["0", "1,5\n", "done", "a.txt", "0-a.txt", "1", &x],
            &["1", "\"", "failed: it said, \"no\"", "", "", "", ""],
            &["2", "", "done", "a.txt", "2-a.txt", "0", &empty],
        ],
    );
    dir
}

fn write(dir: &tempfile::TempDir, records: &[&[&str]]) {
    let lines: Vec<String> = records.iter().map(|record| csv_line(record) + "\n").collect();
    fs::write(dir.path().join(INDEX_FILE), lines.concat()).unwrap();
}

#[test]
fn a_fetched_folder_has_the_digest_of_its_outputs() {
    let mut results = Results::default();
    results.add(0, "a.txt", &Digest::of(b"x"), 1);
    results.add(2, "a.txt", &Digest::of(b""), 0);
    assert_eq!(digest(folder().path()).unwrap(), results.digest());
}

#[test]
fn a_changed_or_missing_file_is_named() {
    let dir = folder();
    let path = dir.path().join("0-a.txt");
    for other in ["y", "xx", ""] {
        fs::write(&path, other).unwrap();
        assert!(matches!(digest(dir.path()), Err(FetchedError::Changed(named)) if named == path));
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(digest(dir.path()), Err(FetchedError::Io { .. })));
}

#[test]
fn a_table_that_no_fetch_wrote_is_refused_where_it_is_wrong() {
    let dir = folder();
    let whole = fs::read_to_string(dir.path().join(INDEX_FILE)).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        fs::write(dir.path().join(INDEX_FILE), whole.replacen(from, to, 1)).unwrap();
        match digest(dir.path()) {
            Err(FetchedError::Table { line, what, .. }) => (line, what),
            other => panic!("{from} to {to}: {other:?}"),
        }
    };
    assert_eq!(refused("unit,p", "p,unit").0, 1);
    assert!(refused("0-a.txt", "../0-a.txt").1.contains("not a plain relative path"));
    assert!(refused("2,,done", "0,,done").1.contains("out of order"));
    assert!(refused(",done,", ",perhaps,").1.contains("outcome"));
    assert!(refused("2,,done", "2,done").1.contains("6 cells"));
    assert!(refused("2,,done", "two,,done").1.contains("`unit`"));
    assert!(refused("failed", &"f".repeat(70_000)).1.contains("too long"));
    let (cut, _) = whole.split_at(whole.len() - 1);
    let cut = cut.to_owned();
    assert!(refused(&whole, &cut).1.contains("in the middle"));
}
