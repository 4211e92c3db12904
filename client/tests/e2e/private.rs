//! Private inputs: those who compute with them read them, and nobody keeps them in the clear.

use std::fs;
use std::path::{Path, PathBuf};

use crate::grid::{Grid, JobNumber};
use crate::sharing::{MODULE, sum};

/// What nobody else is to read.
const WORDS: &str = "born 1815-12-10 in London; ";

/// The content of unit `unit`'s file: larger than what travels inside of messages.
fn content(unit: usize) -> Vec<u8> {
    format!("{unit}: {}", WORDS.repeat(5_000)).into_bytes()
}

/// A job whose units read a file each, and one that is the same for all.
fn describe(grid: &Grid, name: &str, is_private: bool) -> PathBuf {
    fs::write(grid.path("sum.wasm"), wat::parse_str(MODULE).unwrap()).unwrap();
    fs::create_dir_all(grid.path("people")).unwrap();
    for unit in 0..2 {
        fs::write(grid.path(&format!("people/{unit}.txt")), content(unit)).unwrap();
    }
    fs::write(grid.path("all.txt"), content(7)).unwrap();
    let text = format!(
        "name = {name:?}\nmodule = \"sum.wasm\"\nmemory = \"2 MiB\"\nprivate = {is_private}\n\
         stdin = {{ axis = \"person\" }}\n[quorum]\nsize = 2\n[[input]]\nfile = \"all.txt\"\n\
         [[axis]]\nname = \"person\"\nfiles = \"people/*.txt\"\n"
    );
    let path = grid.path(&format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    path
}

/// Whether any file below `folder` has the words in the clear.
fn has_words(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return has_words(&path);
        }
        // Sockets cannot be read, and what is gone meanwhile holds nothing.
        let bytes = fs::read(&path).unwrap_or_default();
        bytes.windows(WORDS.len()).any(|window| window == WORDS.as_bytes())
    })
}

fn check_results(grid: &Grid, job: JobNumber) {
    let outputs = grid.finish(job);
    let sums: Vec<&Vec<u8>> =
        outputs.iter().filter(|(name, _)| name.ends_with("stdout")).map(|(_, sum)| sum).collect();
    let expected = [0, 1].map(|unit| sum(&content(unit)).to_le_bytes().to_vec());
    assert_eq!(sums, expected.iter().collect::<Vec<_>>());
}

#[test]
fn private_inputs_are_computed_with_and_kept_in_the_clear_nowhere() {
    let grid = Grid::with_workers(&["ada", "grace"]);
    let job = grid.submit(&describe(&grid, "private", true));
    check_results(&grid, job);
    for folder in ["ada", "grace", "coordinator"] {
        assert!(!has_words(&grid.path(folder)), "{folder}");
    }

    // The same files under the same key are the same job.
    assert_eq!(grid.submit(&grid.path("private.toml")).0, job.0);

    // The same in the clear: the words are found where they were looked for.
    let job = grid.submit(&describe(&grid, "public", false));
    check_results(&grid, job);
    for folder in ["ada", "grace", "coordinator"] {
        assert!(has_words(&grid.path(folder)), "{folder}");
    }
}
