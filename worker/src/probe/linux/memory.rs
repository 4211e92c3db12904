//! Memory and disk that are free, in thousandths of a MiB.

use std::path::Path;

/// Memory that programs may have without anything being swapped out.
pub(super) fn free(meminfo: &Path) -> Option<i64> {
    let text = std::fs::read_to_string(meminfo).ok()?;
    let available = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: i64 = available.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes.checked_mul(1_000)? / 1_024)
}

/// Room on the disk of `folder` for who is not its administrator.
pub(super) fn free_disk(folder: &Path) -> Option<i64> {
    let bytes = u128::from(fs4::available_space(folder).ok()?);
    i64::try_from((bytes * 1_000) >> 20).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meminfo");
        std::fs::write(&path, "MemTotal:  8192 kB\nMemFree:  1 kB\nMemAvailable:   1536 kB\n")
            .unwrap();
        assert_eq!(free(&path), Some(1_500));
        std::fs::write(&path, "MemAvailable: much\n").unwrap();
        assert_eq!(free(&path), None);
        assert_eq!(free(&folder.path().join("none")), None);
    }

    #[test]
    fn a_folder_has_a_disk() {
        assert!(free_disk(&std::env::temp_dir()).is_some_and(|free| free >= 0));
        assert_eq!(free_disk(Path::new("/no/such/folder")), None);
    }
}
