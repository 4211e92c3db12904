//! The house rules, as far as a machine can read them, for the whole repository.
#![expect(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]
#![expect(
    clippy::disallowed_methods,
    reason = "the core does no I/O, but this test reads the repository"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Longest source file, in lines.
const LINES_MAX: usize = 500;

/// Words that say nothing about a file's duty.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "misc", "manager", "imp"];

/// All that the core may be built from: what it asks for, and what that pulls in.
const CORE_DEPENDENCIES: &[&str] = &[
    "arrayref",
    "arrayvec",
    "blake3",
    "cc",
    "cfg-if",
    "constant_time_eq",
    "cpufeatures",
    "find-msvc-tools",
    "libc",
    "manyhands-core",
    "ppv-lite86",
    "proc-macro2",
    "quote",
    "rand_chacha",
    "rand_core",
    "shlex",
    "syn",
    "thiserror",
    "thiserror-impl",
    "unicode-ident",
    "zerocopy",
    "zerocopy-derive",
];

/// A file of the repository, relative to its root.
struct Source {
    path: PathBuf,
    text: String,
}

#[test]
fn rust_files_are_short_and_say_their_duty() {
    check(&sources(&["rs"]), |source| {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            return Some(format!("{lines} lines; the most is {LINES_MAX}"));
        }
        (!source.text.starts_with("//!"))
            .then(|| "the first line must say its duty, after `//!`".to_owned())
    });
}

#[test]
fn file_names_say_something() {
    check(&sources(&["rs"]), |source| {
        let stem = source.path.file_stem()?.to_str()?;
        if stem == "mod" {
            return Some("write `name.rs` beside `name/`".to_owned());
        }
        EMPTY_NAMES.contains(&stem).then(|| format!("`{stem}` says nothing about its duty"))
    });
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    check(&sources(&["rs", "proto", "toml", "py", "c", "h"]), |source| {
        let found = marks.iter().find(|mark| source.text.contains(**mark))?;
        Some(format!("`{found}`: do it, or file it"))
    });
}

#[test]
fn exceptions_to_lints_are_expected_with_a_reason() {
    check(&sources(&["rs"]), |source| {
        // Generated code brings lints that only some of it breaks.
        let is_generated = source.path.ends_with("proto/src/lib.rs");
        let has_allow = source.text.lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("#[allow(") || line.starts_with("#![allow(")
        });
        let advice = "use `#[expect(lint, reason = \"…\")]`";
        (has_allow && !is_generated).then(|| advice.to_owned())
    });
}

#[test]
fn lines_end_where_their_text_ends() {
    check(&sources(&["rs", "proto", "toml"]), |source| {
        let at = source.text.lines().position(|line| line.ends_with([' ', '\t']))?;
        Some(format!("line {} ends with a blank", at + 1))
    });
}

#[test]
fn the_core_is_built_from_little() {
    let found = dependencies("manyhands-core");
    let is_foreign = |name: &&String| !CORE_DEPENDENCIES.contains(&name.as_str());
    let foreign: Vec<&String> = found.iter().filter(is_foreign).collect();
    assert!(foreign.is_empty(), "the core must not depend on {foreign:?}");
}

#[test]
fn coordinator_and_worker_meet_only_in_the_core_and_on_the_wire() {
    for (one, other) in [("coordinator", "worker"), ("worker", "coordinator")] {
        let found = dependencies(&format!("manyhands-{one}"));
        let foreign = found.iter().find(|name| name.starts_with(&format!("manyhands-{other}")));
        assert_eq!(foreign, None, "{one} must not depend on {other}");
    }
}

#[test]
fn every_folder_is_on_the_map() {
    let Ok(map) = fs::read_to_string(root().join("ARCHITECTURE.md")) else { return };
    let folders = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap());
    for folder in folders.filter(|entry| entry.file_type().unwrap().is_dir()) {
        let name = folder.file_name().into_string().unwrap();
        let is_ours = !name.starts_with('.') && name != "target";
        assert!(
            !is_ours || map.contains(&format!("{name}/")),
            "ARCHITECTURE.md does not name {name}/"
        );
    }
}

/// Fails with every complaint that `complain` has.
fn check(sources: &[Source], complain: impl Fn(&Source) -> Option<String>) {
    assert!(!sources.is_empty(), "no sources were found");
    let complaint =
        |source: &Source| Some(format!("{}: {}", source.path.display(), complain(source)?));
    let complaints: Vec<String> = sources.iter().filter_map(complaint).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every file with one of these endings that belongs to the repository.
fn sources(endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root(), endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            let is_foreign = name.starts_with('.') || name == "target";
            if !is_foreign {
                collect(&path, endings, found);
            }
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if endings.contains(&ending) {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_path_buf();
            found.push(Source { path, text });
        }
    }
}

/// The names of everything that a package is built from.
fn dependencies(package: &str) -> BTreeSet<String> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["tree", "--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}", "--package", package])
        .current_dir(root())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree failed: {message}");
    let listing = String::from_utf8(output.stdout).unwrap();
    listing.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}
