//! Drives a guest from its first instruction, or from a checkpoint, to its outcome.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use manyhands_prepare::Kind;

use crate::sandbox::checkpoint::{self, CheckpointError, Checkpointed, Identity};
use crate::sandbox::control::{Control, Halt, RunEvent, Teller};
use crate::sandbox::failure::{AppErrorKind, HostError, HostErrorKind};
use crate::sandbox::host::Host;
use crate::sandbox::instance::{Ended, Guest, Running, ended, outcome};
use crate::sandbox::outcome::{Halted, Outcome, RunReport, Usage};
use crate::sandbox::program::Program;
use crate::sandbox::saving::Saver;
use crate::sandbox::unit::Unit;

/// Stack that a thread needs to call [`run_here`]: the guest's, and as much again for our own calls.
pub const GUEST_THREAD_STACK_BYTES: usize = 2 * crate::sandbox::engine::WASM_STACK_BYTES;

/// Runs `unit` on a thread made for it.
#[must_use]
pub fn run(program: &Program, unit: Unit, control: Control) -> RunReport {
    let guest =
        thread::Builder::new().name("guest".to_owned()).stack_size(GUEST_THREAD_STACK_BYTES);
    let failed = |cause: &str| report_host_error(HostError::new(HostErrorKind::Engine, cause));
    thread::scope(|scope| match guest.spawn_scoped(scope, || run_here(program, unit, control)) {
        Ok(handle) => handle.join().unwrap_or_else(|_panic| failed("the sandbox panicked")),
        Err(error) => failed(&format!("cannot start a thread: {error}")),
    })
}

/// Runs `unit` on this thread, which must have a stack of [`GUEST_THREAD_STACK_BYTES`].
#[must_use]
pub fn run_here(program: &Program, unit: Unit, mut control: Control) -> RunReport {
    let started_at = Instant::now();
    let cpu_before = cpu_time();
    let identity = Identity { module: program.digest, unit: unit.binding() };
    let host = match Host::new(unit) {
        Ok(host) => host,
        Err(error) => return report_host_error(HostError::new(HostErrorKind::Input, error)),
    };
    let teller = Teller::new(control.on_event.take());
    let mut report = match Running::new(program, Guest::new(host, teller)) {
        Ok(running) => {
            let requests = Arc::clone(&control.requests);
            let plan = control.checkpoints.take();
            let saver = plan.map(|plan| Saver::new(plan, requests, identity));
            Drive { program, running, control, identity, saver, step: 0 }.finish()
        }
        Err((mut store, ended)) => {
            let host = &mut store.data_mut().host;
            RunReport {
                outcome: outcome(ended, host),
                usage: Usage::default(),
                state_hash: None,
                log: host.log.text(),
            }
        }
    };
    // To the nearest: cut off, the sum over many short runs would be too small.
    let cpu = cpu_time().saturating_sub(cpu_before) + Duration::from_micros(500);
    report.usage.cpu_ms = millis(cpu);
    report.usage.wall_ms = millis(started_at.elapsed());
    report
}

/// One run under way.
struct Drive<'a> {
    program: &'a Program,
    running: Running,
    control: Control,
    identity: Identity,
    saver: Option<Saver>,
    step: u64,
}

