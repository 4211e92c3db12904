//! How a worker with a [`Fault`] decides to lie, so that tests can show that it is found out.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use manyhands_core::id::UnitId;

use crate::config::Fault;

/// Of so many answers that nobody of the ring gave before, one is a lie.
const LIE_EVERY: usize = 2;

/// Whether to lie about this unit.
///
/// # Errors
/// When the ring's file cannot be read or written.
pub(super) fn lies(fault: Option<&Fault>, unit: UnitId) -> io::Result<bool> {
    match fault {
        None => Ok(false),
        Some(Fault::Lie) => Ok(true),
        Some(Fault::Collude(ring)) => collude(ring, unit),
    }
}

/// The ring shares a file of what its members said of each unit. Whoever comes first chooses, and
/// all others repeat it: so they stand together in every quorum and every dispute.
fn collude(ring: &Path, unit: UnitId) -> io::Result<bool> {
    let mut file = File::options().create(true).read(true).append(true).open(ring)?;
    file.lock()?;
    let mut said = String::new();
    file.read_to_string(&mut said)?;
    let [lie, truth] = ["lie", "truth"].map(|word| format!("{unit} {word}"));
    if let Some(line) = said.lines().find(|line| *line == lie || *line == truth) {
        return Ok(line == lie);
    }
    let lies = said.lines().filter(|line| line.ends_with("lie")).count();
    let is_lie = lies * LIE_EVERY < said.lines().count();
    writeln!(file, "{}", if is_lie { lie } else { truth })?;
    Ok(is_lie)
}

#[cfg(test)]
mod tests {
    use manyhands_core::id::JobId;

    use super::*;

    #[test]
    fn a_ring_says_the_same_of_each_unit_and_lies_about_some() {
        let dir = tempfile::tempdir().unwrap();
        let ring = Fault::Collude(dir.path().join("ring"));
        let say = |indices: &mut dyn Iterator<Item = u32>| -> Vec<bool> {
            indices.map(|index| lies(Some(&ring), JobId(1).unit(index)).unwrap()).collect()
        };
        let first = say(&mut (0..40));
        let mut second = say(&mut (0..40).rev());
        second.reverse();
        assert_eq!(first, second);
        assert_eq!(first.iter().filter(|lie| **lie).count(), 20);
        assert!(!first[0], "it begins with the truth");
    }
}
