//! A coordinator and one worker, as processes of this machine, for the benchmarks that measure them.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use super::Failure;

/// The processes; they end with this value.
pub(super) struct Grid {
    folder: PathBuf,
    program: PathBuf,
    processes: Vec<Process>,
}

impl Grid {
    /// Starts both in `folder`, and gives the numbers of coordinator's and worker's processes; `settings` are lines
    /// of the worker's settings file.
    pub(super) fn start(folder: &Path, settings: &str) -> Result<(Self, [u32; 2]), Failure> {
        let program = program()?;
        let mut grid = Self { folder: folder.to_owned(), program, processes: Vec::new() };
        let data = grid.text("coordinator");
        let args = ["coordinator", "--data", &data, "--listen", "127.0.0.1:0"];
        let coordinator = grid.spawn(&args, |line| line.starts_with("manyhands://"))?;
        let scientist = grid.run(&["invite", "--data", &data, "--role", "scientist"])?;
        grid.run(&["join", scientist.trim()])?;
        let worker = grid.run(&["invite", "--data", &data, "--role", "worker"])?;
        let (config, home) = (grid.text("worker.toml"), grid.text("worker"));
        let text = format!("invite = {:?}\ndata_dir = {home:?}\n{settings}\n", worker.trim());
        fs::write(&config, text)?;
        let args = ["worker", "--yes", "--config", &config];
        let worker = grid.spawn(&args, |line| line.starts_with("connected"))?;
        Ok((grid, [coordinator, worker]))
    }

    /// A file of this grid.
    pub(super) fn text(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    fn command(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env("MANYHANDS_PROFILE", self.folder.join("profile"));
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts a process that stays, as services do in a session of its own, and waits for the line that says that it
    /// is ready.
    fn spawn(&mut self, args: &[&str], is_ready: impl Fn(&str) -> bool) -> Result<u32, Failure> {
        let program = self.program.to_string_lossy();
        // Killed with this process, however that ends.
        let words = [&["setpriv", "--pdeathsig", "KILL", &program], args].concat();
        let mut child = self.command("setsid", &words).stdout(Stdio::piped()).spawn()?;
        let id = child.id();
        let stdout = child.stdout.take().ok_or("the process has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let process = Process(child);
        loop {
            let Some(line) = lines.next() else {
                return Err(format!("{args:?} ended before it was ready").into());
            };
            if is_ready(&line?) {
                break;
            }
        }
        // Read to its end, so that the process never waits for us.
        let drain = std::thread::Builder::new().name("output".to_owned());
        drain.spawn(move || lines.map_while(Result::ok).for_each(drop))?;
        self.processes.push(process);
        Ok(id)
    }

    /// Runs a command to its end, and gives what it printed.
    pub(super) fn run(&self, args: &[&str]) -> Result<String, Failure> {
        let output = self.command(&self.program, args).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{args:?} failed").into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// A process that is killed with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The `manyhands` program: as `MANYHANDS_BIN` says, or built now.
fn program() -> Result<PathBuf, Failure> {
    if let Some(program) = env::var_os("MANYHANDS_BIN") {
        return Ok(program.into());
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--workspace", "--bin", "manyhands"]).current_dir(&workspace);
    // What cargo tells this benchmark of its package would have libraries built anew that look at it.
    let told = env::vars_os().map(|(name, _)| name);
    let is_of_package = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    };
    for name in told.filter(is_of_package) {
        build.env_remove(name);
    }
    if !build.status()?.success() {
        return Err("cannot build the program".into());
    }
    // A benchmark lies in `target/release/deps`, the program two above.
    let beside = env::current_exe()?;
    let release = beside.parent().and_then(Path::parent).ok_or("a benchmark without a folder")?;
    Ok(release.join("manyhands"))
}
