//! Slot processes of Unix systems. Wishes come by a socket that is a slot's standard error, and last words go by it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd, RawFd};
use std::os::unix::net;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::{SigSet, Signal, kill};
#[cfg(target_os = "linux")]
use nix::time::ClockId;
use nix::unistd::Pid;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};

use super::{Pipes, Started};

/// The worker's end of the socket, to write.
pub(in crate::slots) type Wishes = OwnedWriteHalf;
/// The worker's end of the socket, to read.
pub(in crate::slots) type LastWords = OwnedReadHalf;

/// The worst that there is.
const NICE_MAX: i32 = 19;

/// How far the system's own limit on CPU time lies above the one that the worker watches.
const CPU_LIMIT_SLACK: Duration = Duration::from_secs(5);

/// What a process has open.
const OPEN_FILES: &str = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };

/// Starts a slot: no shell, no environment, no file but two pipes and a socket, its standard error, whose
/// other end is returned.
///
/// It leads a process group of its own. So the terminal's signals do not reach it and the worker can drain.
///
/// It ends with the worker: by the end of its input; and, because it hears nothing of that while it stands still, by the
/// system's hand where there is such a thing ([`settle`]). Elsewhere the system wakes a stopped group without parent, but
/// not one that is only about to stop when the worker dies.
pub(in crate::slots) fn start(program: &Path, args: &[OsString]) -> io::Result<Started> {
    let (ours, theirs) = net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let child = Command::new(program)
        .args(args)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(OwnedFd::from(theirs))
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let (last_words, wishes) = UnixStream::from_std(ours)?.into_split();
    Ok(Started { child, wishes, last_words })
}

/// The socket is there from the start.
pub(in crate::slots) async fn hears(_wishes: &Wishes) -> io::Result<()> {
    Ok(())
}

/// In the child: its ends.
pub(in crate::slots) fn pipes() -> io::Result<Pipes> {
    Ok(Pipes {
        orders: File::from(io::stdin().as_fd().try_clone_to_owned()?),
        notes: File::from(io::stdout().as_fd().try_clone_to_owned()?),
        wishes: File::from(io::stderr().as_fd().try_clone_to_owned()?),
    })
}

/// CPU time that a child has used since it was started; `None` if it is gone.
#[cfg(target_os = "linux")]
pub(in crate::slots) fn cpu_time(child: &Child) -> Option<Duration> {
    ClockId::pid_cpu_clock_id(pid(child)?).and_then(ClockId::now).ok().map(Duration::from)
}

/// Stops a child until it is resumed.
pub(in crate::slots) fn pause(child: &Child) {
    signal(child, Signal::SIGSTOP);
}

/// Lets a stopped child go on.
pub(in crate::slots) fn resume(child: &Child) {
    signal(child, Signal::SIGCONT);
}

fn signal(child: &Child, signal: Signal) {
    // A child whose end was not yet collected keeps its number, so this cannot hit another process.
    let Some(pid) = pid(child) else { return };
    match kill(pid, signal) {
        // If it has ended, there is nothing to signal, and its end is about to be noticed.
        Ok(()) | Err(_) => {}
    }
}

fn pid(child: &Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw)
}

/// How a process ended, in words, followed by its own last ones.
pub(in crate::slots) fn end_in_words(status: Option<ExitStatus>, last_words: &str) -> String {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.and_then(|status| status.signal());
    let ending = match (signal, status.and_then(|status| status.code())) {
        (Some(signal), _) => {
            let name = Signal::try_from(signal).map_or("unknown", Signal::as_str);
            format!("the slot died by signal {signal} ({name})")
        }
        (None, Some(code)) => format!("the slot ended with code {code}"),
        (None, None) => "the slot is gone".to_owned(),
    };
    if last_words.is_empty() { ending } else { format!("{ending}: {last_words}") }
}

/// Whether the system ended a process for using more CPU time than [`limit_cpu_time`] said.
pub(in crate::slots) fn ended_by_cpu_limit(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(Signal::SIGXCPU as i32)
}

/// In the child, first of all: it does not outlive the worker, keeps nothing open but its pipes and its socket, what guests leave behind is not dumped, and
/// if memory runs out the system takes a slot before it takes what the person at the machine is working with.
pub(in crate::slots) fn settle() -> io::Result<()> {
    // The system means the thread that started this process; a worker's threads last as long as the worker.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    close_inherited()?;
    deafen()?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    #[cfg(target_os = "linux")]
    std::fs::write("/proc/self/oom_score_adj", "1000")?;
    Ok(())
}

/// Keeps away the signals by which people and systems ask programs to end: a cluster's scheduler sends them to every
/// process of a job, and what a slot computes could not be saved any more. The worker hears them, and its slots
/// end with it.
fn deafen() -> io::Result<()> {
    let mut asked = SigSet::empty();
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGUSR2]
        .into_iter()
        .for_each(|signal| asked.add(signal));
    Ok(asked.thread_block()?)
}

/// In the child, while it has one thread: others inherit it.
pub(in crate::slots) fn lowest_priority() -> io::Result<()> {
    idle_class();
    #[cfg(target_os = "linux")]
    crate::slots::autogroup::step_back(NICE_MAX);
    Ok(rustix::process::setpriority_process(None, NICE_MAX)?)
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

/// Closes what the worker got from whoever started it and handed on without knowing.
fn close_inherited() -> io::Result<()> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(OPEN_FILES)? {
        open.extend(entry?.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok()));
    }
    for descriptor in open.into_iter().filter(|it| *it > 2) {
        match nix::unistd::close(descriptor) {
            // One of them was the list itself.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// In the child, before each run: lets the system end this process somewhat after the worker should
/// have, in case that the worker cannot.
pub(in crate::slots) fn limit_cpu_time(limit: Duration) -> io::Result<()> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let used_s = usage.user_time().tv_sec() + usage.system_time().tv_sec();
    let used = Duration::from_secs(u64::try_from(used_s).unwrap_or(0));
    let limit = used.saturating_add(limit).saturating_add(CPU_LIMIT_SLACK);
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU)?;
    Ok(setrlimit(Resource::RLIMIT_CPU, limit.as_secs().saturating_add(1).min(hard), hard)?)
}
