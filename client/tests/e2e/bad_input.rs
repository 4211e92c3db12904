//! Bad input: a named error, exit code 2, and nothing changed.

use std::fs;
use std::process::Output;

use crate::examples::short_mersenne;
use crate::grid::{Grid, example};
use crate::process::{run, stderr, stdout};

/// Checks that a command was refused as bad input, in words.
#[track_caller]
fn refused(output: &Output, words: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("error: ") && said.contains(words), "{said}");
    assert_eq!(stdout(output), "");
}

#[test]
fn wrong_job_files_are_refused_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    let command = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
    let imports = command.replace("(memory", r#"(import "env" "system" (func)) (memory"#);
    let threads = command.replace("1)", "1 1 shared)");
    write("good.wasm", &wat::parse_str(command).unwrap());
    write("imports.wasm", &wat::parse_str(imports).unwrap());
    write("threads.wasm", &wat::parse_str(threads).unwrap());
    let with =
        |function: &str| wat::parse_str(command.replace("(memory", &format!("{function} (memory")));
    let step = command.replace("_start\")", "manyhands_step\") (result i32) i32.const 1");
    let table = "(table 1 funcref) (func $grow (table.set (i32.const 0) (ref.null func))) (memory";
    let locals = "f64 ".repeat(50_000);
    let wide =
        format!("(func $wide (local {locals}) (f64.store (i32.const 0) (f64.sqrt (local.get 0))))");
    write("racy.wasm", &with("(func $racy (drop (i32.atomic.load (i32.const 0))))").unwrap());
    write("tables.wasm", &wat::parse_str(step.replacen("(memory", table, 1)).unwrap());
    write("wide.wasm", &with(&wide).unwrap());
    write("script.wasm", b"#!/bin/sh\n");
    let check = |module: &str, rest: &str, words: &str| {
        let text = format!("name = \"bad\"\nmodule = \"{module}.wasm\"\n{rest}\n");
        write("job.toml", text.as_bytes());
        // Nobody was joined: that it is not asked for shows that the job file comes first.
        let job_file = dir.path().join("job.toml");
        let job_file = job_file.to_string_lossy();
        refused(&run(dir.path(), &["submit", &job_file]), words);
        refused(&run(dir.path(), &["check", &job_file]), words);
    };
    check("script", "", "is not a WebAssembly module");
    check("imports", "", "`env.system`");
    check("imports", "", "at byte 0x");
    check("threads", "", "threads");
    check("racy", "", "`I32AtomicLoad` in function 0 (`racy`) at byte 0x");
    check("tables", "", "`TableSet` in function 0 (`grow`) at byte 0x");
    check("wide", "", "50000 locals in function 0 (`wide`) at byte 0x");
    check("gone", "", "gone.wasm: No such file");
    check("good", "argz = []", "job.toml:3: unknown field `argz`");
    check("good", "[[input]]\nfile = \"gone.dat\"", "job.toml:4: input.file: ");
    check("good", "[[axis]]\nname = \"p\"\nvalues = []", "axis \"p\" has no values");
    let sweep = "[[axis]]\nname = \"p\"\nrange = { start = 1, end = 10000001 }";
    check("good", sweep, "10000001 work units; the most is 10000000");
}

#[test]
fn commands_without_a_coordinator_say_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    refused(&run(dir.path(), &["jobs"]), "run `manyhands join` with the invite you got");
    let data = dir.path().to_string_lossy();
    refused(&run(dir.path(), &["invite", "--data", &data]), "address");
    let gone = "manyhands://127.0.0.1:1/#743ykupumuvphleiehavf6xwz3czpt4dexkvmbsxltgeky55mfkq";
    let output = run(dir.path(), &["join", gone]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot reach 127.0.0.1:1"), "{}", stderr(&output));
}

