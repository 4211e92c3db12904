//! A control group to try things in, and processes to put there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use manyhands_worker::slots::{Division, Obstacle, look};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The longest that an end is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// An empty control group below the one that this test runs in. Dropped, it is removed, with what is below it.
pub(crate) struct Ground(PathBuf);

impl Ground {
    /// None where no group can be made.
    pub(crate) fn find() -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let below = match look() {
            Ok(whole) => whole.folder,
            // The other tests and whoever runs them.
            Err(Obstacle::Shared(folder)) => folder,
            Err(obstacle) => return skip(&obstacle.to_string()),
        };
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = below.join(format!("manyhands-test-{}-{number}", std::process::id()));
        let ground = match fs::create_dir(&folder) {
            Ok(()) => Self(folder),
            Err(error) => return skip(&format!("{}: {error}", folder.display())),
        };
        let has_end = ground.folder().join("cgroup.kill").exists();
        if has_end { Some(ground) } else { skip("before Linux 5.14 groups do not end as one") }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn take_in(&self, process: &Process) {
        process.enter(&self.0);
    }

    /// The names of the groups in it.
    pub(crate) fn groups(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap().map(Result::unwrap);
        let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    /// None where it gave controllers away, since then the system itself keeps other processes out of it.
    pub(crate) fn if_it_may_have_processes(&self, division: Division) -> Option<Division> {
        let given = fs::read_to_string(self.0.join("cgroup.subtree_control")).unwrap();
        if given.trim().is_empty() { Some(division) } else { skip("two cannot be in one group") }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Whatever a test that failed has left.
        for group in self.groups() {
            drop(fs::remove_dir(self.0.join(group)));
        }
        drop(fs::remove_dir(&self.0));
    }
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests sees which one did not run")]
fn skip<T>(why: &str) -> Option<T> {
    eprintln!("skipped: {why}");
    None
}

/// A process that waits until it is killed.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start() -> Self {
        let mut command = Command::new("cat");
        Self(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Its folder in `/proc`.
    pub(crate) fn about(&self) -> PathBuf {
        format!("/proc/{}", self.id()).into()
    }

    pub(crate) fn enter(&self, group: &Path) {
        fs::write(group.join("cgroup.procs"), self.id().to_string()).unwrap();
    }

    pub(crate) fn stop(&self) {
        kill(Pid::from_raw(i32::try_from(self.id()).unwrap()), Signal::SIGSTOP).unwrap();
    }

    /// How it ended; waits for that, and does nothing for it.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it was not ended");
            std::thread::yield_now();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The group of version 2 of the process or thread with this folder in `/proc`.
pub(crate) fn group_of(about: &Path) -> String {
    let groups = fs::read_to_string(about.join("cgroup")).unwrap();
    groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap().to_owned()
}
