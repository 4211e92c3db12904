//! The demonstration, as people run it.

use std::process::Command;

use crate::process::{Process, stderr, stdout};

#[test]
fn a_stopped_demo_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let demo = Process::start_in(home.path(), &["demo"]);
    demo.wait_for(|line| line.contains("of 669 units"));
    assert_eq!(demo.terminate(), Some(1));
    // Its folder is gone, and so are its processes: they would still write there.
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn the_demo_finds_the_primes_and_catches_the_liar() {
    let home = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_manyhands"));
    let output = demo.arg("demo").env("TMPDIR", home.path()).output().unwrap();
    let text = stdout(&output);
    assert!(output.status.success(), "{text}{}", stderr(&output));
    assert!(
        text.contains("2 3 5 7 13 17 19 31 61 89 107 127 521 607 1279 2203 2281 3217 4253 4423")
    );
    assert!(text.contains("exactly the 20 Mersenne primes"), "{text}");
    assert!(text.contains("mallory lied"), "{text}");
    // Of its folder only the results are left.
    let left = crate::grid::files(home.path());
    assert_eq!(left.len(), 669 + 1);
    assert!(left.keys().all(|file| file.contains("/results/")));
}
