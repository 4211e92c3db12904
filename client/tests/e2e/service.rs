//! The worker as a service: what is written, printed and removed. No service is started here.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::grid::files;
use crate::process::{stderr, stdout};

const INVITE: &str = "manyhands+plain://127.0.0.1:9/";

/// Runs `manyhands worker` for a user with this home.
fn worker(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manyhands"));
    command.arg("worker").args(args).env("HOME", home).env("XDG_CONFIG_HOME", home.join("config"));
    command.env_remove("MANYHANDS_PROFILE").stdin(Stdio::null());
    command.output().expect("the program runs")
}

fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    stdout(output)
}

#[test]
fn what_would_be_done_is_printed_and_not_done() {
    let home = tempfile::tempdir().unwrap();
    let user = ok(&worker(home.path(), &["install", "--join", INVITE, "--print"]));
    assert!(user.contains("config/systemd/user/manyhands-worker.service (mode 644):"), "{user}");
    assert!(user.contains(&format!("invite = \"{INVITE}\"")), "{user}");
    assert!(user.contains("run: systemctl --user enable --now manyhands-worker.service"), "{user}");
    assert!(!user.contains("DynamicUser"), "{user}");

    let settings = ["install", "--system", "--config", "/etc/lab.toml", "--print"];
    let output = worker(home.path(), &settings);
    assert_eq!(output.status.code(), Some(2), "there is no such file");
    let system = ok(&worker(home.path(), &["install", "--system", "--join", INVITE, "--print"]));
    assert!(system.contains("write /etc/manyhands/worker.toml (mode 600):"), "{system}");
    assert!(system.contains("\nLoadCredential=worker.toml:/etc/manyhands/worker.toml\n"));
    assert!(system.contains("DynamicUser=yes") && system.contains(" worker --yes --config %d/"));
    assert_eq!(files(home.path()).len(), 0, "nothing was done");
}

#[test]
fn a_service_is_installed_after_consent_and_removed_without_a_trace_of_itself() {
    let home = tempfile::tempdir().unwrap();
    let args = ["install", "--join", INVITE, "--nickname", "attic", "--no-start"];
    let output = worker(home.path(), &args);
    assert_eq!(output.status.code(), Some(2), "nobody has agreed");
    assert_eq!(files(home.path()).len(), 0);

    ok(&worker(home.path(), &[&args[..], &["--yes"]].concat()));
    let there = files(home.path());
    let names: Vec<&str> = there.keys().map(String::as_str).collect();
    let [settings, consent, unit] = names[..] else { panic!("{names:?}") };
    assert!(consent.ends_with("config/manyhands/worker/consent.jsonl"), "{consent}");
    assert!(unit.ends_with("config/systemd/user/manyhands-worker.service"), "{unit}");
    let mode = home.path().join(settings).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "an invite is a secret");

    // Again is the same; consent stands.
    ok(&worker(home.path(), &args));
    assert_eq!(files(home.path()), there);

    let data = home.path().join("config/manyhands/worker");
    let printed = ok(&worker(home.path(), &["uninstall", "--no-stop", "--print"]));
    assert!(printed.contains(&format!("remove {}", home.path().join(unit).display())), "{printed}");
    assert_eq!(files(home.path()), there, "printing removes nothing");
    let said = ok(&worker(home.path(), &["uninstall", "--no-stop"]));
    assert!(said.contains(&format!("kept {}", data.display())), "{said}");
    assert_eq!(files(home.path()).keys().collect::<Vec<_>>(), [consent]);

    let output = worker(home.path(), &["uninstall", "--no-stop"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no service is installed"), "{}", stderr(&output));
}

#[test]
fn what_others_wrote_stays() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("config/systemd/user");
    fs::create_dir_all(&folder).unwrap();
    let unit = folder.join("manyhands-worker.service");
    fs::write(&unit, "[Unit]\n").unwrap();
    let install = ["install", "--join", INVITE, "--yes", "--no-start"];
    for args in [&install[..], &["uninstall", "--no-stop"]] {
        let output = worker(home.path(), args);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("was not written by"), "{}", stderr(&output));
    }
    assert_eq!(files(home.path()).len(), 1);
    assert_eq!(fs::read_to_string(unit).unwrap(), "[Unit]\n");
}

#[test]
fn without_systemd_nothing_is_installed() {
    if Path::new("/run/systemd/system").exists() {
        // Here it would really be.
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let output = worker(home.path(), &["install", "--join", INVITE, "--yes"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("systemd does not run here"), "{}", stderr(&output));
    assert_eq!(files(home.path()).len(), 0);
}
