//! What the coordinator signed is checked when there is no coordinator any more.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::grid::{Grid, example};
use crate::process::{run, stderr, stdout};

/// Somebody who never joined, with files that the scientist gave them.
struct Auditor<'a> {
    home: tempfile::TempDir,
    grid: &'a Grid,
}

impl Auditor<'_> {
    fn run(&self, args: &[&str]) -> Output {
        run(self.home.path(), args)
    }

    /// What a check says that must succeed.
    #[track_caller]
    fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        stdout(&output) + &stderr(&output)
    }

    /// Checks that `text` in place of the file is found out, in these words.
    #[track_caller]
    fn refused(&self, args: &[&str], text: impl AsRef<[u8]>, words: &str) {
        let forged = self.grid.path("forged");
        fs::write(&forged, text).unwrap();
        let forged = forged.to_string_lossy();
        let args: Vec<&str> = args.iter().copied().chain([forged.as_ref()]).collect();
        let output = self.run(&args);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("error: ") && said.contains(words), "{said}");
        assert_eq!(stdout(&output), "");
    }
}

/// A grid that has computed a job: its outputs, its receipt and its ledger.
struct Evidence {
    grid: Grid,
    key: String,
    results: PathBuf,
    receipt: PathBuf,
    ledger: PathBuf,
}

fn evidence() -> Evidence {
    let mut grid = Grid::with_workers(&["ada", "grace"]);
    let job = grid.submit(&example("geng/job.toml"));
    grid.finish(job);
    let number = job.0.to_string();
    let (receipt, ledger) = (grid.path("receipt.json"), grid.path("ledger.jsonl"));
    fs::write(&receipt, grid.ok(&["receipt", &number, "--json"])).unwrap();
    let table = grid.ok(&["receipt", &number]);
    assert!(table.contains("10 of 10 units done") && table.contains("ada"), "{table}");
    grid.ok(&["ledger", "export", &ledger.to_string_lossy()]);
    let invite = grid.invite(&["--role", "scientist"]);
    let (_, key) = invite.split_once('#').unwrap();
    let key = key.split('.').next().unwrap().to_owned();
    let results = grid.path(&format!("results-{number}"));
    grid.stop_coordinator();
    Evidence { grid, key, results, receipt, ledger }
}

#[test]
fn receipt_outputs_and_ledger_are_verified_without_a_coordinator() {
    let evidence = evidence();
    let auditor = Auditor { home: tempfile::tempdir().unwrap(), grid: &evidence.grid };
    check_receipt(&evidence, &auditor);
    check_outputs(&evidence, &auditor);
    check_ledger(&evidence, &auditor);
}

fn check_receipt(evidence: &Evidence, auditor: &Auditor<'_>) {
    let (key, file) = (evidence.key.as_str(), evidence.receipt.to_string_lossy());
    let said = auditor.ok(&["verify", &file, "--key", key]);
    assert!(said.contains("10 of 10 units done") && said.contains("as asked for"), "{said}");
    assert!(said.contains("It does not prove"), "{said}");
    // The scientist knows the coordinator, a stranger does not.
    let said = evidence.grid.ok(&["verify", &file]);
    assert!(said.contains("the coordinator that you joined"), "{said}");
    let said = auditor.ok(&["verify", &file]);
    assert!(said.contains("anybody can sign"), "{said}");

    let text = fs::read_to_string(&evidence.receipt).unwrap();
    let receipt: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(receipt["copies"][0], serde_json::json!({"copies": 2, "units": 10}));
    assert_eq!(receipt["coordinator"], key);
    let verify = ["verify"];
    auditor.refused(&verify, text.replace("\"quorum\":2", "\"quorum\":3"), "changed or forged");
    auditor.refused(&verify, &text[..text.len() / 2], "not JSON");
    auditor.refused(&verify, "", "not JSON");
    auditor.refused(&verify, "{}", "no `signature`");
    auditor.refused(&verify, serde_json::to_string_pretty(&receipt).unwrap(), "canonical form");
    auditor.refused(&verify, text.replace("ada", "\u{0}da"), "not JSON");
    auditor.refused(&verify, b"\xff\xfe", "byte 0 is not UTF-8");
    auditor.refused(&verify, vec![b' '; (16 << 20) + 1], "more than 16777216 bytes");
    let other = "743ykupumuvphleiehavf6xwz3czpt4dexkvmbsxltgeky55mfkq";
    auditor.refused(&verify, text.replace(key, other), "changed or forged");
    auditor.refused(&["verify", "--key", other], &text, "not by 743ykupumuvphlei");
    // What is signed for one purpose is worth nothing for another.
    let ledger = fs::read_to_string(&evidence.ledger).unwrap();
    auditor.refused(&verify, ledger.lines().last().unwrap(), "changed or forged");
}

