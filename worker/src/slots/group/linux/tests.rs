//! Looking and dividing on a tree of plain files. What only a kernel can show is in `worker/tests/group`.

use tempfile::TempDir;

use super::*;
use crate::slots::Priority;

const SHARE: Share = Share { priority: Priority::Lowest, memory_bytes: 3 << 30 };

/// A folder that looks like the control group of process 4711.
fn group() -> TempDir {
    let group = tempfile::tempdir().unwrap();
    let files = [
        (PROCESSES, "4711\n"),
        (GIVEN, "memory\n"),
        ("cgroup.type", "domain\n"),
        ("cgroup.controllers", "cpu io memory pids\n"),
    ];
    for (file, text) in files {
        fs::write(group.path().join(file), text).unwrap();
    }
    group
}

fn folders(group: &TempDir) -> usize {
    let entries = fs::read_dir(group).unwrap().map(Result::unwrap);
    entries.filter(|entry| entry.file_type().unwrap().is_dir()).count()
}

#[test]
fn a_group_is_looked_at_and_not_changed() {
    let group = group();
    let folder = group.path().to_owned();
    let whole = look_at(&folder, 4711).unwrap();
    assert_eq!(whole.controllers, ["cpu", "io", "memory", "pids"]);
    assert_eq!(look_at(&folder, 4712), Err(Obstacle::Shared(folder.clone())));
    assert_eq!(folders(&group), 0);
    // Who may not write a file sees it as little as who has none: tests may run as root.
    for file in [GIVEN, PROCESSES] {
        fs::remove_file(folder.join(file)).unwrap();
        assert_eq!(look_at(&folder, 4711), Err(Obstacle::NotDelegated(folder.clone())));
    }
}

#[test]
fn what_cannot_be_divided_stays_as_it_was() {
    let group = group();
    let whole = look_at(group.path(), 4711).unwrap();
    // In a plain folder, a new one has no file to move processes with.
    let refused = Division::of(&whole, 4711, SHARE).unwrap_err();
    assert!(matches!(&refused, Obstacle::Refused { what, .. } if what.contains(PROCESSES)));
    assert_eq!(folders(&group), 0);
}

#[test]
fn groups_of_a_worker_that_is_gone_are_removed_and_no_others() {
    let group = group();
    let gone = ["manyhands-worker-12", "manyhands-slots-12"];
    let kept = ["init.scope", "manyhands-slots-", "manyhands-worker-13", "manyhands-slots-13"];
    for name in gone.into_iter().chain(kept) {
        fs::create_dir(group.path().join(name)).unwrap();
    }
    let alive = group.path().join("manyhands-worker-13/cgroup.events");
    fs::write(alive, "populated 1\nfrozen 0\n").unwrap();
    ending::sweep(group.path());
    let left = |name: &&str| group.path().join(name).exists();
    assert!(!gone.iter().any(left) && kept.iter().all(left), "{:?}", files(group.path()));
}

#[test]
fn a_file_that_takes_nothing_does_not_keep_the_others_from_it() {
    let group = group();
    let [worker, slots] = plan::names(4711).map(|name| group.path().join(name));
    fs::create_dir(&slots).unwrap();
    for file in ["io.weight", "memory.high"] {
        fs::write(slots.join(file), "").unwrap();
    }
    // A folder cannot be written.
    fs::create_dir(slots.join("cpu.idle")).unwrap();
    let whole = look_at(group.path(), 4711).unwrap();
    let folder = whole.folder.clone();
    let mut division = Division { whole: folder, worker, slots, process: 4711, given: Vec::new() };
    division.share_out(&whole, SHARE);
    let written = |file: &str| fs::read_to_string(division.slots().join(file)).unwrap();
    assert_eq!(["io.weight", "memory.high"].map(written), ["1", "3221225472"]);
    assert_eq!(division.given, ["cpu", "io"], "memory was given already");
}
