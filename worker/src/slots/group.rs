//! A control group for slots (cgroup v2), below the worker's own, where that was given to the worker to divide.
//!
//! Classes and nice values are asked within a group only: between groups the system shares by weight. So slots get a
//! group that is idle as a whole, whose memory is bounded as a whole, and in which no process outlives the worker.
//! Nothing depends on it: where no group is delegated, slots stay in the worker's. What the worker's group as a whole
//! gets beside those of others is up to who delegates it: the unit in `deploy/` asks for the least.
//!
//! A slot is put in by the worker, right after its start: it reads nothing of a guest before its first order, and
//! behind its wall it could not open a group's files. Slots are stopped by a signal and not with their group: each has
//! a pace of its own, and one that starts in a group that stands still would never get ready.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::path::PathBuf;

use super::priority::Priority;

#[cfg(target_os = "linux")]
use self::linux as system;
#[cfg(not(target_os = "linux"))]
use self::other as system;
pub(super) use self::system::enter;
#[cfg(target_os = "linux")]
pub use self::system::look_at;
pub use self::system::{Division, look};

/// What a slot may need of memory beside its guest's, in bytes: the guest's files, by the usual limits. A lower bound
/// would slow down programs that keep to theirs.
const BESIDE_GUEST_BYTES: u64 = 512 << 20;

/// What all slots together get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// With [`Priority::Inherited`], whoever shares out the machine has said it already: the group only keeps slots
    /// together.
    pub priority: Priority,
    /// Beyond so many bytes of memory the system slows them down and takes from them first.
    pub memory_bytes: u64,
}

impl Share {
    /// What `slots` slots get, each for a guest of so much memory.
    #[must_use]
    pub fn of(priority: Priority, slots: u32, slot_memory_bytes: u64) -> Self {
        let each = slot_memory_bytes.saturating_add(BESIDE_GUEST_BYTES);
        Self { priority, memory_bytes: each.saturating_mul(u64::from(slots)) }
    }
}

/// A control group that can be divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its folder.
    pub folder: PathBuf,
    /// What it may share out: `cpu`, `memory`, `io` and others.
    pub controllers: Vec<String>,
}

/// Why slots have no control group of their own.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Obstacle {
    /// It is not Linux, or an old one.
    #[error("this system has no tree of control groups (cgroup v2) that can be seen from here")]
    NoTree,
    /// Its owner is somebody else.
    #[error("the control group {} was not delegated: its files cannot be written", .0.display())]
    NotDelegated(PathBuf),
    /// What is in it besides would be divided too.
    #[error("the control group {} has other programs in it", .0.display())]
    Shared(PathBuf),
    /// Groups below it could have no processes.
    #[error("the control group {} is one of threads, of type `{kind}`", folder.display())]
    OfThreads {
        /// Its folder.
        folder: PathBuf,
        /// What the system calls it.
        kind: String,
    },
    /// It looked well.
    #[error("the control group {} cannot be divided: {what}", folder.display())]
    Refused {
        /// Its folder.
        folder: PathBuf,
        /// Which file, and what the system said.
        what: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_share_what_each_may_need() {
        let share = Share::of(Priority::Lowest, 3, 1 << 30);
        assert_eq!(share.memory_bytes, 3 * ((1 << 30) + (512 << 20)));
        assert_eq!(Share::of(Priority::Lowest, 3, u64::MAX).memory_bytes, u64::MAX);
    }
}
