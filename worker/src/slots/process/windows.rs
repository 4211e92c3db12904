//! Slot processes of Windows. Compiled, and tried by nobody yet on a machine of its own.
//!
//! Wishes come by a named pipe that only the worker writes, last words go by standard error: Windows would keep a
//! write to one pipe waiting while the same end is being read.
//!
//! A slot ends with the worker, even while it stands still: both are in a job object that ends with its last handle, which
//! the worker holds until the system takes it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::io::AsHandle as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use ntapi::ntpsapi::{NtResumeProcess, NtSuspendProcess};
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use tokio::process::{Child, ChildStderr, Command};
use win32job::{ExtendedLimitInfo, Job, PriorityClass};

use super::{Pipes, Started};

/// The worker's end of the pipe for wishes.
pub(in crate::slots) type Wishes = NamedPipeServer;
/// A slot's standard error.
pub(in crate::slots) type LastWords = ChildStderr;

/// Names the pipe for wishes to a slot.
const WISHES: &str = "MANYHANDS_WISHES";
/// All that a slot keeps of the environment: without it the system's libraries are not found.
const SYSTEM_ROOT: &str = "SystemRoot";

/// Starts a slot: no shell, no environment but two names, no file but its pipes.
pub(in crate::slots) fn start(program: &Path, args: &[OsString]) -> io::Result<Started> {
    end_with_worker()?;
    let name = pipe_name()?;
    let wishes = ServerOptions::new()
        .access_inbound(false)
        .first_pipe_instance(true)
        .reject_remote_clients(true)
        .max_instances(1)
        .create(&name)?;
    let mut command = Command::new(program);
    command.args(args).env_clear().env(WISHES, &name).current_dir("/");
    if let Some(root) = std::env::var_os(SYSTEM_ROOT) {
        command.env(SYSTEM_ROOT, root);
    }
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.kill_on_drop(true).spawn()?;
    let last_words = child.stderr.take().ok_or_else(|| io::Error::other("it has no pipes"))?;
    Ok(Started { child, wishes, last_words })
}

/// A name that nobody can know before the pipe is there.
fn pipe_name() -> io::Result<String> {
    let mut secret = [0; 16];
    getrandom::fill(&mut secret).map_err(|error| io::Error::other(error.to_string()))?;
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!(r"\\.\pipe\manyhands-slot-{secret}"))
}

/// Sees to it, once, that no process that this one starts outlives it.
fn end_with_worker() -> io::Result<()> {
    static JOB: OnceLock<Result<Job, String>> = OnceLock::new();
    let made = JOB.get_or_init(|| job(ExtendedLimitInfo::new().limit_kill_on_job_close()));
    made.as_ref().map(drop).map_err(|error| io::Error::other(error.clone()))
}

/// A job object with this process in it, and all that it starts from now on.
fn job(limits: &ExtendedLimitInfo) -> Result<Job, String> {
    let made = Job::create_with_limit_info(limits);
    let joined = made.and_then(|job| job.assign_current_process().map(|()| job));
    joined.map_err(|error| format!("no job object: {error}"))
}

/// Waits until a slot has opened its end for wishes, which it does before it says that it is ready.
pub(in crate::slots) async fn hears(wishes: &Wishes) -> io::Result<()> {
    wishes.connect().await
}

/// In the child: its ends.
pub(in crate::slots) fn pipes() -> io::Result<Pipes> {
    let name = std::env::var_os(WISHES)
        .ok_or_else(|| io::Error::other("only a worker can start a slot: it names a pipe"))?;
    Ok(Pipes {
        orders: File::from(io::stdin().as_handle().try_clone_to_owned()?),
        notes: File::from(io::stdout().as_handle().try_clone_to_owned()?),
        wishes: OpenOptions::new().read(true).open(name)?,
    })
}

/// Stops a child until it is resumed.
pub(in crate::slots) fn pause(child: &Child) {
    // The system counts; so a child that stands still already is not stopped a second time.
    resume(child);
    let Some(handle) = child.raw_handle() else { return };
    #[expect(unsafe_code, reason = "no library offers it")]
    // SAFETY: the handle is of a process that `child` owns, borrowed until after the call, with all rights to it;
    // nothing is read or written through it. If the process has ended, that is said and nothing happens.
    let _status = unsafe { NtSuspendProcess(handle.cast()) };
}

/// Lets a stopped child go on.
pub(in crate::slots) fn resume(child: &Child) {
    let Some(handle) = child.raw_handle() else { return };
    #[expect(unsafe_code, reason = "no library offers it")]
    // SAFETY: as in `pause`. A process that does not stand still goes on as before.
    let _status = unsafe { NtResumeProcess(handle.cast()) };
}

/// How a process ended, in words, followed by its own last ones.
pub(in crate::slots) fn end_in_words(status: Option<ExitStatus>, last_words: &str) -> String {
    // A fault of the processor has a code too, such as 0xc0000005.
    let ending = match status.and_then(|status| status.code()) {
        Some(code) => format!("the slot ended with code {code} ({code:#x})"),
        None => "the slot is gone".to_owned(),
    };
    if last_words.is_empty() { ending } else { format!("{ending}: {last_words}") }
}

/// There is no such limit here: see [`limit_cpu_time`].
pub(in crate::slots) fn ended_by_cpu_limit(_status: ExitStatus) -> bool {
    false
}

/// In the child, first of all. It got nothing but its pipes, and ends with the worker by the worker's job object.
pub(in crate::slots) fn settle() -> io::Result<()> {
    Ok(())
}

/// In the child: what nobody else wants of the processor, for as long as this process lives.
pub(in crate::slots) fn lowest_priority() -> io::Result<()> {
    static JOB: OnceLock<Result<Job, String>> = OnceLock::new();
    let idle = || job(ExtendedLimitInfo::new().limit_priority_class(PriorityClass::Idle));
    JOB.get_or_init(idle).as_ref().map(drop).map_err(|error| io::Error::other(error.clone()))
}

/// The worker alone watches the time: the walls say that limits are missing.
pub(in crate::slots) fn limit_cpu_time(_limit: Duration) -> io::Result<()> {
    Ok(())
}
