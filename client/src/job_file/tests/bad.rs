//! What a wrong job file is told.

use super::{COMMAND, Folder};

/// Checks that a job file whose lines 3 and on are `rest` is refused at `line` with `words`.
#[track_caller]
fn check(folder: &Folder, rest: &str, line: usize, words: &str) {
    let error = folder.job(rest).unwrap_err();
    assert_eq!(error.place.line, Some(line), "{error}");
    let text = error.to_string();
    assert!(text.contains(words), "{text}");
    assert!(text.contains("job.toml:"), "{text}");
}

#[test]
fn unknown_keys_are_named() {
    let folder = Folder::new();
    check(&folder, "argz = []", 3, "unknown field `argz`, expected one of `name`");
    check(&folder, "[limits]\ncpus = \"1 h\"", 4, "unknown field `cpus`");
    check(&folder, "[[axis]]\nname = \"p\"\nvalue = [1]", 5, "unknown field `value`");
}

#[test]
fn missing_and_mistyped_keys_are_named() {
    let folder = Folder::new();
    let error = folder.text("module = \"a.wasm\"").unwrap_err().to_string();
    assert!(error.contains("missing field `name`"), "{error}");
    check(&folder, "args = \"x\"", 3, "expected a sequence");
    check(&folder, "kind = \"service\"", 3, "expected `command` or `step`");
    check(&folder, "name = \"again\"", 3, "duplicate key");
    check(&folder, "args = [", 3, "");
}

#[test]
fn quantities_say_their_units() {
    let folder = Folder::new();
    check(&folder, "memory = \"64\"", 3, "memory: `64` has no unit");
    check(&folder, "memory = \"much\"", 3, "memory: `much` does not start with a whole number");
    check(&folder, "[limits]\ndeadline = \"1 fortnight\"", 4, "limits.deadline: `1 fortnight`");
}

#[test]
fn limits_are_told() {
    let folder = Folder::new();
    check(&folder, "memory = \"5 GiB\"", 3, "must be between 65536 and 4294967296");
    check(&folder, "[quorum]\nsize = 0", 4, "it must be between 1 and 16");
    check(&folder, "[quorum]\nsize = 3\nreplicas = 2", 5, "it must be between 3 and 64");
    check(&folder, "[quorum]\nsize = 300", 4, "expected u8");
    check(&folder, "[limits]\nlease = \"1 s\"", 4, "it must be between 10000 and");
    check(&folder, "[limits]\ndeadline = \"2 days\"\nlease = \"3 days\"", 5, "and 172800000");
    check(&folder, &format!("description = \"{}\"", "x".repeat(4_097)), 3, "the most is 4096");
}

#[test]
fn empty_sweeps_are_refused() {
    let folder = Folder::new();
    let empty = "[[axis]]\nname = \"p\"\n";
    check(&folder, &format!("{empty}values = []"), 3, "axis \"p\" has no values");
    check(&folder, &format!("{empty}range = {{ start = 2, end = 1 }}"), 3, "has no values");
    check(
        &folder,
        &format!("{empty}range = {{ start = 1, end = 2, step = 0 }}"),
        3,
        "has no values",
    );
}

#[test]
fn sweeps_above_the_limit_are_refused_without_being_made() {
    let folder = Folder::new();
    let axis = |name: &str, end: i64| {
        format!("[[axis]]\nname = \"{name}\"\nrange = {{ start = 1, end = {end} }}\n")
    };
    let sweep = axis("a", 100_000) + &axis("b", 101);
    check(&folder, &sweep, 3, "make 10100000 work units; the most is 10000000");
    check(&folder, &axis("a", i64::MAX), 3, "the most is 10000000");
}

#[test]
fn axes_are_written_in_one_way_and_used_as_they_are() {
    let folder = Folder::new().put("f.dat", b"f");
    let axis = "[[axis]]\nname = \"p\"\n";
    check(&folder, axis, 3, "give exactly one of `values`, `range` and `files`");
    check(&folder, &format!("{axis}values = [1]\nfiles = \"*\""), 3, "exactly one of");
    check(&folder, &format!("{axis}values = [[1]]"), 5, "an array is no value");
    check(&folder, &format!("args = [\"{{q}}\"]\n{axis}values = [1]"), 3, "axis \"q\"");
    check(&folder, "args = [\"a\",\n\"{q\"]", 4, "is never closed");
    check(&folder, &format!("{axis}values = [1]\n{axis}values = [2]"), 6, "names \"p\" twice");
    let input = "[[input]]\npath = \"x\"\naxis = \"p\"\n";
    check(&folder, &format!("{input}{axis}values = [1]"), 3, "whose values are not files");
    check(&folder, "stdin = { axis = \"p\" }", 3, "which the job does not have");
    check(&folder, "stdin = {}", 3, "exactly one of `file` and `axis`");
}

