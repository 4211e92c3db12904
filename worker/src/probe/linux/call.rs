//! Whether a microphone is in use: then its owner is in a call, or records something.

use std::path::Path;

/// Whether any capture device of `/proc/asound` runs; `None` if there are no sound devices.
pub(super) fn is_on(asound: &Path) -> Option<bool> {
    let cards = folders(asound, |name| name.starts_with("card"));
    let mut captures = cards
        .flat_map(|card| folders(&card, |name| name.starts_with("pcm") && name.ends_with('c')))
        .flat_map(|device| folders(&device, |name| name.starts_with("sub")))
        .peekable();
    captures.peek()?;
    Some(captures.any(|capture| {
        let status = std::fs::read_to_string(capture.join("status")).unwrap_or_default();
        status.lines().any(|line| line == "state: RUNNING")
    }))
}

fn folders(
    parent: &Path,
    belongs: fn(&str) -> bool,
) -> impl Iterator<Item = std::path::PathBuf> + use<> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().filter_map(Result::ok);
    entries
        .filter(move |entry| entry.file_name().to_str().is_some_and(belongs))
        .map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_microphone_that_runs_is_a_call() {
        let folder = tempfile::tempdir().unwrap();
        let asound = folder.path();
        assert_eq!(is_on(asound), None);
        let write = |device: &str, status: &str| {
            let sub = asound.join("card0").join(device).join("sub0");
            std::fs::create_dir_all(&sub).unwrap();
            std::fs::write(sub.join("status"), status).unwrap();
        };
        write("pcm0p", "state: RUNNING\nowner_pid   : 9\n");
        assert_eq!(is_on(asound), None, "there is no microphone");
        write("pcm0c", "closed\n");
        assert_eq!(is_on(asound), Some(false));
        write("pcm0c", "state: RUNNING\nowner_pid   : 9\n");
        assert_eq!(is_on(asound), Some(true));
    }
}
