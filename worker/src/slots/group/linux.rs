//! Control groups of Linux: looks at a process's, divides it in two, and puts it together again.

mod ending;
mod place;
mod plan;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

use self::plan::Seen;
use super::{Obstacle, Share, Whole};

/// Which processes are in a group; whoever is written to it is moved there, with all threads.
const PROCESSES: &str = "cgroup.procs";
/// Which controllers a group gives to the groups below.
const GIVEN: &str = "cgroup.subtree_control";

/// A group has some tens of files.
const FILES_MAX: usize = 1 << 10;

/// The control group of a process, divided into one for that process and one for slots; whole again when this is
/// dropped.
#[derive(Debug)]
pub struct Division {
    whole: PathBuf,
    worker: PathBuf,
    slots: PathBuf,
    process: u32,
    /// Controllers that the groups below did not have before.
    given: Vec<&'static str>,
}

impl Division {
    /// Divides the group of this process, if it has one to itself. It is in another one from then on.
    ///
    /// # Errors
    /// [`Obstacle`]: then everything is as before.
    pub fn of_this_process(share: Share) -> Result<Self, Obstacle> {
        Self::of(&look()?, std::process::id(), share)
    }

    /// Divides the group of a process that is alone in it. What an earlier worker left in the group is removed.
    ///
    /// # Errors
    /// [`Obstacle::Refused`]: then everything is as before.
    pub fn of(whole: &Whole, process: u32, share: Share) -> Result<Self, Obstacle> {
        let folder = &whole.folder;
        ending::sweep(folder);
        let [worker, slots] = plan::names(process).map(|name| folder.join(name));
        make(folder, &worker)?;
        make(folder, &slots).inspect_err(|_refused| ending::remove(&worker))?;
        let mut division =
            Self { whole: folder.clone(), worker, slots, process, given: Vec::new() };
        // First of all: a group that gives controllers to those below may have no processes itself.
        let door = division.worker.join(PROCESSES);
        say(&door, &process.to_string()).map_err(|error| refused(folder, &door, &error))?;
        division.share_out(whole, share);
        Ok(division)
    }

    /// The folder of the group that slots are put into.
    #[must_use]
    pub fn slots(&self) -> &Path {
        &self.slots
    }

    /// Each part of it is worth something without the others.
    fn share_out(&mut self, whole: &Whole, share: Share) {
        let control = self.whole.join(GIVEN);
        let given = fs::read_to_string(&control).unwrap_or_default();
        for controller in plan::missing(share, &whole.controllers, &given) {
            match say(&control, &format!("+{controller}")) {
                Ok(()) => self.given.push(controller),
                Err(error) => {
                    tracing::warn!(controller, %error, "slots have no control group for this");
                }
            }
        }
        for (file, text) in plan::settings(share, &files(&self.slots)) {
            if let Err(error) = say(&self.slots.join(file), &text) {
                tracing::warn!(file, text, %error, "the slots' control group does not take this");
            }
        }
    }
}

impl Drop for Division {
    fn drop(&mut self) {
        ending::end(&self.slots);
        for controller in &self.given {
            drop(say(&self.whole.join(GIVEN), &format!("-{controller}")));
        }
        // What is refused here is left for the next start, and costs nothing until then.
        drop(say(&self.whole.join(PROCESSES), &self.process.to_string()));
        ending::remove(&self.worker);
    }
}

/// The group of this process, if it can be divided. Changes nothing.
///
/// # Errors
/// [`Obstacle`]: why it cannot.
pub fn look() -> Result<Whole, Obstacle> {
    let read = |name| fs::read_to_string(Path::new("/proc/self").join(name)).unwrap_or_default();
    let folder = place::folder(&read("cgroup"), &read("mountinfo")).ok_or(Obstacle::NoTree)?;
    look_at(&folder, std::process::id())
}

/// A group that is said to be that process's, if it can be divided. Changes nothing.
///
/// # Errors
/// [`Obstacle`]: why it cannot.
pub fn look_at(folder: &Path, process: u32) -> Result<Whole, Obstacle> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let is_writable = |name: &str| access(&folder.join(name), AccessFlags::W_OK).is_ok();
    let seen = Seen {
        // The folder itself is for groups below, and these files say who is in them and what they get.
        is_writable: ["", PROCESSES, GIVEN].into_iter().all(is_writable),
        processes: read(PROCESSES).unwrap_or_default(),
        kind: read("cgroup.type"),
        controllers: read("cgroup.controllers").unwrap_or_default(),
        folder: folder.to_owned(),
    };
    plan::whole(seen, process)
}

/// Puts a slot's process, which has one thread still, into the slots' group.
pub(in crate::slots) fn enter(group: &Path, process: Option<u32>) {
    // Without a number it has ended, and that will be told.
    let Some(process) = process else { return };
    if let Err(error) = say(&group.join(PROCESSES), &process.to_string()) {
        let group = group.display();
        tracing::warn!(process, %group, %error, "a slot is not in its control group");
    }
}

fn make(whole: &Path, group: &Path) -> Result<(), Obstacle> {
    fs::create_dir(group).map_err(|error| refused(whole, group, &error))
}

fn refused(whole: &Path, file: &Path, error: &io::Error) -> Obstacle {
    let what = format!("{}: {error}", file.display());
    Obstacle::Refused { folder: whole.to_owned(), what }
}

/// Writes to a file of a group, which must be there.
fn say(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
}

fn files(group: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(group).into_iter().flatten().take(FILES_MAX);
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests;
