//! Pressure stall information: how long something had to wait.

use std::path::Path;
use std::time::Duration;

use crate::probe::faked::thousandths;

/// Share of time in which at least one task waited for `what`, in thousandths of a percent.
pub(super) fn of(folder: &Path, what: &str) -> Option<i64> {
    let text = std::fs::read_to_string(folder.join(what)).ok()?;
    let some = text.lines().find_map(|line| line.strip_prefix("some avg10="))?;
    thousandths(some.split(' ').next()?)
}

/// For how long at least one task has waited for `what` since the machine started.
pub(super) fn waited(folder: &Path, what: &str) -> Option<Duration> {
    let text = std::fs::read_to_string(folder.join(what)).ok()?;
    let some = text.lines().find(|line| line.starts_with("some "))?;
    let (_, total) = some.split_once(" total=")?;
    total.trim().parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ten_seconds_count() {
        let folder = tempfile::tempdir().unwrap();
        let text = "some avg10=12.34 avg60=5.00 avg300=1.00 total=9\nfull avg10=1.00 avg60=0.00\n";
        std::fs::write(folder.path().join("memory"), text).unwrap();
        assert_eq!(of(folder.path(), "memory"), Some(12_340));
        assert_eq!(of(folder.path(), "cpu"), None);
        assert_eq!(waited(folder.path(), "memory"), Some(Duration::from_micros(9)));
        assert_eq!(waited(folder.path(), "cpu"), None);
    }
}
