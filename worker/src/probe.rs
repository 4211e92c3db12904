//! What this machine has and what happens on it. Only here is the machine asked about itself.
//!
//! Sensors are read on threads of their own, so that one that hangs holds nothing up; what is not told, or was
//! told too long ago, is unknown. What depends on the system is in a folder of its own: `linux`. On other systems
//! nothing is known but what `sysinfo` tells, so the machine counts as used unless its owner says otherwise.

mod allotment;
mod board;
mod faked;
#[cfg(target_os = "linux")]
mod linux;
mod owned;
mod presence;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use manyhands_core::agent::governor::reading::{Name, Readings};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use self::allotment::Allotment;
use self::board::Board;

/// Cores that this process may use, of those that it is bound to, its control groups leave it, and a cluster's
/// scheduler gave it; 1 if the system does not say.
#[must_use]
pub(crate) fn cores() -> NonZeroU32 {
    let cores = thread::available_parallelism().ok().and_then(|cores| cores.try_into().ok());
    let allotted = allotment().cores.and_then(NonZeroU32::new);
    allotment::least(cores, allotted).unwrap_or(NonZeroU32::MIN)
}

/// Memory of the machine, or what the control groups of this process or a cluster's scheduler leave of it;
/// `None` if the system does not say.
#[must_use]
pub(crate) fn memory_bytes() -> Option<u64> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory).ok()?;
    let left = allotment::least(group_bytes(), allotment().memory_bytes);
    allotment::least(Some(system.total_memory()), left)
}

fn allotment() -> Allotment {
    Allotment::of(|name| std::env::var(name).ok())
}

#[cfg(target_os = "linux")]
fn group_bytes() -> Option<u64> {
    linux::group_bytes()
}

#[cfg(not(target_os = "linux"))]
fn group_bytes() -> Option<u64> {
    None
}

/// What is to be read beside what every machine has.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Programs of which is told whether they run.
    pub(crate) programs: Vec<Name>,
    /// The owner's own sensors, and the files that have their numbers.
    pub(crate) sensors: BTreeMap<Name, PathBuf>,
    /// The worker's folder, whose disk is looked at.
    pub(crate) folder: PathBuf,
    /// A file that pretends all sensors.
    pub(crate) faked: Option<PathBuf>,
}

/// The sensors of this machine, while this lives.
#[derive(Debug)]
pub(crate) struct Probe {
    board: Arc<Board>,
    asked: Arc<Asked>,
    /// Dropped, their threads end.
    _threads: Vec<Thread>,
}

/// Ends a thread, if not at once, when it is dropped.
pub(crate) type Thread = mpsc::Sender<()>;

impl Probe {
    /// Begins to read.
    pub(crate) fn start(asked: Asked) -> Self {
        let (board, asked) = (Arc::new(Board::default()), Arc::new(asked));
        let threads = match &asked.faked {
            None => start(&board, &asked),
            Some(_) => Vec::new(),
        };
        Self { board, asked, _threads: threads }
    }

    /// What is known now.
    pub(crate) fn readings(&self) -> Readings {
        match &self.asked.faked {
            None => self.board.readings(),
            Some(path) => faked::read(path),
        }
    }

    /// Waits until a person touches the machine.
    pub(crate) async fn touched(&self) {
        self.board.touched().await;
    }
}

#[cfg(target_os = "linux")]
fn start(board: &Arc<Board>, asked: &Arc<Asked>) -> Vec<Thread> {
    linux::start(board, asked)
}

#[cfg(not(target_os = "linux"))]
fn start(_: &Arc<Board>, _: &Arc<Asked>) -> Vec<Thread> {
    Vec::new()
}

/// Starts a thread that ends when what is returned is dropped; `None` if there can be no more threads.
fn thread(name: &str, work: impl FnOnce(Receiver<()>) + Send + 'static) -> Option<Thread> {
    let (keep, end) = mpsc::channel();
    match thread::Builder::new().name(name.to_owned()).spawn(move || work(end)) {
        Ok(_) => Some(keep),
        Err(error) => {
            tracing::warn!(%error, name, "a sensor cannot be read");
            None
        }
    }
}

/// Waits for `pause`; whether it is over for good.
fn is_over(end: &Receiver<()>, pause: Duration) -> bool {
    !matches!(end.recv_timeout(pause), Err(RecvTimeoutError::Timeout))
}