#[test]
fn files_that_are_not_there_are_named() {
    let folder = Folder::new().put("dir/x", b"x");
    check(&folder, "[[input]]\nfile = \"gone.dat\"", 4, "gone.dat: No such file");
    check(&folder, "[[input]]\nfile = \"dir\"", 4, "is not a file");
    check(&folder, "[[input]]\nfiles = \"*.dat\"", 4, "no file matches `*.dat`");
    check(&folder, "[[axis]]\nname = \"f\"\nfiles = [\"dir/*\", \"*.fil\"]", 5, "`*.fil`");
    check(&folder, "[[input]]\nfiles = \"a[\"", 4, "`a[` is no pattern");
    check(&folder, "[[input]]\npath = \"x\"", 3, "exactly one of `file`, `files` and `axis`");
    check(&folder, "[[input]]\naxis = \"p\"", 3, "`path` is missing");
}

#[test]
fn two_inputs_on_one_path_are_refused() {
    let folder = Folder::new().put("a.dat", b"a").put("b.dat", b"b");
    let inputs =
        "[[input]]\npath = \"x\"\nfile = \"a.dat\"\n[[input]]\npath = \"x\"\nfile = \"b.dat\"\n";
    check(&folder, inputs, 6, "inputs names \"x\" twice");
}

#[test]
fn unsafe_paths_are_refused() {
    let folder = Folder::new().put("a.dat", b"a");
    for path in ["../x", "/x", "a//b", "C:x", ""] {
        check(&folder, &format!("[[input]]\npath = \"{path}\"\nfile = \"a.dat\""), 3, "path");
        check(&folder, &format!("outputs = [\"{path}\"]"), 3, "path");
    }
    check(&folder, "outputs = [\"stdout\"]", 3, "names \"stdout\" twice");
}

#[test]
fn modules_that_cannot_run_are_refused() {
    let wat = |text: &str| wat::parse_str(text).unwrap();
    let module = |bytes: &[u8]| Folder::new().put("a.wasm", bytes);
    let check = |folder: &Folder, words: &str| {
        let error = folder.job("").unwrap_err();
        assert_eq!(error.place.line, Some(2));
        assert!(error.to_string().contains(words), "{error}");
    };
    check(&module(b"#!/bin/sh"), "is not a WebAssembly module");
    check(&module(b""), "is not a WebAssembly module");
    check(&module(&wat(r#"(module (memory (export "memory") 1))"#)), "neither `_start`");
    let imports = r#"(module (import "env" "system" (func)) (memory (export "memory") 1)
        (func (export "_start")))"#;
    check(&module(&wat(imports)), "`env.system`");
    let threads = r#"(module (memory (export "memory") 1 1 shared) (func (export "_start")))"#;
    check(&module(&wat(threads)), "threads");
}

#[test]
fn a_module_has_one_kind_and_enough_memory() {
    let folder = Folder::new();
    check(&folder, "kind = \"step\"", 3, "says `step`, but the module is a command program");
    let large = COMMAND.replace("1)", "32)");
    let folder = folder.put("a.wasm", &wat::parse_str(large).unwrap());
    check(&folder, "memory = \"1 MiB\"", 3, "starts with 2097152 bytes of memory, and 1048576");
}

#[test]
fn a_job_file_that_is_none_is_told_so() {
    let folder = Folder::new().put("other", b"name = \"\xff\"");
    let read = |path: &str| {
        super::JobFile::read(&folder.path().join(path), super::SECRET).unwrap_err().to_string()
    };
    assert!(read("gone.toml").contains("gone.toml: No such file"));
    let program =
        "a.wasm: this is a WebAssembly program; a job file names it, as in `module = \"a.wasm\"`";
    assert!(read("a.wasm").contains(program), "{}", read("a.wasm"));
    assert!(read("other").contains("this is no text from byte 8 on"), "{}", read("other"));
}
