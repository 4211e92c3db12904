//! A worker that has a control group to itself. Skipped, with a line that says so, where this user may make none.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use manyhands_worker::slots::{Obstacle, look};
use serde_json::Value;

use crate::grid::Grid;
use crate::pilots::job_file;
use crate::process::{PATIENCE, Process, in_group, stdout};

/// An empty control group below the one that this test runs in.
struct Ground(PathBuf);

impl Ground {
    /// None where no group can be made.
    fn find(name: &str) -> Option<Self> {
        let below = match look() {
            Ok(whole) => whole.folder,
            // The other tests and whoever runs them.
            Err(Obstacle::Shared(folder)) => folder,
            Err(obstacle) => return skip(&obstacle.to_string()),
        };
        let folder = below.join(format!("manyhands-e2e-{}-{name}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => Some(Self(folder)),
            Err(error) => skip(&format!("{}: {error}", folder.display())),
        }
    }

    /// The group in it whose name begins so.
    fn group(&self, name: &str) -> Option<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap());
        let mut folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
        let found = folders.find(|it| it.file_name().to_string_lossy().starts_with(name));
        found.map(|entry| entry.path())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Only a test that failed leaves groups in it.
        for group in ["manyhands-slots-", "manyhands-worker-"] {
            drop(self.group(group).map(fs::remove_dir));
        }
        // A slot that the doctor started may not have died yet.
        let end = Instant::now() + PATIENCE;
        while fs::remove_dir(&self.0).is_err_and(|error| error.kind() == ErrorKind::ResourceBusy) {
            if Instant::now() > end {
                return;
            }
            thread::yield_now();
        }
    }
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests sees which one did not run")]
fn skip<T>(why: &str) -> Option<T> {
    eprintln!("skipped: {why}");
    None
}

/// The processes of a group, one to a line.
fn processes(group: &Path) -> String {
    fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default()
}

#[test]
fn a_worker_divides_its_group_and_leaves_nothing_behind() {
    let Some(ground) = Ground::find("worker") else { return };
    let grid = Grid::start();
    let job = grid.submit(&job_file(&grid, 3_217));
    let invite = grid.invite(&["--role", "worker"]);
    let [data, config] = ["ada", "ada.toml"].map(|name| grid.text(name));
    // Whatever else runs here must not decide how long this takes.
    let settings =
        "always = true\nslots = 1\npriority = \"inherited\"\nslot_memory = \"256 MiB\"\n";
    fs::write(&config, settings).unwrap();
    let args = ["worker", "--yes", "--config", &config, "--join", &invite, "--data", &data];
    let worker = Process::in_group(&ground.0, &args);
    worker.wait_for(|line| line.starts_with("connected"));
    grid.finish(job);
    let slots = ground.group("manyhands-slots-").unwrap();
    assert_eq!(processes(&slots).lines().count(), 1, "a slot stays when its unit has ended");
    let own = ground.group("manyhands-worker-").unwrap();
    assert_eq!(processes(&own).trim(), worker.id().to_string(), "the worker, and no slot");
    assert_eq!(processes(&ground.0), "");
    assert_eq!(worker.terminate(), Some(0));
    assert_eq!((ground.group("manyhands-slots-"), ground.group("manyhands-worker-")), (None, None));
}

#[test]
fn the_doctor_says_whether_a_worker_would_have_one() {
    let Some(ground) = Ground::find("doctor") else { return };
    let data = ground.0.join("no-data");
    let args = ["worker", "doctor", "--json", "--data", data.to_str().unwrap()];
    let said = |mut command: Command| {
        let output = command.output().unwrap();
        let found: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let found = found.as_array().unwrap();
        let found = found.iter().find(|it| it["name"] == "control group").unwrap();
        assert_eq!(found["ok"], true, "nothing depends on it");
        found["detail"].as_str().unwrap().to_owned()
    };
    let alone = said(in_group(&ground.0, &args));
    assert!(alone.contains(&format!("{} is delegated", ground.0.display())), "{alone}");
    let mut other = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    fs::write(ground.0.join("cgroup.procs"), other.id().to_string()).unwrap();
    let shared = said(in_group(&ground.0, &args));
    drop(other.stdin.take());
    other.wait().unwrap();
    assert!(shared.contains("other programs") && shared.contains("Delegate=yes"), "{shared}");
}
