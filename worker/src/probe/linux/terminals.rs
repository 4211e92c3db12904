//! When a person last typed into a console or a remote login.
//!
//! The kernel notes the time of a terminal's last input as its time of access, to eight seconds. So over a
//! remote login a person may wait that long until programs stop; at a screen they do not. How long ago it was is
//! counted by a clock that nobody sets; only what was before the first look is taken from the calendar.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use manyhands_core::time::Span;

use crate::clock;

/// What was seen of the terminals.
#[derive(Debug, Default)]
pub(super) struct Terminals {
    last: Option<Input>,
}

/// The last input of any of them.
#[derive(Debug)]
struct Input {
    /// As the kernel notes it.
    accessed: Duration,
    /// When it was noticed, and how long ago it was then.
    noticed: Instant,
    before: Span,
}

impl Terminals {
    /// How long ago the last input was; `None` if there is no terminal. `dev` is `/dev`.
    pub(super) fn untouched(&mut self, dev: &Path) -> Option<Span> {
        let accessed = latest(dev)?;
        if self.last.as_ref().is_none_or(|last| last.accessed != accessed) {
            let accessed_ms = u64::try_from(accessed.as_millis()).unwrap_or(u64::MAX);
            let before = Span(clock::now().0.saturating_sub(accessed_ms));
            // Whatever is new is of now, also where the calendar was changed in between.
            let before = if self.last.is_none() { before } else { Span::ZERO };
            self.last = Some(Input { accessed, noticed: Instant::now(), before });
        }
        let Input { noticed, before, .. } = self.last.as_ref()?;
        let since = u64::try_from(noticed.elapsed().as_millis()).unwrap_or(u64::MAX);
        Some(before.plus(Span(since)))
    }
}

/// Of any terminal, by the calendar.
fn latest(dev: &Path) -> Option<Duration> {
    let remote = names(&dev.join("pts"), |name| name.parse::<u32>().is_ok());
    let local = names(dev, |name| {
        name.strip_prefix("tty").is_some_and(|number| number.parse::<u32>().is_ok())
    });
    let accessed = remote
        .chain(local)
        .filter_map(|path| path.metadata().ok()?.accessed().ok()?.duration_since(UNIX_EPOCH).ok());
    accessed.max()
}

fn names<F: Fn(&str) -> bool>(folder: &Path, belongs: F) -> impl Iterator<Item = PathBuf> + use<F> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries
        .filter(move |entry| entry.file_name().to_str().is_some_and(&belongs))
        .map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};

    use super::*;

    fn touch(dev: &Path, name: &str, ago_s: i64) {
        let now_s = i64::try_from(clock::now().0 / 1_000).unwrap();
        let at = UNIX_EPOCH + Duration::from_secs(u64::try_from(now_s - ago_s).unwrap());
        let file = File::create(dev.join(name)).unwrap();
        file.set_times(FileTimes::new().set_accessed(at)).unwrap();
    }

    #[test]
    fn the_latest_input_of_any_terminal_counts() {
        let folder = tempfile::tempdir().unwrap();
        let dev = folder.path();
        let mut terminals = Terminals::default();
        assert_eq!(terminals.untouched(dev), None);
        std::fs::create_dir(dev.join("pts")).unwrap();
        touch(dev, "tty1", 5_000);
        touch(dev, "pts/3", 1_000);
        touch(dev, "pts/ptmx", 1);
        touch(dev, "ttyprintk", 1);
        let untouched = terminals.untouched(dev).unwrap();
        assert!((Span::seconds(1_000)..Span::seconds(1_500)).contains(&untouched), "{untouched}");
        touch(dev, "tty1", 0);
        assert!(terminals.untouched(dev).unwrap() < Span::seconds(500));
    }

    #[test]
    fn a_calendar_that_was_set_back_makes_nobody_type_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let dev = folder.path();
        touch(dev, "tty1", 2_000);
        let mut terminals = Terminals::default();
        let untouched = terminals.untouched(dev).unwrap();
        assert!(untouched >= Span::seconds(2_000));
        // The same input, now in the future.
        touch(dev, "tty2", -9_000);
        assert!(terminals.untouched(dev).unwrap() < Span::seconds(500));
        let Some(Input { noticed, .. }) = &mut terminals.last else { panic!("it was seen") };
        *noticed = noticed.checked_sub(Duration::from_secs(3)).unwrap();
        assert!(terminals.untouched(dev).unwrap() >= Span::seconds(3));
    }
}
