//! The slots' control group, on a real tree of them.
//!
//! Skipped, with a line that says so, where this user may make no groups below the one that the test runs in. Which
//! controllers there are depends on the machine, so what is written for them is tested beside the code.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod ground;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;

use manyhands_worker::slots::{
    Division, Obstacle, Priority, Share, Slot, SlotCommand, Whole, look_at,
};
use manyhands_worker::wall::Room;

use self::ground::{Ground, Process, group_of};

const SHARE: Share = Share { priority: Priority::Lowest, memory_bytes: 8 << 30 };

/// The group of a process that stands for a worker, divided.
fn divide(ground: &Ground, worker: &Process) -> Division {
    ground.take_in(worker);
    let whole: Whole = look_at(ground.folder(), worker.id()).unwrap();
    Division::of(&whole, worker.id(), SHARE).unwrap()
}

#[tokio::test]
async fn slots_are_in_a_group_of_their_own() {
    let Some(ground) = Ground::find() else { return };
    let worker = Process::start();
    let division = divide(&ground, &worker);
    let folder = tempfile::tempdir().unwrap();
    let mut slot = Slot::new(SlotCommand {
        program: env!("CARGO_BIN_EXE_manyhands-slot").into(),
        args: Vec::new(),
        compiled_folder: folder.path().join("compiled"),
        room: Room::default(),
        // Whatever else runs here must not decide how long this takes.
        priority: Priority::Inherited,
        group: Some(division.slots().to_owned()),
    });
    slot.warm_up().await.unwrap();
    let id = slot.process_id().unwrap();
    let name = division.slots().file_name().unwrap().to_str().unwrap();
    for thread in fs::read_dir(format!("/proc/{id}/task")).unwrap() {
        let group = group_of(&thread.unwrap().path());
        assert!(group.ends_with(name), "{group} is not {name}");
    }
    let members = fs::read_to_string(division.slots().join("cgroup.procs")).unwrap();
    assert_eq!(members.trim(), id.to_string());
    assert!(!group_of(&worker.about()).ends_with(name));
}

#[test]
fn what_runs_in_it_ends_with_the_worker() {
    let Some(ground) = Ground::find() else { return };
    let (worker, mut slot) = (Process::start(), Process::start());
    let before = group_of(&worker.about());
    let division = divide(&ground, &worker);
    let own = group_of(&worker.about());
    assert_ne!(own, before, "the worker has moved");
    slot.enter(division.slots());
    // As the governor would: a process that stands still is ended too.
    slot.stop();
    drop(division);
    assert_eq!(slot.end().signal(), Some(nix::libc::SIGKILL));
    assert_eq!(ground.groups(), Vec::<String>::new());
    let after = group_of(&worker.about());
    assert!(own.starts_with(&after) && own != after, "{after}: it is back where it came from");
}

#[test]
fn a_group_with_other_programs_is_left_alone() {
    let Some(ground) = Ground::find() else { return };
    let (worker, other) = (Process::start(), Process::start());
    for process in [&worker, &other] {
        ground.take_in(process);
    }
    let folder = ground.folder().to_owned();
    assert_eq!(look_at(&folder, worker.id()), Err(Obstacle::Shared(folder)));
}

#[test]
fn what_a_killed_worker_left_is_ended_by_the_next_one() {
    let Some(ground) = Ground::find() else { return };
    let (killed, mut left) = (Process::start(), Process::start());
    let division = ground.if_it_may_have_processes(divide(&ground, &killed));
    let Some(division) = division else { return };
    left.enter(division.slots());
    // A worker that is killed puts nothing in order.
    std::mem::forget(division);
    drop(killed);
    assert_eq!(ground.groups().len(), 2);
    let worker = Process::start();
    let division = divide(&ground, &worker);
    assert_eq!(left.end().signal(), Some(nix::libc::SIGKILL));
    assert_eq!(ground.groups().len(), 2, "its own");
    drop(division);
    assert_eq!(ground.groups(), Vec::<String>::new());
}

#[test]
fn two_workers_in_one_group_do_not_touch_each_others() {
    let Some(ground) = Ground::find() else { return };
    let [first, second, mut slot] = [(); 3].map(|()| Process::start());
    let Some(one) = ground.if_it_may_have_processes(divide(&ground, &first)) else { return };
    slot.enter(one.slots());
    let other = divide(&ground, &second);
    assert_ne!(one.slots(), other.slots());
    assert_eq!(ground.groups().len(), 4);
    drop(other);
    assert_eq!(ground.groups().len(), 2);
    assert!(group_of(&slot.about()).contains("manyhands-slots-"), "it goes on");
    drop(one);
    assert_eq!(slot.end().signal(), Some(nix::libc::SIGKILL));
}
