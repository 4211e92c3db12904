//! What is asked of the operating system about slot processes: clocks, signals and limits.
//!
//! A slot has no file but its pipes: orders come by its standard input, notes go by its standard output, wishes and
//! last words take the way that the system's file describes.

#[cfg(not(target_os = "linux"))]
mod clock;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fs::File;

use tokio::process::Child;

#[cfg(unix)]
use self::unix as system;
#[cfg(windows)]
use self::windows as system;

#[cfg(not(target_os = "linux"))]
pub(super) use self::clock::cpu_time;
#[cfg(target_os = "linux")]
pub(super) use self::system::cpu_time;
pub(super) use self::system::{
    LastWords, Wishes, end_in_words, ended_by_cpu_limit, hears, limit_cpu_time, lowest_priority,
    pause, pipes, resume, settle, start,
};

/// A slot's process that was started, and the worker's ends of what is not its standard input or output.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) child: Child,
    /// Where wishes are written; heard once [`hears`] has returned.
    pub(super) wishes: Wishes,
    /// What the process says when it ends for a reason.
    pub(super) last_words: LastWords,
}

/// The slot's ends, in its process.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) orders: File,
    pub(super) notes: File,
    pub(super) wishes: File,
}
