//! The ways to run a case on this machine.

use std::io;
use std::sync::Mutex;
use std::thread;

use manyhands_prepare::prepare;
use manyhands_worker::sandbox::{
    Control, GUEST_THREAD_STACK_BYTES, Program, Sandbox, SandboxError, run_here,
};

use crate::answer::Answer;
use crate::case::Case;

/// A code generator, and what carries out its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Cranelift's code for this processor: what workers run.
    Native,
    /// Cranelift's code for the engine's own interpreter.
    Pulley,
}

impl Machine {
    /// The sandbox of this machine.
    ///
    /// # Errors
    /// If the engine cannot run here.
    pub fn sandbox(self) -> Result<Sandbox, SandboxError> {
        match self {
            Self::Native => Sandbox::new(None),
            Self::Pulley => Sandbox::for_target("pulley64"),
        }
    }
}

/// Prepares, loads and runs `case`, on a thread with [`GUEST_THREAD_STACK_BYTES`].
fn answer(sandbox: &Sandbox, case: Case) -> Answer {
    let prepared = match prepare(&case.wasm) {
        Ok(prepared) => prepared,
        Err(refusal) => return Answer::refused(&refusal),
    };
    let program: Program = match sandbox.load(&prepared.digest, || Ok(prepared.bytes)) {
        Ok(program) => program,
        Err(error) => return Answer::host_error(error.kind),
    };
    let control = Control { wants_state_hash: true, ..Control::default() };
    Answer::of(&run_here(&program, case.unit, control))
}

/// Runs all cases on all cores; the answers are in the order of the cases.
///
/// # Errors
/// If a thread cannot be started, or one panicked.
pub fn answers<C>(sandbox: &Sandbox, cases: C) -> io::Result<Vec<(String, Answer)>>
where
    C: Iterator<Item = Case> + Send,
{
    let cases = Mutex::new(cases.enumerate());
    let next = || cases.lock().ok()?.next();
    let work = || {
        let mut found = Vec::new();
        while let Some((index, case)) = next() {
            found.push((index, case.name.clone(), answer(sandbox, case)));
        }
        found
    };
    let mut all = thread::scope(|scope| -> io::Result<Vec<_>> {
        let cores = thread::available_parallelism()?.get();
        let threads = (0..cores).map(|_| {
            thread::Builder::new().stack_size(GUEST_THREAD_STACK_BYTES).spawn_scoped(scope, work)
        });
        let mut all = Vec::new();
        for thread in threads.collect::<io::Result<Vec<_>>>()? {
            all.extend(thread.join().map_err(|_panic| io::Error::other("a run panicked"))?);
        }
        Ok(all)
    })?;
    all.sort_unstable_by_key(|&(index, _, _)| index);
    Ok(all.into_iter().map(|(_, name, answer)| (name, answer)).collect())
}
