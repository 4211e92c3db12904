//! Where the folder of a process's control group is, from what `/proc` says.

use std::path::{Path, PathBuf};

/// The folder of a process's group of cgroup v2; `None` if that tree is not mounted, or the group is outside of what is
/// seen of it here.
/// `groups` is the text of `/proc/self/cgroup`, `mounts` that of `/proc/self/mountinfo`.
pub(super) fn folder(groups: &str, mounts: &str) -> Option<PathBuf> {
    let group = Path::new(groups.lines().find_map(|line| line.strip_prefix("0::"))?);
    mounts.lines().filter_map(mount).find_map(|(root, point)| {
        let below = group.strip_prefix(root).ok()?;
        // Above the root of the own namespace: such names are not of folders.
        let is_seen = below.components().all(|part| part.as_os_str() != "..");
        is_seen.then(|| point.components().chain(below.components()).collect())
    })
}

/// Which part of the tree a line of mountinfo, as proc_pid_mountinfo(5) describes it, shows, and where.
fn mount(line: &str) -> Option<(&Path, &Path)> {
    let (mounted, kind) = line.split_once(" - ")?;
    if !kind.starts_with("cgroup2 ") {
        return None;
    }
    let mut fields = mounted.split(' ').skip(3);
    let (root, point) = (fields.next()?, fields.next()?);
    // With a backslash it is written otherwise than it is called; nobody mounts it there.
    (!point.contains('\\')).then(|| (Path::new(root), Path::new(point)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &str = "\
        25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n\
        30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

    #[test]
    fn a_group_is_a_folder_below_the_mount() {
        let service = "0::/user.slice/manyhands-worker.service\n";
        let found = folder(service, USUAL);
        let expected = "/sys/fs/cgroup/user.slice/manyhands-worker.service";
        assert_eq!(found, Some(expected.into()));
        let both = "4:memory:/job_7\n1:name=systemd:/x\n0::/job_7\n";
        assert_eq!(folder(both, USUAL), Some("/sys/fs/cgroup/job_7".into()));
        let own = folder("0::/\n", USUAL).unwrap();
        assert_eq!(own.to_str(), Some("/sys/fs/cgroup"), "a container's own is its root");
    }

    #[test]
    fn a_mount_may_show_a_part_of_the_tree() {
        let part = "30 25 0:26 /pod /mnt/groups ro - cgroup2 cgroup2 ro\n";
        assert_eq!(folder("0::/pod/a\n", part), Some("/mnt/groups/a".into()));
        assert_eq!(folder("0::/podium\n", part), None);
        let both = format!("{part}{USUAL}");
        assert_eq!(folder("0::/podium\n", &both), Some("/sys/fs/cgroup/podium".into()));
        let outside = "30 25 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(folder("0::/\n", outside), None);
        assert_eq!(folder("0::/../other\n", USUAL), None);
    }

    #[test]
    fn without_such_a_tree_there_is_none() {
        let first = "33 25 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        assert_eq!(folder("0::/\n", first), None);
        assert_eq!(folder("4:memory:/\n", USUAL), None);
        assert_eq!(folder("", ""), None);
        assert_eq!(folder("0::/\n", "nonsense - cgroup2 \n"), None);
        assert_eq!(folder("0::/\n", "1 2 0:1 / /a\\040b rw - cgroup2 x rw\n"), None);
    }
}
