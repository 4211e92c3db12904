//! The end of control groups: whatever runs in one is ended, and its folder removed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{files, plan, say};

/// Longest wait for processes that were killed; one in the middle of a write to a slow disk may need that.
const END_TIME_MAX: Duration = Duration::from_secs(5);

/// Removes the groups of workers that are gone. Those of workers that live are theirs: several may be in one group.
pub(super) fn sweep(whole: &Path) {
    let makers: BTreeSet<u32> = files(whole).iter().filter_map(|name| plan::maker(name)).collect();
    for maker in makers {
        let [worker, slots] = plan::names(maker).map(|name| whole.join(name));
        if is_populated(&worker) {
            continue;
        }
        end(&slots);
        remove(&worker);
    }
}

/// Ends all processes of a group and removes it.
pub(super) fn end(group: &Path) {
    if !group.exists() {
        return;
    }
    // Before Linux 5.14 there is no such file; slots end with the worker by other means too.
    drop(say(&group.join("cgroup.kill"), "1"));
    match await_empty(group) {
        Ok(()) => remove(group),
        Err(error) => {
            tracing::warn!(group = %group.display(), %error, "a control group is not empty");
        }
    }
}

/// Removes a group without processes. One that is not removed costs nothing, and the next start tries again.
pub(super) fn remove(group: &Path) {
    match fs::remove_dir(group) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            tracing::debug!(group = %group.display(), %error, "a control group stays");
        }
    }
}

fn is_populated(group: &Path) -> bool {
    fs::read_to_string(group.join("cgroup.events")).is_ok_and(|events| tells_of_life(&events))
}

/// Whether there are processes in the group whose `cgroup.events` holds this, or below.
fn tells_of_life(events: &str) -> bool {
    events.lines().any(|line| line == "populated 1")
}

/// Waits until no process is in a group. The system tells of each change.
fn await_empty(group: &Path) -> io::Result<()> {
    let mut events = match File::open(group.join("cgroup.events")) {
        Ok(events) => events,
        // Somebody else has removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let begun = Instant::now();
    loop {
        let mut text = String::new();
        events.rewind()?;
        events.read_to_string(&mut text)?;
        if !tells_of_life(&text) {
            return Ok(());
        }
        let left = END_TIME_MAX.saturating_sub(begun.elapsed());
        if left.is_zero() {
            let waited = END_TIME_MAX.as_secs();
            let late = format!("processes that were killed are there after {waited} s");
            return Err(io::Error::new(io::ErrorKind::TimedOut, late));
        }
        let timeout = PollTimeout::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(events.as_fd(), PollFlags::POLLPRI)], timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