#[test]
fn wrong_usage_is_refused_like_bad_input() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&["watch", "x"][..], &["join", "http://x"], &["why", "x"], &["frobnicate"]] {
        assert_eq!(run(dir.path(), args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_running_coordinator_refuses_strangers_and_finds_what_it_has() {
    let grid = Grid::start();
    // The same manifest again is the same job.
    let job_file = example("geng/job.toml");
    let first = grid.submit(&job_file);
    let again = grid.json(&["submit", &job_file.to_string_lossy(), "--json"]);
    assert_eq!((&again["job"], &again["existed"]), (&first.0.into(), &true.into()));
    assert_eq!(again["uploaded_blobs"], 0);

    refused(&grid.run(&["jobs", "77"]), "there is no job 77");
    refused(&grid.run(&["why", "1/77"]), "77");

    // A token is good for one role and one use.
    let stranger = tempfile::tempdir().unwrap();
    let worker = grid.invite(&["--role", "worker"]);
    let output = run(stranger.path(), &["join", &worker]);
    assert!(stderr(&output).contains("this invite is for a host"), "{}", stderr(&output));
    let mut forged = grid.invite(&["--role", "scientist"]);
    forged.pop();
    let output = run(stranger.path(), &["join", &forged]);
    assert!(stderr(&output).contains("not known"), "{}", stderr(&output));

    // Another key than the invite's never gets a word.
    let (place, _) = worker.split_once('#').unwrap();
    let wrong = format!("{place}#743ykupumuvphleiehavf6xwz3czpt4dexkvmbsxltgeky55mfkq");
    let output = run(stranger.path(), &["join", &wrong]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("as the invite says"), "{}", stderr(&output));
}

#[test]
fn a_confidence_that_nobody_can_give_is_refused() {
    let grid = Grid::start();
    let text = fs::read_to_string(short_mersenne(&grid)).unwrap();
    let submit_with = |confidence: &str, text: &str| {
        let path = grid.path("sure.toml");
        fs::write(&path, format!("confidence = {confidence:?}\n{text}")).unwrap();
        grid.run(&["submit", &path.to_string_lossy()])
    };
    let both = submit_with("1e-3 against 20 % colluding", &text);
    refused(&both, "quorum.size: leave it out, or `confidence`");
    let text = text.replace("[quorum]\nsize = 2\n", "");
    let submit = |confidence: &str| submit_with(confidence, &text);
    refused(&submit("quite sure"), "sure.toml:1: confidence: `quite sure` is no confidence");
    refused(&submit("1e-10 against 20 % lying"), "finer than 1e-9");
    refused(&submit("1e-3 against 50 % lying"), "must be from 0.0001 % to 45 %");
    refused(&submit("1e-3 against 45 % colluding"), "must be from 0 % to 35 %");
    // Nobody is here who could do it.
    let output = submit("1e-3 against 20 % colluding");
    let said = stderr(&output);
    assert!(said.contains("needs answers of 4 different volunteers"), "{said}");
    assert!(said.contains("hosts of 0 are here"), "{said}");
    assert_eq!(grid.json(&["jobs", "--json"]), serde_json::json!([]), "nothing was submitted");
}

#[test]
fn every_command_has_help_with_an_example() {
    let dir = tempfile::tempdir().unwrap();
    let mut waiting: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(words) = waiting.pop() {
        let args: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        let help = stdout(&run(dir.path(), &args));
        let example = format!("Example: manyhands {}", words.join(" "));
        assert!(help.contains(&example), "{words:?}: {help}");
        waiting.extend(commands(&help).map(|name| [&words[..], &[name.to_owned()]].concat()));
        seen += 1;
    }
    assert!(seen >= 30, "{seen} commands");
}

/// The commands that a help text lists.
fn commands(help: &str) -> impl Iterator<Item = &str> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = listed.map_while(|line| line.strip_prefix("  ")?.split_whitespace().next());
    names.filter(|name| *name != "help")
}

#[test]
fn completions_are_printed_for_every_shell() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(dir.path(), &["completions", shell]);
        assert!(script.status.success() && stdout(&script).contains("manyhands"), "{shell}");
    }
}

#[test]
fn coordinator_records_that_do_not_count_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let (key, other, record) = (path("project.key"), path("other.key"), path("record"));
    let ok = |args: &[&str]| {
        let output = run(dir.path(), args);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let place = "manyhands://127.0.0.1:1/#743ykupumuvphleiehavf6xwz3czpt4dexkvmbsxltgeky55mfkq";
    let sign = |key: &str, more: &[&str]| {
        let args = ["project", "sign", "--key", key, "--coordinator", place, &record];
        let args: Vec<&str> = args.into_iter().chain(more.iter().copied()).collect();
        run(dir.path(), &args)
    };
    refused(&sign(&key, &[]), "project.key is not there");
    assert_eq!(ok(&["project", "key", &key]), ok(&["project", "key", &key]), "a key stays");
    ok(&["project", "key", &other]);
    refused(&sign(&key, &["--expires", "500d"]), "expires_at: is 500 d ahead");
    let plain = ["--coordinator", "manyhands+plain://127.0.0.1:1/"];
    refused(&sign(&key, &plain), "no key to be named by");
    assert!(sign(&key, &["--seq", "5"]).status.success());
    refused(&sign(&key, &["--seq", "5"]), "seq: is 5 where 5 is known");
    refused(&sign(&key, &["--seq", "4"]), "seq: is 4 where 5 is known");
    refused(&sign(&other, &[]), "is a record of another project");
    assert!(ok(&["project", "show", &record]).contains("record 5, counts for"));

    let forged = path("forged");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&forged, text.replace("127.0.0.1", "127.0.0.9")).unwrap();
    refused(&run(dir.path(), &["project", "show", &forged]), "it was changed or forged");
    // A coordinator that it does not name does not even begin to listen.
    let data = path("data");
    let start = |record: &str| {
        let args = ["coordinator", "--listen", "127.0.0.1:0", "--data", &data, "--record", record];
        let output = run(dir.path(), &args);
        assert_eq!((output.status.code(), stdout(&output)), (Some(1), String::new()));
        stderr(&output)
    };
    assert!(start(&record).contains("does not name this coordinator's key"));
    assert!(start(&forged).contains("it was changed or forged"));
    assert!(start(&path("none")).contains("cannot be read"));
}
