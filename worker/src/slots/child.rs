//! The slot process: takes orders from standard input, runs replicas one after the other, and writes
//! notes to standard output.
//!
//! Before its first guest, and not after, a process may keep the code that it compiles, because other processes run
//! that as their own. Whoever wants a new module kept gives it to a new process (`slot`).
//!
//! A second thread, with a large stack, reads orders, runs guests and writes notes: from an order to its guest
//! and back no other thread is woken. The first one hears wishes to a guest that is running (`ear`); they come from
//! standard error, which is a socket. When either input ends, the worker is gone, and this process with it.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{self, ExitCode};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use manyhands_core::digest::Digest;
use manyhands_core::private::InputKey;
use manyhands_proto::private::Cipher;
use manyhands_proto::slot::v1;

use crate::sandbox::{
    CheckpointPlan, Content, Control, GUEST_THREAD_STACK_BYTES, HostError, HostErrorKind, Input,
    Outcome, Output, Program, Requests, RunReport, Sandbox, Unit, Usage, run_here,
};
use crate::slots::command::{InputFile, RunSpec};
use crate::slots::ear::Ear;
use crate::slots::{frame, process as system, setup, wire};
use crate::wall::{self, Room};

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
    // Files, because `Stdout` would look for line ends in what it writes.
    let mut orders = BufReader::new(File::from(io::stdin().as_fd().try_clone_to_owned()?));
    let notes = Arc::new(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    let mut wishes = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let rooms = match next_order(&mut orders)? {
        Some(v1::order::Order::Setup(setup)) => {
            setup::priority(&setup).take()?;
            setup::rooms(&setup)
        }
        Some(_) => return Err(io::Error::other("the first order must be the set-up")),
        None => return Ok(()),
    };
    let sandbox = Sandbox::new(Some(&rooms.compiled_folder)).map_err(io::Error::other)?;
    // Nothing of a guest has been read until here, and there is no other thread that would stay outside.
    let walls = wall::raise(&rooms.fresh)?;
    let ready = setup::ready(std::env::consts::ARCH, &walls);
    let ear = Arc::new(Ear::default());
    let (narrowed, may_begin) = mpsc::channel();
    let programs = Programs { sandbox, warm: VecDeque::new(), used: Some(rooms.used.clone()) };
    let begin = Begin { ready, may_begin };
    start_guest_thread(programs, begin, orders, Arc::clone(&ear), notes)?;
    // A guest that gets out of the engine has all threads of its process: this one never needs to write compiled code, and
    // the other one has done so before its first guest.
    wall::narrow(&rooms.used)?;
    narrowed.send(()).map_err(io::Error::other)?;
    ear.listen(&mut wishes)?;
    // A guest may be running; it is not waited for.
    process::exit(0)
}

/// What the guests' thread begins with.
struct Begin {
    /// What it says first.
    ready: v1::Note,
    /// Comes when the other thread is where it stays.
    may_begin: mpsc::Receiver<()>,
}

fn start_guest_thread(
    programs: Programs,
    begin: Begin,
    mut orders: BufReader<File>,
    ear: Arc<Ear>,
    notes: Arc<File>,
) -> io::Result<()> {
    let work = move || {
        let served = catch_unwind(AssertUnwindSafe(|| {
            begin.may_begin.recv().map_err(io::Error::other)?;
            frame::write(&mut &*notes, &begin.ready)?;
            run_all(programs, &mut orders, &ear, &notes)
        }));
        if let Ok(Err(error)) = &served {
            drop(writeln!(io::stderr(), "slot: {error}"));
        }
        // The worker waits for this thread's notes, so the process must not outlive it.
        process::exit(if matches!(served, Ok(Ok(()))) { 0 } else { 101 })
    };
    let guest = thread::Builder::new().name("guest".to_owned());
    guest.stack_size(GUEST_THREAD_STACK_BYTES).spawn(work).map(drop)
}

fn run_all(
    mut programs: Programs,
    orders: &mut BufReader<File>,
    ear: &Ear,
    notes: &Arc<File>,
) -> io::Result<()> {
    while let Some(order) = next_order(orders)? {
        let v1::order::Order::Run(run) = order else {
            return Err(io::Error::other("set up twice"));
        };
        let passed = || io::Error::other("a run whose number is less than one heard before");
        let requests = ear.requests(run.number).ok_or_else(passed)?;
        let spec = wire::to_spec(*run).map_err(io::Error::other)?;
        let report = run_one(&mut programs, spec, requests, notes)
            .unwrap_or_else(|error| failed(Outcome::HostError(error)));
        frame::write(&mut &**notes, &wire::from_report(report))?;
    }
    Ok(())
}

/// Waits for the next order; `None` if the worker is gone.
fn next_order(orders: &mut BufReader<File>) -> io::Result<Option<v1::order::Order>> {
    let Some(order) = frame::read::<v1::Order>(orders)? else { return Ok(None) };
    order.order.map(Some).ok_or_else(|| io::Error::other("an unknown order"))
}

/// Programs that are ready to run, the one used last at the front.
struct Programs {
    sandbox: Sandbox,
    warm: VecDeque<Program>,
    /// Where this thread goes before its first guest.
    used: Option<Room>,
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
        if let Some(used) = self.used.take() {
            wall::narrow(&used).map_err(|e| HostError::new(HostErrorKind::Engine, e))?;
        }
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
    for InputFile { guest_path, host_path, digest, key } in files {
        let refused = |cause: &dyn std::fmt::Display| {
            HostError::new(HostErrorKind::Input, format!("`{guest_path}`: {cause}"))
        };
        let size = fs::metadata(host_path).map_err(|e| refused(&e))?.len();
        room = room.checked_sub(size).ok_or_else(|| {
            refused(&format!("all inputs together have more than {INPUT_BYTES_MAX} bytes"))
        })?;
        let blob = fs::read(host_path).map_err(|e| refused(&e))?;
        let input = match key {
            Some(key) => {
                let is_blob = Digest::of(&blob).as_bytes() == digest;
                is_blob.then(|| Input::new(guest_path, decrypted(blob, key)))
            }
            None => Some(Input::new(guest_path, blob)).filter(|input| input.digest() == digest),
        };
        let other = "its bytes are not those of its digest; fetch it again";
        inputs.push(input.ok_or_else(|| refused(&other))?);
    }
    Ok(inputs)
}

fn decrypted(mut blob: Vec<u8>, key: &InputKey) -> Vec<u8> {
    Cipher::new(key).apply(&mut blob);
    blob
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
