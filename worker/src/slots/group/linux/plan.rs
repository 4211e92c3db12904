//! What is made of a control group, from what is seen of it; nothing here reads or writes.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::slots::Priority;
use crate::slots::group::{Obstacle, Share, Whole};

/// What is shared out anew among the worker and its slots, if the group may.
const WANTED: [&str; 3] = ["cpu", "memory", "io"];
/// What slots' group is beside the worker's: the least that there is.
const LEAST: &str = "1";

/// How the names of groups begin that a worker makes; its number follows, since several may be in one group.
const WORKER: &str = "manyhands-worker-";
const SLOTS: &str = "manyhands-slots-";

/// What was seen of the group of a process.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) folder: PathBuf,
    /// Whether processes can be moved in it, and groups be made and given controllers.
    pub(super) is_writable: bool,
    /// What the files `cgroup.procs`, `cgroup.type` and `cgroup.controllers` hold.
    pub(super) processes: String,
    pub(super) kind: Option<String>,
    pub(super) controllers: String,
}

/// Whether the group of that process can be divided.
pub(super) fn whole(seen: Seen, process: u32) -> Result<Whole, Obstacle> {
    let Seen { folder, is_writable, processes, kind, controllers } = seen;
    if !is_writable {
        return Err(Obstacle::NotDelegated(folder));
    }
    // The root has no type.
    let kind = kind.map_or_else(|| "domain".to_owned(), |kind| kind.trim().to_owned());
    if kind != "domain" {
        return Err(Obstacle::OfThreads { folder, kind });
    }
    if processes.split_whitespace().ne([process.to_string()]) {
        return Err(Obstacle::Shared(folder));
    }
    let controllers = controllers.split_whitespace().map(str::to_owned).collect();
    Ok(Whole { folder, controllers })
}

/// Those controllers that are to be given to the groups below: what the share needs, is there and was not given before.
pub(super) fn missing(share: Share, there: &[String], given: &str) -> Vec<&'static str> {
    if share.priority == Priority::Inherited {
        return Vec::new();
    }
    let is_there = |name: &&str| there.iter().any(|it| it == name);
    let is_given = |name: &&str| given.split_whitespace().any(|it| it == *name);
    WANTED.into_iter().filter(is_there).filter(|name| !is_given(name)).collect()
}

/// What is written to which file of the slots' group, of the files that it has.
pub(super) fn settings(share: Share, files: &BTreeSet<String>) -> Vec<(&'static str, String)> {
    if share.priority == Priority::Inherited {
        return Vec::new();
    }
    // Since Linux 5.15; a group that is idle has no weight to set.
    let processor = if files.contains("cpu.idle") { "cpu.idle" } else { "cpu.weight" };
    let settings = [
        (processor, LEAST.to_owned()),
        ("io.weight", LEAST.to_owned()),
        ("io.bfq.weight", LEAST.to_owned()),
        // Not memory.max: the system would end slots that can as well be slow. Nor are they ended together when memory
        // runs out (memory.oom.group): each is one process, and the others can go on.
        ("memory.high", share.memory_bytes.to_string()),
    ];
    settings.into_iter().filter(|(file, _)| files.contains(*file)).collect()
}

/// The names of the groups of the worker with that number and of its slots.
pub(super) fn names(process: u32) -> [String; 2] {
    [WORKER, SLOTS].map(|name| format!("{name}{process}"))
}

/// The number of the worker that made a group, if one did.
pub(super) fn maker(name: &str) -> Option<u32> {
    [WORKER, SLOTS].into_iter().find_map(|ours| name.strip_prefix(ours)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(processes: &str) -> Seen {
        Seen {
            folder: "/groups/own".into(),
            is_writable: true,
            processes: processes.to_owned(),
            kind: Some("domain\n".to_owned()),
            controllers: "cpuset cpu io memory pids\n".to_owned(),
        }
    }

    fn share(priority: Priority) -> Share {
        Share { priority, memory_bytes: 5 << 30 }
    }

    fn files(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_group_of_this_process_alone_is_divided() {
        let divided = whole(seen("4711\n"), 4711).unwrap();
        assert_eq!(divided.folder, PathBuf::from("/groups/own"));
        assert_eq!(divided.controllers, ["cpuset", "cpu", "io", "memory", "pids"]);
        let root = Seen { kind: None, ..seen("4711\n") };
        assert!(whole(root, 4711).is_ok(), "a container's own has no type");
    }

    #[test]
    fn a_group_that_is_not_only_ours_is_left_alone() {
        let folder = || PathBuf::from("/groups/own");
        // Whoever is outside of this namespace is seen as 0.
        for processes in ["12\n4711\n", "4711\n4712\n", "0\n4711\n", "47\n", ""] {
            let found = whole(seen(processes), 4711);
            assert_eq!(found, Err(Obstacle::Shared(folder())), "{processes}");
        }
        let others = Seen { is_writable: false, ..seen("4711\n") };
        assert_eq!(whole(others, 4711), Err(Obstacle::NotDelegated(folder())));
        let threaded = Seen { kind: Some("domain threaded\n".to_owned()), ..seen("4711\n") };
        let kind = "domain threaded".to_owned();
        assert_eq!(whole(threaded, 4711), Err(Obstacle::OfThreads { folder: folder(), kind }));
    }

    #[test]
    fn controllers_that_are_there_are_given_once() {
        let there = ["cpuset", "cpu", "io", "pids"].map(str::to_owned);
        let lowest = share(Priority::Lowest);
        assert_eq!(missing(lowest, &there, ""), ["cpu", "io"]);
        assert_eq!(missing(lowest, &there, "cpuset cpu\n"), ["io"]);
        assert_eq!(missing(lowest, &[], ""), Vec::<&str>::new());
        assert_eq!(missing(share(Priority::Inherited), &there, ""), Vec::<&str>::new());
    }

    #[test]
    fn slots_get_what_nobody_else_wants() {
        let all = ["cpu.idle", "cpu.weight", "io.weight", "memory.high", "memory.max"];
        let said = settings(share(Priority::Lowest), &files(&all));
        let memory = (5_u64 << 30).to_string();
        let expected = [("cpu.idle", "1"), ("io.weight", "1"), ("memory.high", &memory)];
        assert_eq!(said, expected.map(|(file, text)| (file, text.to_owned())));
        assert_eq!(settings(share(Priority::Inherited), &files(&all)), []);
    }

    #[test]
    fn an_older_system_has_other_files() {
        let old = files(&["cpu.weight", "io.bfq.weight", "cgroup.procs"]);
        let said = settings(share(Priority::Lowest), &old);
        let expected = [("cpu.weight", "1"), ("io.bfq.weight", "1")];
        assert_eq!(said, expected.map(|(file, text)| (file, text.to_owned())));
        assert_eq!(settings(share(Priority::Lowest), &files(&["cgroup.procs"])), []);
    }

    #[test]
    fn groups_say_whose_they_are() {
        let [worker, slots] = names(4711);
        assert_ne!(worker, slots);
        assert_eq!([&worker, &slots].map(|name| maker(name)), [Some(4711); 2]);
        for other in ["manyhands-slots-", "manyhands-slots-x", "slots-4711", "init.scope", ""] {
            assert_eq!(maker(other), None, "{other}");
        }
    }
}
