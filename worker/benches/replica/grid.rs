//! Trivial units per second, end to end: a coordinator and one worker with two slots, as processes of
//! this machine, every report durable on both sides. One volunteer computes each unit.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use std::{env, fs};

use super::Failure;

/// Units of the measured job.
const UNITS: u32 = 20_000;

/// Units that are computed before: modules are compiled, and the worker has learnt how short its units
/// are.
const WARM_UP_UNITS: u32 = 1_000;

/// Measures the whole grid.
pub(super) fn trivial_units_per_s(folder: &Path, module: &[u8]) -> Result<f64, Failure> {
    let grid = Grid::start(folder, module)?;
    grid.compute("warm-up", WARM_UP_UNITS)?;
    let begun = Instant::now();
    grid.compute("measured", UNITS)?;
    Ok(f64::from(UNITS) / begun.elapsed().as_secs_f64())
}

/// The processes; they end with this value.
struct Grid<'a> {
    folder: &'a Path,
    program: PathBuf,
    _processes: Vec<Process>,
}

impl<'a> Grid<'a> {
    fn start(folder: &'a Path, module: &[u8]) -> Result<Self, Failure> {
        let program = program()?;
        fs::write(folder.join("nothing.wasm"), module)?;
        let mut grid = Self { folder, program, _processes: Vec::new() };
        let data = grid.text("coordinator");
        let args = ["coordinator", "--data", &data, "--listen", "127.0.0.1:0"];
        grid.spawn(&args, |line| line.starts_with("manyhands://"))?;
        let scientist = grid.run(&["invite", "--data", &data, "--role", "scientist"])?;
        grid.run(&["join", scientist.trim()])?;
        let worker = grid.run(&["invite", "--data", &data, "--role", "worker"])?;
        let home = grid.text("worker");
        let args = [
            "worker",
            "--join",
            worker.trim(),
            "--data",
            &home,
            "--slots",
            "2",
            "--always",
            "--yes",
        ];
        grid.spawn(&args, |line| line.starts_with("connected"))?;
        Ok(grid)
    }

    fn text(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).env("MANYHANDS_PROFILE", self.folder.join("profile"));
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts a process that stays, and waits for the line that says that it is ready.
    fn spawn(&mut self, args: &[&str], is_ready: impl Fn(&str) -> bool) -> Result<(), Failure> {
        let mut child = self.command(args).stdout(Stdio::piped()).spawn()?;
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
        self._processes.push(process);
        Ok(())
    }

    fn run(&self, args: &[&str]) -> Result<String, Failure> {
        let output = self.command(args).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{args:?} failed").into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Submits a job of so many units that do nothing, and waits for its end.
    fn compute(&self, name: &str, units: u32) -> Result<(), Failure> {
        let job_file = self.folder.join(format!("{name}.toml"));
        let text = format!(
            "name = {name:?}\nmodule = \"nothing.wasm\"\nargs = [\"{{n}}\"]\nmemory = \"1 MiB\"\n\
             [quorum]\nsize = 1\n[[axis]]\nname = \"n\"\nrange = {{ start = 1, end = {units} }}\n"
        );
        fs::write(&job_file, text)?;
        self.run(&["submit", &job_file.to_string_lossy(), "--watch"]).map(|_told| ())
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
    build.args(["build", "--release", "-p", "manyhands"]).current_dir(&workspace);
    if !build.status()?.success() {
        return Err("cannot build the program".into());
    }
    // A benchmark lies in `target/release/deps`, the program two above.
    let beside = env::current_exe()?;
    let release = beside.parent().and_then(Path::parent).ok_or("a benchmark without a folder")?;
    Ok(release.join("manyhands"))
}
