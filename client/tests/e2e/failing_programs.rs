//! Programs that fail: the scientist reads why, and the grid goes on.

use std::fs;

use crate::grid::{Grid, example, files};
use crate::process::{stderr, stdout};

/// Does what its argument says: each way of failing is one unit of one job.
const MODULE: &str = include_str!("failing.wat");

#[test]
fn a_program_that_fails_says_why_in_every_unit() {
    let grid = Grid::with_workers(&["ada", "grace"]);
    fs::write(grid.path("failing.wasm"), wat::parse_str(MODULE).unwrap()).unwrap();
    let job_file = grid.path("job.toml");
    let text = "name = \"failing\"\nmodule = \"failing.wasm\"\nargs = [\"{how}\"]\nmemory = \"1 MiB\"\n\
        [limits]\ncpu = \"1 s\"\noutput = \"1 KiB\"\n\
        [[axis]]\nname = \"how\"\nvalues = [\"ok\", \"trap\", \"exit\", \"write\", \"loop\", \"memory\"]\n";
    fs::write(&job_file, text).unwrap();
    let job = grid.submit(&job_file);

    // Watching ends with the job, and says by its exit code that not all is well.
    let watched = grid.run(&["watch", &job.0.to_string()]);
    assert_eq!(watched.status.code(), Some(1));
    assert!(stderr(&watched).contains("5 failed"), "{}", stderr(&watched));

    let table = String::from_utf8(grid.fetch(job)["results.csv"].clone()).unwrap();
    let line = |how: &str| {
        let found = table.lines().find(|line| line.contains(&format!(",{how},")));
        found.unwrap_or_else(|| panic!("no {how} in {table}")).to_owned()
    };
    assert!(line("ok").contains(",done,stdout,"));
    assert!(line("trap").contains("unreachable"));
    assert!(line("exit").contains("exited with code 3"));
    assert!(line("write").contains("output bytes"));
    assert!(line("loop").contains("CPU time"));
    assert!(line("memory").contains("unreachable"));

    // The workers are as good as before.
    let next = grid.submit(&example("geng/job.toml"));
    let fetched = grid.finish(next);

    // A file that is not what the coordinator has is replaced, and named.
    let changed = fetched.keys().find(|file| *file != "results.csv").unwrap();
    let dir = grid.path(&format!("results-{}", next.0));
    fs::write(dir.join(changed), "something else").unwrap();
    let again = grid.run(&["fetch", &next.0.to_string(), "--to", &dir.to_string_lossy()]);
    let said = stdout(&again) + &stderr(&again);
    assert!(said.contains("1 files changed"), "{said}");
    assert!(said.contains(&format!("{changed} is not what was fetched before")), "{said}");
    assert_eq!(files(&dir), fetched);
}
