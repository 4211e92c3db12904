//! The data folder: whether a worker can use it, and nobody else.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use super::Finding;
use crate::config::size_in_words;
use crate::os;

const NAME: &str = "data folder";
/// Less room does not hold a module, its inputs and a checkpoint.
const ROOM_BYTES_MIN: u64 = 256 << 20;

pub(super) fn examine(root: &Path) -> Vec<Finding> {
    let at = root.display();
    let metadata = match fs::metadata(root) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let detail = format!("{at} is not there yet: a worker makes it when it first starts");
            return vec![Finding::well(NAME, detail)];
        }
        Err(error) => return vec![Finding::ill(NAME, format!("{at}: {error}"))],
    };
    if !metadata.is_dir() {
        return vec![Finding::ill(NAME, format!("{at} is no folder: name another one"))];
    }
    let mut findings = vec![use_of(root), secrecy(root, &metadata), room(root)];
    if let Ok(key) = fs::metadata(root.join("key")) {
        findings.push(secrecy(&root.join("key"), &key));
    }
    findings
}

/// Makes a file, which vanishes at once.
fn use_of(root: &Path) -> Finding {
    match tempfile::tempfile_in(root) {
        Ok(_file) => Finding::well(NAME, format!("{} can be written", root.display())),
        Err(error) => Finding::ill(NAME, format!("{} cannot be written: {error}", root.display())),
    }
}

fn secrecy(path: &Path, metadata: &Metadata) -> Finding {
    let at = path.display();
    let Some(mode) = os::openness(metadata) else {
        return Finding::well(NAME, format!("{at} {}", os::PRIVATE));
    };
    let detail = format!("{at} has mode {mode:03o}, open to others: chmod go= {at}");
    Finding::ill(NAME, detail)
}

fn room(root: &Path) -> Finding {
    match fs4::available_space(root) {
        Ok(free) => {
            let detail = format!("{} left on the disk of {}", size_in_words(free), root.display());
            if free >= ROOM_BYTES_MIN {
                return Finding::well(NAME, detail);
            }
            Finding::ill(
                NAME,
                format!("{detail}, a worker wants {} at least", size_in_words(ROOM_BYTES_MIN)),
            )
        }
        Err(error) => Finding::ill(NAME, format!("room on the disk is unknown: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn ills(root: &Path) -> Vec<String> {
        let ill = examine(root).into_iter().filter(|finding| !finding.is_well);
        ill.map(|finding| finding.detail).collect()
    }

    #[test]
    fn a_folder_as_it_should_be() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("worker");
        assert_eq!(ills(&root), Vec::<String>::new());
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, Permissions::from_mode(0o700)).unwrap();
        assert_eq!(ills(&root), Vec::<String>::new());
        assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
    }

    #[test]
    fn a_key_that_others_can_read() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o750)).unwrap();
        let key = dir.path().join("key");
        fs::write(&key, "secret").unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o604)).unwrap();
        let ills = ills(dir.path());
        assert_eq!(ills.len(), 2, "{ills:?}");
        assert!(ills[0].contains("mode 750") && ills[1].contains("mode 604"), "{ills:?}");
    }

    #[test]
    fn a_file_in_place_of_the_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(ills(file.path())[0].contains("is no folder"));
    }
}