impl Drive<'_> {
    fn finish(mut self) -> RunReport {
        let next = match self.program.kind {
            Kind::Command => self.command(),
            Kind::Step => self.steps(),
        };
        if let Some(saver) = &mut self.saver {
            // The folder is free after this. The end is known, so a checkpoint is not missed.
            drop(saver.finish(&mut self.running));
        }
        let mut state_hash = None;
        let outcome = match next {
            Next::Drained(checkpointed) => Outcome::Drained(checkpointed),
            Next::Halted(halted) => Outcome::Halted(halted),
            Next::Ended(ended) => {
                if self.control.wants_state_hash && self.program.kind == Kind::Step {
                    state_hash = self.state_hash();
                }
                outcome(ended, &mut self.running.store.data_mut().host)
            }
        };
        let usage = Usage {
            work: self.running.work(),
            memory_bytes_peak: self.running.memory.data_size(&self.running.store) as u64,
            steps: self.step,
            ..Usage::default()
        };
        let log = self.running.store.data().host.log.text();
        RunReport { outcome, usage, state_hash, log }
    }

    fn command(&mut self) -> Next {
        self.tell(RunEvent::Started { step: 0 });
        match self.running.start() {
            Ok(()) => Next::Ended(Ended::Well),
            Err(ended) => Next::Ended(ended),
        }
    }

    fn steps(&mut self) -> Next {
        match self.begin().and_then(|()| self.step_until_done()) {
            Ok(next) => next,
            Err(ended) => Next::Ended(ended),
        }
    }

    /// Brings the guest to where its next call is a step.
    fn begin(&mut self) -> Result<(), Ended> {
        if let Some(path) = self.control.resume.take() {
            self.step = checkpoint::resume(&path, &self.identity, self.program, &mut self.running)
                .map_err(|e| Ended::Host(HostError::new(HostErrorKind::Checkpoint, e)))?;
            self.running.store.data_mut().teller().step = self.step;
            self.tell(RunEvent::Started { step: self.step });
            return Ok(());
        }
        self.tell(RunEvent::Started { step: 0 });
        self.running.initialize()
    }

    fn step_until_done(&mut self) -> Result<Next, Ended> {
        let step = self.running.step()?;
        loop {
            if let Some(halt) = self.control.halt.take_if(|halt| halt.step <= self.step) {
                return self.halt(&halt).map(Next::Halted);
            }
            let done = step.call(&mut self.running.store, ());
            match done.map_err(|error| ended(&error))? {
                0 => self.step += 1,
                1 => {
                    self.step += 1;
                    return Ok(Next::Ended(Ended::Well));
                }
                other => return Err(Ended::App(AppErrorKind::Step(other))),
            }
            let guest = self.running.store.data_mut();
            guest.teller().step = self.step;
            guest.tell_progress();
            let Some(saver) = &mut self.saver else { continue };
            let saved = saver.after_step(self.program, &mut self.running, self.step);
            if let Some(checkpointed) = saved.map_err(disk)? {
                return Ok(Next::Drained(checkpointed));
            }
        }
    }

    fn halt(&mut self, halt: &Halt) -> Result<Halted, Ended> {
        let step = self.step;
        if halt.step < step {
            let beyond = format!("it is of step {step}, beyond step {}", halt.step);
            return Err(Ended::Host(HostError::new(HostErrorKind::Checkpoint, beyond)));
        }
        if let Some(saver) = &mut self.saver {
            // It may be writing into the same folder.
            saver.finish(&mut self.running).map_err(disk)?;
        }
        if let Some(folder) = &halt.folder {
            let (identity, running) = (&self.identity, &mut self.running);
            let kept = checkpoint::write(folder, identity, self.program, running, step);
            let kept = kept.map_err(disk)?;
            return Ok(Halted { step, state_hash: kept.state_hash, checkpoint: Some(kept) });
        }
        let unhashed =
            || Ended::Host(HostError::new(HostErrorKind::Engine, "a state without hash"));
        let state_hash = self.state_hash().ok_or_else(unhashed)?;
        Ok(Halted { step, state_hash, checkpoint: None })
    }

    fn state_hash(&mut self) -> Option<[u8; 32]> {
        checkpoint::state_hash(self.program, &mut self.running, self.step)
    }

    fn tell(&mut self, event: RunEvent) {
        self.running.store.data_mut().teller().tell(event);
    }
}

fn disk(error: CheckpointError) -> Ended {
    Ended::Host(HostError::new(HostErrorKind::Disk, error))
}

/// What comes after the last call of a guest.
enum Next {
    Ended(Ended),
    Drained(Checkpointed),
    Halted(Halted),
}

fn report_host_error(error: HostError) -> RunReport {
    RunReport {
        outcome: Outcome::HostError(error),
        usage: Usage::default(),
        state_hash: None,
        log: String::new(),
    }
}

/// CPU time of this thread.
#[cfg(unix)]
fn cpu_time() -> Duration {
    let clock = nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID;
    clock.now().map(Duration::from).unwrap_or_default()
}

/// CPU time of this thread.
#[cfg(windows)]
fn cpu_time() -> Duration {
    cpu_time::ThreadTime::try_now().map(|time| time.as_duration()).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
