//! What this machine has and what happens on it. Only here is the machine asked about itself.
//!
//! Sensors are read on threads of their own, so that one that hangs holds nothing up; what is not told, or was
//! told too long ago, is unknown. What depends on the system is in a place of its own: `linux`, and `other`, which has what
//! libraries tell of macOS and Windows.

mod allotment;
mod board;
mod faked;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod owned;
mod presence;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    hurry: Arc<Hurry>,
    /// Dropped, their threads end.
    threads: Vec<Thread>,
}

/// Whether programs run that may have to stop: only then it matters to see at once what happens.
#[derive(Debug, Default)]
pub(crate) struct Hurry(AtomicBool);

impl Hurry {
    /// Time until the next look: `hurried`, or as long as `leisure` where nothing has to stop.
    fn pause(&self, hurried: Duration, leisure: Duration) -> Duration {
        if self.0.load(Ordering::Relaxed) { hurried } else { leisure }
    }
}

/// Ends a thread, if not at once, when it is dropped; a word in it wakes the thread.
pub(crate) type Thread = mpsc::Sender<()>;

/// Between two looks at what may stop programs, while none runs.
const LEISURE: Duration = Duration::from_secs(2);

impl Probe {
    /// Begins to read.
    pub(crate) fn start(asked: Asked) -> Self {
        let (board, asked) = (Arc::new(Board::default()), Arc::new(asked));
        let hurry = Arc::default();
        let threads = match &asked.faked {
            None => start(&board, &asked, &hurry),
            Some(path) => faked::start(path, &board, &hurry),
        };
        Self { board, asked, hurry, threads }
    }

    /// Says whether programs run. When they begin to, sensors are read at once.
    pub(crate) fn hurry(&self, is_hurried: bool) {
        if !self.hurry.0.swap(is_hurried, Ordering::Relaxed) && is_hurried {
            for thread in &self.threads {
                match thread.send(()) {
                    // A thread that has ended reads nothing any more.
                    Ok(()) | Err(_) => {}
                }
            }
        }
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
fn start(board: &Arc<Board>, asked: &Arc<Asked>, hurry: &Arc<Hurry>) -> Vec<Thread> {
    linux::start(board, asked, hurry)
}

#[cfg(not(target_os = "linux"))]
fn start(board: &Arc<Board>, asked: &Arc<Asked>, hurry: &Arc<Hurry>) -> Vec<Thread> {
    other::start(board, asked, hurry)
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

/// Waits for `pause`, or until it is woken; whether it is over for good.
fn is_over(end: &Receiver<()>, pause: Duration) -> bool {
    matches!(end.recv_timeout(pause), Err(RecvTimeoutError::Disconnected))
}
