//! Real slots are behind the wall.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;

use manyhands_worker::slots::{Slot, SlotCommand};
use manyhands_worker::wall::Room;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// A slot that is ready, and its folder.
async fn slot() -> (Slot, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut slot = Slot::new(SlotCommand {
        program: env!("CARGO_BIN_EXE_manyhands-slot").into(),
        args: Vec::new(),
        compiled_folder: folder.path().join("compiled"),
        room: Room::default(),
    });
    slot.warm_up().await.unwrap();
    (slot, folder)
}

fn about(slot: &Slot, what: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{}/{what}", slot.process_id().unwrap()))
}

#[tokio::test]
async fn every_thread_is_behind_it() {
    let (slot, _folder) = slot().await;
    let threads: Vec<_> = fs::read_dir(about(&slot, "task")).unwrap().collect();
    assert_eq!(threads.len(), 2, "one that listens, one for guests");
    for thread in threads {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let is = |name: &str, value: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            assert_eq!(line.map(str::trim), Some(value), "{name} in {status}");
        };
        is("NoNewPrivs:", "1");
        is("Seccomp:", "2");
        is("Seccomp_filters:", "2");
    }
}

#[tokio::test]
async fn it_says_what_stands() {
    let (slot, _folder) = slot().await;
    let walls = slot.walls().iter().map(|wall| (wall.name.as_str(), wall.stands));
    assert_eq!(
        walls.collect::<Vec<_>>(),
        [("privileges", true), ("limits", true), ("files", true), ("system calls", true)]
    );
}

/// Neither a file nor another socket of the worker's was left open to it.
#[tokio::test]
async fn nothing_is_open_but_two_pipes_and_a_socket() {
    // The worker's own files close by themselves in its children, but it may have been started with others.
    let inherited = File::open("/dev/null").unwrap();
    fcntl(&inherited, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    let (slot, _folder) = slot().await;
    let open = fs::read_dir(about(&slot, "fd")).unwrap();
    let targets: BTreeSet<_> = open.map(|it| fs::read_link(it.unwrap().path()).unwrap()).collect();
    let kinds = targets.iter().map(|it| it.to_str().unwrap().split(':').next().unwrap());
    assert_eq!(kinds.collect::<Vec<_>>(), ["pipe", "pipe", "socket"], "{targets:?}");
}

#[tokio::test]
async fn limits_are_low_and_cannot_be_raised() {
    let (slot, _folder) = slot().await;
    let limits = fs::read_to_string(about(&slot, "limits")).unwrap();
    for (name, most) in [("Max open files", "64"), ("Max core file size", "0")] {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let both: Vec<_> = line.split_whitespace().take(2).collect();
        assert_eq!(both, [most, most], "{name}");
    }
}
