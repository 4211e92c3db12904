//! Which programs run, and how much time our own took and waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// Longest name that the kernel keeps of a program.
const COMM_BYTES: usize = 15;

/// Most processes that are looked at.
const PROCESSES_MAX: usize = 1 << 15;

/// All processes at a moment.
#[derive(Debug, Default)]
pub(super) struct Processes {
    /// `None` if other people's programs are hidden from this process.
    names: Option<BTreeSet<String>>,
    /// Time of the worker, its slots and those that have ended, in ticks of the clock.
    pub(super) own_ticks: u64,
}

impl Processes {
    /// Whether a program of that name runs, if that can be seen; of long names, the kernel keeps the
    /// beginning.
    pub(super) fn run(&self, name: &str) -> Option<bool> {
        let kept = name.char_indices().map(|(at, char)| at + char.len_utf8());
        let kept = kept.take_while(|end| *end <= COMM_BYTES).last().unwrap_or(0);
        self.names.as_ref().map(|names| names.contains(&name[..kept]))
    }

    /// What is known of our own by it.
    pub(super) fn own(self) -> Own {
        Own { ticks: self.own_ticks, waited: BTreeMap::new() }
    }
}

/// Looks at all processes in `/proc`; `own` is the worker's.
pub(super) fn read(proc: &Path, own: u32) -> Processes {
    let mut processes = Processes::default();
    let mut names = BTreeSet::new();
    let mut sees_the_first = false;
    let entries = std::fs::read_dir(proc).into_iter().flatten().take(PROCESSES_MAX);
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some(process) = Process::parse(&stat) else { continue };
        // Where processes of others are hidden, the first of all is.
        sees_the_first |= id == 1;
        if id == own {
            processes.own_ticks += process.ticks + process.ended_ticks;
        } else if process.parent == own {
            processes.own_ticks += process.ticks;
        } else {
            names.insert(process.name.to_owned());
        }
    }
    processes.names = sees_the_first.then_some(names);
    processes
}

/// The worker, its slots and those that have ended, without a look at anybody else.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// Time of all of them, in ticks of the clock.
    pub(super) ticks: u64,
    /// How long each slot has waited for a core that somebody else had.
    pub(super) waited: BTreeMap<u32, Duration>,
}

/// Looks at them; `None` if this kernel does not list children.
pub(super) fn own(proc: &Path, own: u32) -> Option<Own> {
    let worker = proc.join(own.to_string());
    let stat = std::fs::read_to_string(worker.join("stat")).ok()?;
    let process = Process::parse(&stat)?;
    let mut own = Own { ticks: process.ticks + process.ended_ticks, waited: BTreeMap::new() };
    for thread in std::fs::read_dir(worker.join("task")).ok()?.filter_map(Result::ok) {
        let children = match std::fs::read_to_string(thread.path().join("children")) {
            Ok(children) => children,
            // Ended meanwhile; or none of them has such a file.
            Err(_) if !thread.path().exists() => continue,
            Err(_) => return None,
        };
        for id in children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()) {
            let slot = proc.join(id.to_string());
            // Ended meanwhile: counted as such next time.
            let stat = std::fs::read_to_string(slot.join("stat")).unwrap_or_default();
            own.ticks += Process::parse(&stat).map_or(0, |slot| slot.ticks);
            own.waited.insert(id, waited(&slot));
        }
    }
    Some(own)
}

/// How long the threads of a process were ready, and had no core; nothing where the kernel does not tell.
fn waited(process: &Path) -> Duration {
    let threads = std::fs::read_dir(process.join("task")).into_iter().flatten();
    let of_thread = |thread: std::fs::DirEntry| -> Option<u64> {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().nth(1)?.parse().ok()
    };
    Duration::from_nanos(threads.filter_map(Result::ok).filter_map(of_thread).sum())
}

struct Process<'a> {
    name: &'a str,
    parent: u32,
    ticks: u64,
    /// Of its children that have ended.
    ended_ticks: u64,
}

impl<'a> Process<'a> {
    /// Reads `/proc/ID/stat`, whose second field may contain anything.
    fn parse(stat: &'a str) -> Option<Self> {
        let (head, rest) = stat.rsplit_once(") ")?;
        let (_, name) = head.split_once(" (")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        // Counted as in proc_pid_stat(5), where the first of these is number 3.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let parent = u32::try_from(number(4)?).ok()?;
        let (ticks, ended_ticks) = (number(14)? + number(15)?, number(16)? + number(17)?);
        Some(Self { name, parent, ticks, ended_ticks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(proc: &Path, id: u32, name: &str, parent: u32) {
        let folder = proc.join(id.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        let stat = format!("{id} ({name}) S {parent} 1 1 0 -1 4 0 0 0 0 {id} 1 2 3 20 0 1 0 9 9\n");
        std::fs::write(folder.join("stat"), stat).unwrap();
    }

    #[test]
    fn programs_are_told_by_name_and_time_by_parent() {
        let folder = tempfile::tempdir().unwrap();
        let proc = folder.path();
        process(proc, 10, "manyhands", 1);
        process(proc, 20, "manyhands", 10);
        process(proc, 30, "a) b (c", 1);
        process(proc, 40, "gnome-system-mo", 1);
        std::fs::create_dir(proc.join("self")).unwrap();
        assert_eq!(read(proc, 10).run("a) b (c"), None, "others may be hidden");
        process(proc, 1, "init", 0);
        let seen = read(proc, 10);
        assert_eq!(seen.own_ticks, 10 + 1 + 2 + 3 + 20 + 1);
        let runs = ["a) b (c", "gnome-system-monitor", "blender", "manyhands"];
        assert_eq!(runs.map(|name| seen.run(name)), [true, true, false, false].map(Some));
    }

    #[test]
    fn own_time_needs_no_look_at_others() {
        let folder = tempfile::tempdir().unwrap();
        let proc = folder.path();
        process(proc, 10, "manyhands", 1);
        process(proc, 20, "slot", 10);
        process(proc, 30, "slot", 10);
        process(proc, 40, "other", 1);
        assert_eq!(own(proc, 10), None, "nobody lists children");
        let write = |path: &str, text: &str| {
            let path = proc.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("10/task/10/children", "20 30 ");
        write("10/task/11/children", "50 ");
        write("20/task/20/schedstat", "900 7 3\n");
        write("20/task/21/schedstat", "900 2000 3\n");
        let seen = own(proc, 10).unwrap();
        assert_eq!(seen.ticks, read(proc, 10).own_ticks);
        let waited = [(20, 2_007), (30, 0), (50, 0)].map(|(id, ns)| (id, Duration::from_nanos(ns)));
        assert_eq!(seen.waited, waited.into());
    }

    #[test]
    fn this_process_is_found_in_the_real_one() {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        assert!(Process::parse(&stat).is_some(), "{stat}");
    }
}
