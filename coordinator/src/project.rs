//! The project's own word on where its coordinators are: taken up from a file, and kept in the data folder.

use std::io;
use std::path::{Path, PathBuf};

use manyhands_core::key::Key;
use manyhands_core::peer::{Coordinators, CoordinatorsError, SignedCoordinators};
use manyhands_core::time::Timestamp;
use manyhands_proto::document::coordinators::{CoordinatorsFileError, read_file, write_file};
use manyhands_proto::identity::PublicKey;

/// Why a coordinator record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The file is none.
    #[error("the coordinator record {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CoordinatorsFileError,
    },
    /// It is signed, but does not count.
    #[error("the coordinator record {}: {source}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: CoordinatorsError,
    },
    /// Hosts would be sent away from here.
    #[error(
        "the coordinator record {} does not name this coordinator's key {key}: sign one that does",
        path.display()
    )]
    NotNamed {
        /// The file.
        path: PathBuf,
        /// This coordinator's.
        key: PublicKey,
    },
    /// It cannot be kept.
    #[error("cannot keep the coordinator record in {}: {source}", path.display())]
    Keep {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The project's record: the one in the file `given`, which from then on is kept at `kept`, or the one that
/// is kept there. None of a coordinator that is its own project. One that has expired since it was taken
/// up is given all the same, for its project is still this coordinator's.
///
/// # Errors
/// [`ProjectError`]; what is kept stays.
pub(crate) fn take_up(
    given: Option<&Path>,
    kept: &Path,
    own: PublicKey,
    now: Timestamp,
) -> Result<Option<SignedCoordinators>, ProjectError> {
    let file = |path: &Path, source| ProjectError::File { path: path.to_owned(), source };
    let mut known = match read_file(kept) {
        Ok(record) => Some(record),
        Err(CoordinatorsFileError::Read(error)) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(file(kept, source)),
    };
    if let Some(path) = given {
        let heard = read_file(path).map_err(|source| file(path, source))?;
        let mut coordinators = match known.take() {
            Some(known) => Coordinators::restored(known),
            None => Coordinators::new(*heard.record.project()),
        };
        let is_news = coordinators.hear(heard, now);
        let refused = |source| ProjectError::Refused { path: path.to_owned(), source };
        let is_news = is_news.map_err(refused)?;
        known = coordinators.record().cloned();
        if let Some(record) = known.as_ref().filter(|_| is_news) {
            check_named(record, path, own)?;
            let keep = |source| ProjectError::Keep { path: kept.to_owned(), source };
            write_file(kept, record).map_err(keep)?;
        }
    }
    if let Some(record) = &known {
        check_named(record, given.unwrap_or(kept), own)?;
    }
    Ok(known)
}

fn check_named(
    record: &SignedCoordinators,
    path: &Path,
    own: PublicKey,
) -> Result<(), ProjectError> {
    let key = Key(*own.as_bytes());
    if record.record.coordinators().iter().any(|at| at.key == key) {
        return Ok(());
    }
    Err(ProjectError::NotNamed { path: path.to_owned(), key: own })
}

#[cfg(test)]
mod tests {
    use manyhands_core::peer::{CoordinatorAt, CoordinatorRecord};
    use manyhands_core::time::Span;
    use manyhands_proto::identity::Identity;
    use manyhands_proto::peer::sign_coordinators;

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn identity(seed: u8) -> Identity {
        Identity::from_seed(&[seed; 32])
    }

    /// A file with a record of the project `project` that names the coordinator `named`.
    fn file(dir: &Path, project: u8, named: u8, seq: u64, end: Timestamp) -> PathBuf {
        let key = |seed| Key(*identity(seed).public_key().as_bytes());
        let at = CoordinatorAt { key: key(named), addresses: vec!["grid.example:1".to_owned()] };
        let record = CoordinatorRecord::new(key(project), vec![at], seq, end).unwrap();
        let path = dir.join(format!("{project}-{named}-{seq}"));
        write_file(&path, &sign_coordinators(&identity(project), record).unwrap()).unwrap();
        path
    }

    #[test]
    fn a_record_is_taken_up_once_and_kept_and_only_a_newer_one_replaces_it() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, own, end) =
            (dir.path().join("kept"), identity(2).public_key(), NOW.plus(Span::hours(9)));
        let take = |given: Option<&Path>, now| take_up(given, &kept, own, now);
        assert!(take(None, NOW).unwrap().is_none());
        let [first, second] = [1, 2].map(|seq| file(dir.path(), 1, 2, seq, end));
        assert!(take(Some(&first), NOW).unwrap().is_some());
        let seq = |given: Option<&Path>| take(given, NOW).unwrap().unwrap().record.seq();
        assert_eq!(seq(None), 1);
        assert_eq!(seq(Some(&second)), 2);
        assert_eq!(seq(Some(&second)), 2, "said again it is no news");
        let older = take(Some(&first), NOW).unwrap_err().to_string();
        assert!(older.ends_with("seq: is 1 where 2 is known"), "{older}");
        // After its end it counts no more, but whose it is stays.
        assert!(take(None, end.plus(Span::hours(9))).unwrap().is_some());
        let late = take(Some(&file(dir.path(), 1, 2, 3, end)), end.plus(Span::hours(9)));
        let late = late.unwrap_err().to_string();
        assert!(late.ends_with("expires_at: is 9 h in the past"), "{late}");
        assert_eq!(seq(None), 2);
    }

    #[test]
    fn a_record_of_others_is_refused_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, own, end) =
            (dir.path().join("kept"), identity(2).public_key(), NOW.plus(Span::hours(9)));
        let said = |given: &Path| take_up(Some(given), &kept, own, NOW).unwrap_err().to_string();
        let words = said(&file(dir.path(), 1, 3, 1, end));
        assert!(words.contains(&format!("does not name this coordinator's key {own}")), "{words}");
        assert!(!kept.exists());
        take_up(Some(&file(dir.path(), 1, 2, 1, end)), &kept, own, NOW).unwrap();
        let words = said(&file(dir.path(), 4, 2, 9, end));
        assert!(words.ends_with("project: is another one"), "{words}");
        let forged = dir.path().join("forged");
        let text = std::fs::read_to_string(&kept).unwrap().replace("\"seq\":1", "\"seq\":7");
        std::fs::write(&forged, text).unwrap();
        assert!(said(&forged).contains("changed or forged"), "{}", said(&forged));
        assert_eq!(take_up(None, &kept, own, NOW).unwrap().unwrap().record.seq(), 1);
    }
}
