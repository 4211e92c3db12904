//! The memory that a control group leaves to this process. It may be in one without seeing it as its root,
//! as in a job of a cluster's scheduler.

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes, as the least of the groups above says; none if none of them says any.
/// `groups` is the text of `/proc/self/cgroup`, `root` where control groups are mounted.
pub(super) fn memory_bytes(groups: &str, root: &Path) -> Option<u64> {
    let limits = groups.lines().filter_map(|line| {
        // Number, controllers, path: `0::/job_7/step_0`, and before version 2 `4:memory:/job_7`.
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (mount, file) = if controllers.is_empty() {
            (root.to_owned(), "memory.max")
        } else if controllers.split(',').any(|it| it == "memory") {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            return None;
        };
        least(&mount, path, file)
    });
    limits.min()
}

/// The least that a group or one above it says.
fn least(mount: &Path, path: &str, file: &str) -> Option<u64> {
    let group: PathBuf = mount.join(path.trim_start_matches('/'));
    let groups = group.ancestors().take_while(|it| it.starts_with(mount));
    groups.filter_map(|it| fs::read_to_string(it.join(file)).ok()?.trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(root: &Path, group: &str, file: &str, text: &str) {
        fs::create_dir_all(root.join(group)).unwrap();
        fs::write(root.join(group).join(file), text).unwrap();
    }

    #[test]
    fn the_least_of_all_groups_above_counts() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        limit(root, "slurm/job_7", "memory.max", "4294967296\n");
        limit(root, "slurm/job_7/step_0", "memory.max", "max\n");
        assert_eq!(memory_bytes("0::/slurm/job_7/step_0\n", root), Some(4 << 30));
        limit(root, "slurm/job_7/step_0", "memory.max", "1073741824\n");
        assert_eq!(memory_bytes("0::/slurm/job_7/step_0\n", root), Some(1 << 30));
        assert_eq!(memory_bytes("0::/elsewhere\n", root), None);
        limit(root, "", "memory.max", "5\n");
        assert_eq!(memory_bytes("0::/\n", root), Some(5), "a container's own is its root");
    }

    #[test]
    fn the_first_version_has_a_tree_for_memory() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        limit(root, "memory/job_7", "memory.limit_in_bytes", "2147483648\n");
        let groups = "5:cpu,cpuacct:/job_9\n4:memory:/job_7\n0::/\n";
        assert_eq!(memory_bytes(groups, root), Some(2 << 30));
        assert_eq!(memory_bytes("nonsense\n4:cpu:/job_7\n", root), None);
    }
}
