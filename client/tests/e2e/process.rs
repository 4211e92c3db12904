//! A `manyhands` process of a test.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::{OpenptyResult, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The longest that any single event may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A running process whose printed lines can be waited for. Dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    pub(crate) fn start<S: AsRef<OsStr>>(args: &[S]) -> Self {
        Self::start_in(&std::env::temp_dir(), args)
    }

    /// With a folder of its own for temporary files.
    pub(crate) fn start_in<S: AsRef<OsStr>>(temporary: &Path, args: &[S]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manyhands"));
        command.args(args).env("TMPDIR", temporary).stdin(Stdio::null()).stderr(Stdio::null());
        Self::spawn(command)
    }

    /// In a control group, from its first moment.
    #[cfg(target_os = "linux")]
    pub(crate) fn in_group<S: AsRef<OsStr>>(group: &Path, args: &[S]) -> Self {
        Self::spawn(in_group(group, args))
    }

    /// With a person at a terminal, whose side is given too. Printed lines do not go there.
    pub(crate) fn at_terminal<S: AsRef<OsStr>>(args: &[S]) -> (Self, File) {
        let OpenptyResult { master, slave } = openpty(None, None).expect("a terminal");
        let mut command = Command::new(env!("CARGO_BIN_EXE_manyhands"));
        command.args(args).stdin(slave.try_clone().expect("a copy")).stderr(slave);
        (Self::spawn(command), master.into())
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("it has an output"));
        let (told, lines) = channel();
        let reader = thread::Builder::new().name("lines".into());
        reader
            .spawn(move || {
                for line in stdout.lines().map_while(Result::ok) {
                    if told.send(line).is_err() {
                        return;
                    }
                }
            })
            .expect("a thread starts");
        Self { child, lines }
    }

    /// Waits for a line of which `wanted` says yes.
    pub(crate) fn wait_for(&self, wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if wanted(&line) => return line,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => panic!("the line did not come in time"),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended without the line"),
            }
        }
    }

    /// The process's number.
    pub(crate) fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// Waits until it has ended by itself, and gives its exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        // The end of its output is its end.
        while self.lines.recv_timeout(PATIENCE).is_ok() {}
        self.child.wait().expect("it can be waited for").code()
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// Asks it to stop, waits until it has, and gives its exit code.
    pub(crate) fn terminate(self) -> Option<i32> {
        kill(self.id(), Signal::SIGTERM).expect("it can be told");
        self.end()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs `manyhands` to its end, as the owner of `profile`.
pub(crate) fn run<S: AsRef<OsStr>>(profile: &Path, args: &[S]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manyhands"));
    command.args(args).env("MANYHANDS_PROFILE", profile).stdin(Stdio::null());
    command.output().expect("the program runs")
}

/// A command that is in a control group before it becomes `manyhands`.
#[cfg(target_os = "linux")]
pub(crate) fn in_group<S: AsRef<OsStr>>(group: &Path, args: &[S]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "echo $$ >\"$0\" && exec \"$@\""]).arg(group.join("cgroup.procs"));
    command.arg(env!("CARGO_BIN_EXE_manyhands")).args(args);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// What a process printed.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a process complained about.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
