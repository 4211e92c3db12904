//! How slots share the machine with its owner's programs.

use std::io;

use serde::Deserialize;

/// The worst that there is.
const NICE_MAX: i32 = 19;

/// What a slot takes of a machine that is busy otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// What nobody else wants. Linux: the idle scheduling class, from which follows the idle class for the disk
    /// too, in a session that is as nice as can be; elsewhere the highest nice value.
    #[default]
    Lowest,
    /// As much as the worker itself: for a machine that someone else shares out, such as a cluster's scheduler.
    Inherited,
}

impl Priority {
    /// In the child, while it has one thread: others inherit it.
    pub(super) fn take(self) -> io::Result<()> {
        match self {
            Self::Inherited => Ok(()),
            Self::Lowest => {
                idle_class();
                #[cfg(target_os = "linux")]
                super::autogroup::step_back(NICE_MAX);
                Ok(rustix::process::setpriority_process(None, NICE_MAX)?)
            }
        }
    }
}

/// Where the system has no such class or refuses it, the nice value remains.
#[cfg(target_os = "linux")]
fn idle_class() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    // It also sets the nice value to 0, which fails if that was higher; the class is set then all the same.
    drop(set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle));
}

#[cfg(not(target_os = "linux"))]
fn idle_class() {}
