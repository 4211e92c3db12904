//! The slot process: takes orders from standard input, runs replicas one after the other, and writes
//! notes to standard output.
//!
//! A second thread, with a large stack, waits for runs, runs guests and alone writes notes; the first one hears
//! wishes to a guest that is running (`ear` says who listens when). When the input ends, the worker is gone,
//! and this process with it.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;

use crate::sandbox::{
    CheckpointPlan, Content, Control, GUEST_THREAD_STACK_BYTES, HostError, HostErrorKind, Input,
    Outcome, Output, Program, Requests, RunReport, Sandbox, Unit, Usage, run_here,
};
use crate::slots::command::{InputFile, RunSpec};
use crate::slots::ear::Ear;
use crate::slots::{frame, process as system, setup, wire};
use crate::wall::{self, Wall};

/// Modules that a slot keeps compiled.
const PROGRAMS_MAX: usize = 4;
/// Outputs that travel in the message; beyond it, all go to files.
const INLINE_BYTES_MAX: u64 = 1 << 20;
/// Inputs of one unit together; they are held in memory.
const INPUT_BYTES_MAX: u64 = 4 << 30;

/// The life of a slot process; ends when its standard input does.
#[must_use]
pub fn slot_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The worker reads this when the process has ended. Nothing can be done if it is gone.
            drop(writeln!(io::stderr(), "slot: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    system::settle()?;
    let ear = Arc::new(Ear::new()?);
    let Some(setup) = ear.set_up()? else { return Ok(()) };
    setup::priority(&setup).take()?;
    let (compiled_folder, room) = setup::read(&setup);
    let sandbox = Sandbox::new(Some(&compiled_folder)).map_err(io::Error::other)?;
    // Nothing of a guest has been read until here, and there is no other thread that would stay outside.
    let walls = wall::raise(&room)?;
    start_guest_thread(sandbox, walls, Arc::clone(&ear))?;
    ear.listen()?;
    // A guest may be running; it is not waited for.
    process::exit(0)
}

fn start_guest_thread(sandbox: Sandbox, walls: Vec<Wall>, ear: Arc<Ear>) -> io::Result<()> {
    // A file instead of `Stdout`, which would look for line ends in what it writes.
    let notes = Arc::new(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    let work = move || {
        let served = catch_unwind(AssertUnwindSafe(|| run_all(sandbox, &walls, &ear, &notes)));
        if let Ok(Err(error)) = &served {
            drop(writeln!(io::stderr(), "slot: {error}"));
        }
        // The worker waits for this thread's notes, so the process must not outlive it.
        process::exit(if matches!(served, Ok(Ok(()))) { 0 } else { 101 })
    };
    let guest = thread::Builder::new().name("guest".to_owned());
    guest.stack_size(GUEST_THREAD_STACK_BYTES).spawn(work).map(drop)
}

fn run_all(sandbox: Sandbox, walls: &[Wall], ear: &Ear, notes: &Arc<File>) -> io::Result<()> {
    frame::write(&mut &**notes, &setup::ready(std::env::consts::ARCH, walls))?;
    let mut programs = Programs { sandbox, warm: VecDeque::new() };
    while let Some((run, requests)) = ear.next_run()? {
        let spec = wire::to_spec(run).map_err(io::Error::other)?;
        let report = run_one(&mut programs, spec, requests, notes)
            .unwrap_or_else(|error| failed(Outcome::HostError(error)));
        ear.run_ended()?;
        frame::write(&mut &**notes, &wire::from_report(report))?;
    }
    Ok(())
}

/// Programs that are ready to run, the one used last at the front.
struct Programs {
    sandbox: Sandbox,
    warm: VecDeque<Program>,
}

impl Programs {
    fn get(&mut self, digest: &[u8; 32], path: &Path) -> Result<Program, HostError> {
        let found = self.warm.iter().position(|program| program.digest() == digest);
        let program = match found.and_then(|index| self.warm.remove(index)) {
            Some(program) => program,
            None => self.sandbox.load(digest, || fs::read(path))?,
        };
        self.warm.truncate(PROGRAMS_MAX - 1);
        self.warm.push_front(program.clone());
        Ok(program)
    }
}

fn run_one(
    programs: &mut Programs,
    spec: RunSpec,
    requests: Arc<Requests>,
    notes: &Arc<File>,
) -> Result<RunReport, HostError> {
    let program = programs.get(&spec.module_digest, &spec.module_path)?;
    let engine = |error: io::Error| HostError::new(HostErrorKind::Engine, error);
    system::limit_cpu_time(Duration::from_millis(spec.limits.cpu_ms)).map_err(engine)?;
    let notes = Arc::clone(notes);
    let inputs = read_inputs(&spec.inputs)?;
    let interval = spec.checkpoint_interval;
    let control = Control {
        requests,
        checkpoints: spec.checkpoint_folder.map(|folder| CheckpointPlan { folder, interval }),
        resume: spec.resume,
        wants_state_hash: spec.wants_state_hash,
        halt: spec.halt,
        on_event: Some(Box::new(move |event| {
            // If the worker is gone, the end of the input ends this process.
            drop(frame::write(&mut &*notes, &wire::from_event(event)));
        })),
    };
    let unit =
        Unit { args: spec.args, stdin: spec.stdin, inputs, seed: spec.seed, limits: spec.limits };
    let mut report = run_here(&program, unit, control);
    if let Outcome::Success(outputs) = &mut report.outcome {
        move_to_files(outputs, &spec.output_folder)
            .map_err(|error| HostError::new(HostErrorKind::Disk, format!("output: {error}")))?;
    }
    Ok(report)
}

fn read_inputs(files: &[InputFile]) -> Result<Vec<Input>, HostError> {
    let mut room = INPUT_BYTES_MAX;
    let mut inputs = Vec::new();
    for InputFile { guest_path, host_path, digest } in files {
        let refused = |cause: &dyn std::fmt::Display| {
            HostError::new(HostErrorKind::Input, format!("`{guest_path}`: {cause}"))
        };
        let size = fs::metadata(host_path).map_err(|e| refused(&e))?.len();
        room = room.checked_sub(size).ok_or_else(|| {
            refused(&format!("all inputs together have more than {INPUT_BYTES_MAX} bytes"))
        })?;
        let input = Input::new(guest_path, fs::read(host_path).map_err(|e| refused(&e))?);
        if input.digest() != digest {
            return Err(refused(&"its bytes are not those of its digest; fetch it again"));
        }
        inputs.push(input);
    }
    Ok(inputs)
}

/// Leaves outputs in the message if they are short, and puts them into files if not.
fn move_to_files(outputs: &mut [Output], folder: &Path) -> io::Result<()> {
    let total: u64 = outputs.iter().map(|output| output.size_bytes).sum();
    if total <= INLINE_BYTES_MAX {
        return Ok(());
    }
    for (index, output) in outputs.iter_mut().enumerate() {
        // Named by number: a guest's names never reach the machine's file system.
        let path = folder.join(format!("output-{index}"));
        if let Content::Inline(bytes) = &mut output.content {
            fs::write(&path, std::mem::replace(bytes, Bytes::new()))?;
        }
        output.content = Content::File(path);
    }
    Ok(())
}

fn failed(outcome: Outcome) -> RunReport {
    RunReport { outcome, usage: Usage::default(), state_hash: None, log: String::new() }
}