fn check_outputs(evidence: &Evidence, auditor: &Auditor<'_>) {
    let (file, dir) = (evidence.receipt.to_string_lossy(), evidence.results.to_string_lossy());
    let said = auditor.ok(&["verify", &file, "--outputs", &dir]);
    assert!(said.contains("10 files"), "{said}");

    let refused = |words: &str| {
        let output = auditor.run(&["verify", &file, "--outputs", &dir]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    };
    let name = "3-stdout";
    let output = evidence.results.join(name);
    let (table, content) = (evidence.results.join("results.csv"), fs::read(&output).unwrap());
    let whole = fs::read_to_string(&table).unwrap();
    fs::write(&output, "a better result").unwrap();
    refused(name);
    // With the table forged to match, only the receipt's digest tells.
    let line = whole.lines().find(|line| line.contains(name)).unwrap();
    let (head, _) = line.split_once(name).unwrap();
    let digest = manyhands_core::digest::Digest::of(b"a better result");
    fs::write(&table, whole.replace(line, &format!("{head}{name},15,{digest}"))).unwrap();
    refused("these are not the outputs of the receipt");
    fs::write(&output, content).unwrap();
    fs::write(&table, whole.replace(&format!("{line}\n"), "")).unwrap();
    refused("9 files");
    fs::write(&table, whole.replace(name, "../3-stdout")).unwrap();
    refused("not a plain relative path");
    fs::remove_file(&table).unwrap();
    refused("results.csv");
    fs::write(&table, whole).unwrap();
    auditor.ok(&["verify", &file, "--outputs", &dir]);
}

fn check_ledger(evidence: &Evidence, auditor: &Auditor<'_>) {
    let (key, file) = (evidence.key.as_str(), evidence.ledger.to_string_lossy());
    let said = auditor.ok(&["ledger", "verify", &file, "--key", key]);
    assert!(said.contains("20 rows, none missing or changed"), "{said}");
    assert!(said.contains("VOLUNTEER") && said.contains("TAKEN BACK"), "{said}");

    let text = fs::read_to_string(&evidence.ledger).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let verify = ["ledger", "verify"];
    let shorter = joined(&[&lines[..19], &lines[20..]].concat());
    auditor.refused(&verify, shorter, "line 20: the signed head names 20 rows");
    auditor.refused(&verify, joined(&lines[..20]), "ends after row 20, without the signed head");
    let mut swapped = lines.clone();
    swapped.swap(4, 5);
    auditor.refused(&verify, joined(&swapped), "line 5, row 6: it has number 6 where 5 is next");
    let forged = text.replacen("\"host\":2", "\"host\":1", 1);
    auditor.refused(&verify, forged, "its chain is not the hash");
    let other = "743ykupumuvphleiehavf6xwz3czpt4dexkvmbsxltgeky55mfkq";
    auditor.refused(&verify, text.replace(key, other), "line 21: the signature is not one of");
    auditor.refused(&["ledger", "verify", "--key", other], &text, "not by 743ykupumuvphlei");
    auditor.refused(&verify, "x".repeat(1 << 20), "line 1: it has more than 1024 bytes");
    auditor.refused(&verify, b"\xff\n", "line 1: byte 0 is not UTF-8");
    auditor.refused(&verify, text.clone() + lines[0], "line 22: nothing may follow");
    let gone = Path::new("no/such/file").to_string_lossy();
    assert_eq!(auditor.run(&["ledger", "verify", &gone]).status.code(), Some(2));
}

#[test]
fn only_who_joined_may_have_ledger_and_receipts() {
    let grid = Grid::start();
    let stranger = tempfile::tempdir().unwrap();
    fs::copy(grid.path("profile/coordinator"), stranger.path().join("coordinator")).unwrap();
    for args in [&["ledger", "export", "x.jsonl"][..], &["receipt", "1"]] {
        let output = run(stranger.path(), args);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("join or enrol first"), "{}", stderr(&output));
    }
    // The operator needs no invite, and a ledger without rows is one.
    let (data, file) = (grid.path("coordinator"), grid.path("empty.jsonl"));
    let (data, file) = (data.to_string_lossy(), file.to_string_lossy());
    grid.ok(&["ledger", "export", &file, "--data", &data]);
    let said = grid.ok(&["ledger", "verify", &file]);
    assert!(said.contains("0 rows"), "{said}");
}
