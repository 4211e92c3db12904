//! Real slots are behind the wall.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;

use manyhands_worker::slots::{Priority, Slot, SlotCommand};
use manyhands_worker::wall::Room;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// A slot that is ready, and its folder.
async fn slot() -> (Slot, tempfile::TempDir) {
    slot_with(Priority::Lowest).await
}

async fn slot_with(priority: Priority) -> (Slot, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut slot = Slot::new(SlotCommand {
        program: env!("CARGO_BIN_EXE_manyhands-slot").into(),
        args: Vec::new(),
        compiled_folder: folder.path().join("compiled"),
        room: Room::default(),
        priority,
        group: None,
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

/// The worker's own files close by themselves in its children, but it may have been started with others.
#[tokio::test]
async fn what_the_worker_inherited_is_closed() {
    let (mut reader, writer) = io::pipe().unwrap();
    fcntl(&writer, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    let (slot, _folder) = slot().await;
    drop(writer);
    // The end, which comes only when nobody has the other end.
    assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    assert!(slot.process_id().is_some());
}

/// Nice value and scheduling class of each thread of a process.
fn shares_of(tasks: PathBuf) -> BTreeSet<(i32, i32)> {
    let threads = fs::read_dir(tasks).unwrap();
    let share = |thread: io::Result<fs::DirEntry>| {
        let stat = fs::read_to_string(thread.unwrap().path().join("stat")).unwrap();
        let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        // proc(5) counts from 1, and two fields stand before.
        (fields[19 - 3].parse().unwrap(), fields[41 - 3].parse().unwrap())
    };
    threads.map(share).collect()
}

#[tokio::test]
async fn every_thread_takes_what_nobody_else_wants() {
    let (slot, _folder) = slot().await;
    assert_eq!(shares_of(about(&slot, "task")), [(19, nix::libc::SCHED_IDLE)].into());
    let own = shares_of("/proc/self/task".into());
    let (other, _folder) = slot_with(Priority::Inherited).await;
    let inherited = shares_of(about(&other, "task"));
    assert!(inherited.is_subset(&own), "{inherited:?} of {own:?}");
}

/// Which session the scheduler counts a process to, and how nice that is; `None` if this kernel has no such groups.
fn autogroup(process: PathBuf) -> Option<(String, i32)> {
    let text = fs::read_to_string(process).ok()?;
    let (group, nice) = text.trim().split_once(" nice ")?;
    Some((group.to_owned(), nice.parse().unwrap()))
}

#[tokio::test]
async fn its_session_steps_back_and_the_persons_does_not() {
    let own = autogroup("/proc/self/autogroup".into());
    // A kernel without automatic groups has nothing to step back with.
    let Some(own) = own else { return };
    let (slot, _folder) = slot().await;
    let (group, nice) = autogroup(about(&slot, "autogroup")).unwrap();
    assert_eq!(nice, 19);
    // This process did not begin its session: it is somebody else's, and left as it was.
    assert_ne!(group, own.0);
    assert_eq!(autogroup("/proc/self/autogroup".into()), Some(own.clone()));
    let (other, _folder) = slot_with(Priority::Inherited).await;
    assert_eq!(autogroup(about(&other, "autogroup")), Some(own));
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
