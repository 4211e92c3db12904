//! Programs that nobody wrote for this grid run unmodified.

use manyhands_worker::sandbox::{AppErrorKind, Input, Trap, Unit};

use crate::workbench::{TOUR_C, TOUR_RUST, app_error, load, outputs, run_plain, text, unit};

fn c_unit() -> Unit {
    Unit {
        args: ["tour", "one", "two words"].map(str::to_owned).to_vec(),
        stdin: "some words".into(),
        inputs: vec![Input::new("numbers.txt", "30 -4\n17 17 1000000\n")],
        ..unit()
    }
}

#[test]
fn c_with_wasi_libc() {
    let report = run_plain(&load(TOUR_C), c_unit());
    assert_eq!(text(&report, "out/sorted/numbers.txt"), "-4\n17\n17\n30\n1000000\nend\n");
    let stdout = text(&report, "stdout");
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(
        lines[..15],
        [
            "argument 0: tour",
            "argument 1: one",
            "argument 2: two words",
            "HOME: (none)",
            "word: some",
            "word: words",
            "first line: -4",
            "size of /tmp/moved: 10",
            "/: . .. in out tmp",
            "/in: . .. numbers.txt",
            "/out/sorted: . .. numbers.txt",
            "/tmp: . .. moved",
            "/tmp: . ..",
            "writing an input: Read-only file system",
            "/etc/passwd: No such file or directory",
        ]
    );
    assert!(lines[15].starts_with("/in/../../etc/passwd: "), "{}", lines[15]);
    assert_eq!(lines[16], "time: 1577836800");
    assert!(lines[17].starts_with("rand: "));
    assert_eq!(lines[18], "an hour later: 1577840400");
    assert_eq!(report.log, "done\n");
}

/// Its own failure comes with its own words.
#[test]
fn c_without_its_input() {
    let error = run_plain(&load(TOUR_C), Unit { inputs: Vec::new(), ..c_unit() });
    let error = app_error(&error);
    assert_eq!(error.kind, AppErrorKind::Exit(3));
    assert_eq!(error.message, "/in/numbers.txt: No such file or directory\n");
    assert_eq!(
        error.to_string(),
        "the program exited with code 3; its last words: /in/numbers.txt: No such file or directory"
    );
}

fn rust_unit(argument: &str) -> Unit {
    Unit {
        args: ["tour", argument].map(str::to_owned).to_vec(),
        stdin: "the cat and the dog and the bird".into(),
        inputs: vec![Input::new("data/blob", vec![1, 2, 3]), Input::new("data/a", "")],
        ..unit()
    }
}

#[test]
fn rust_with_std() {
    let report = run_plain(&load(TOUR_RUST), rust_unit("plain"));
    let names: Vec<&str> = outputs(&report).iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["out/blob", "out/deep/er/counts", "stdout"]);
    assert_eq!(text(&report, "out/deep/er/counts"), "5\n");
    let stdout = text(&report, "stdout");
    for line in [
        r#"arguments: ["tour", "plain"], environment: 0"#,
        r#"inputs: ["a", "blob"]"#,
        "gone: Err(NotFound)",
        "elapsed: 5.00",
    ] {
        assert!(stdout.contains(line), "`{line}` is missing in:\n{stdout}");
    }
}

#[test]
fn rust_that_panics() {
    let report = run_plain(&load(TOUR_RUST), rust_unit("panic"));
    let error = app_error(&report);
    assert_eq!(error.kind, AppErrorKind::Trap(Trap::Unreachable));
    assert!(error.message.contains("as asked"), "{}", error.message);
}
