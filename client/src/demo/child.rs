//! One of our own processes, started and stopped by its own number.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child as Process, ChildStdout, Command};
use tokio::time::timeout;

use crate::failure::Failure;

/// How long a process may take to say the line that is waited for.
const LINE_MAX: Duration = Duration::from_secs(30);
/// How long a process may take to stop after it was asked to.
const STOP_MAX: Duration = Duration::from_secs(15);

/// A running `manyhands`. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Child {
    name: String,
    process: Process,
    lines: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
}

impl Child {
    /// Starts this same program with other arguments; what it logs goes to `log`.
    pub(crate) fn start(name: &str, log: &Path, args: &[&str]) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let mut process = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .kill_on_drop(true)
            .spawn()?;
        let Some(stdout) = process.stdout.take() else {
            return Err(Failure::failed(format!("{name} has no output to read")));
        };
        let lines = BufReader::new(stdout).lines();
        Ok(Self { name: name.to_owned(), process, lines, log: log.to_owned() })
    }

    /// The next line that the process prints.
    pub(crate) async fn line(&mut self) -> Result<String, Failure> {
        match timeout(LINE_MAX, self.lines.next_line()).await {
            Ok(Ok(Some(line))) => Ok(line),
            Ok(Ok(None)) => Err(self.failure("ended early")),
            Ok(Err(error)) => Err(self.failure(&error.to_string())),
            Err(_elapsed) => Err(self.failure("said nothing for too long")),
        }
    }

    /// Asks the process to stop, and waits until it has; kills it if it does not.
    pub(crate) async fn stop(mut self) {
        ask_to_stop(&mut self.process);
        let stopped = timeout(STOP_MAX, self.process.wait()).await;
        if stopped.is_err() {
            drop(self.process.kill().await);
        }
    }

    fn failure(&self, what: &str) -> Failure {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last = log.lines().last().unwrap_or("it left no message");
        Failure::failed(format!("{} {what}: {last}", self.name))
    }
}

#[cfg(unix)]
fn ask_to_stop(process: &mut Process) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    if let Some(pid) = process.id().and_then(|id| i32::try_from(id).ok()) {
        match kill(Pid::from_raw(pid), Signal::SIGTERM) {
            // It may just have ended by itself, which is as good.
            Ok(()) | Err(_) => {}
        }
    }
}

/// Elsewhere nobody can be asked, and what a killed process leaves behind is made for that.
#[cfg(not(unix))]
fn ask_to_stop(process: &mut Process) {
    match process.start_kill() {
        Ok(()) | Err(_) => {}
    }
}
