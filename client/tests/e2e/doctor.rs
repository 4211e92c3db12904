//! `manyhands worker doctor`: what a volunteer is told before lending a machine.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::process::{run, stderr, stdout};

/// What the doctor says of a data folder, by name and text; its exit code.
fn findings(profile: &Path, data: &Path, more: &[&str]) -> (Vec<Value>, Option<i32>) {
    let data = data.to_string_lossy();
    let args: Vec<&str> = ["worker", "doctor", "--json", "--data", &data].into_iter().collect();
    let output = run(profile, &[&args, more].concat());
    let said = stdout(&output);
    let found: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|error| {
        panic!("{error}: {said}{}", stderr(&output));
    });
    (found, output.status.code())
}

fn ill(found: &[Value]) -> Vec<&str> {
    let ill = found.iter().filter(|it| it["ok"] == false);
    ill.filter_map(|it| it["name"].as_str()).filter(|name| !name.starts_with("wall")).collect()
}

#[test]
fn the_doctor_names_each_wall_and_what_a_worker_would_lack() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("worker");
    let (found, code) = findings(dir.path(), &data, &[]);
    assert_eq!(ill(&found), Vec::<&str>::new(), "{found:?}");
    assert!(!data.exists(), "looking changes nothing");
    let walls = found.iter().filter(|it| it["name"].as_str().unwrap().starts_with("wall: "));
    let standing: Vec<bool> = walls.map(|it| it["ok"] == true).collect();
    assert_eq!(standing.len(), 4, "{found:?}");
    assert_eq!(code, Some(if standing.iter().all(|it| *it) { 0 } else { 1 }));

    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    // Nobody listens on the port that is reserved for that.
    let nobody = ["--join", "manyhands+plain://127.0.0.1:9/"];
    let (found, code) = findings(dir.path(), &data, &nobody);
    assert_eq!(ill(&found), ["data folder", "coordinator"], "{found:?}");
    assert_eq!(code, Some(1));

    let (found, code) = findings(dir.path(), &data, &["--slot-command", "/bin/true"]);
    assert_eq!(ill(&found), ["slot", "data folder"], "{found:?}");
    assert_eq!(code, Some(1));
}
