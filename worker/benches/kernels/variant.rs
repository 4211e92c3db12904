//! The five ways in which a program is run.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use manyhands_prepare::prepare;
use manyhands_worker::sandbox::{
    Control, GUEST_THREAD_STACK_BYTES, Program, Sandbox, Unit, Yardstick, run_here,
};
use nix::sys::resource::{UsageWho, getrusage};
use nix::time::ClockId;

use super::Failure;
use super::build::Natives;
use super::program::{Answer, Case, guest_answer};

/// How many there are.
pub(super) const COUNT: usize = 5;
/// Their places in a row of the table.
pub(super) const BASELINE: usize = 0;
pub(super) const PLAIN: usize = 2;
pub(super) const OURS: usize = 4;

/// All that runs programs.
pub(super) struct Variants {
    natives: Natives,
    plain: Yardstick,
    stock: Yardstick,
    ours: Sandbox,
}

/// A program ready to run in all ways.
pub(super) struct Ready<'a> {
    case: &'a Case,
    natives: &'a Natives,
    guests: [Program; 3],
}

impl Variants {
    pub(super) fn new(natives: Natives) -> Result<Self, Failure> {
        Ok(Self {
            natives,
            plain: Yardstick::plain()?,
            stock: Yardstick::stock()?,
            ours: Sandbox::new(None)?,
        })
    }

    pub(super) fn ready<'a>(&'a self, case: &'a Case) -> Result<Ready<'a>, Failure> {
        let prepared = prepare(&case.wasm)?;
        let guests = [
            self.plain.load(&case.wasm)?,
            self.stock.load(&case.wasm)?,
            self.ours.load(&prepared.digest, || Ok(prepared.bytes))?,
        ];
        Ok(Ready { case, natives: &self.natives, guests })
    }
}

impl Ready<'_> {
    /// One run: what it gave, and its CPU time.
    pub(super) fn run(&self, variant: usize) -> Result<(Answer, Duration), Failure> {
        match variant {
            0 => self.native(&self.natives.baseline),
            1 => self.native(&self.natives.tuned),
            guest => on_own_thread(&self.guests[guest - 2], self.case.unit.clone()),
        }
    }

    fn native(&self, programs: &std::path::Path) -> Result<(Answer, Duration), Failure> {
        let before = children()?;
        let mut command = Command::new(programs.join(self.case.name));
        command.args(&self.case.args).current_dir(&self.case.folder);
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        let taken = children()?.saturating_sub(before);
        if !output.status.success() {
            return Err(format!("{command:?}: {}", output.status).into());
        }
        Ok((self.case.native_answer(output.stdout)?, taken))
    }
}

/// CPU time of all children that have ended.
fn children() -> Result<Duration, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = [usage.user_time(), usage.system_time()]
        .map(|time| Duration::new(time.tv_sec().cast_unsigned(), 0) + micros(time.tv_usec()));
    Ok(micros.iter().sum())
}

fn micros(count: i64) -> Duration {
    Duration::from_micros(count.cast_unsigned())
}

/// A run on a thread with the stack that a guest needs.
fn on_own_thread(program: &Program, unit: Unit) -> Result<(Answer, Duration), Failure> {
    let clock = || ClockId::CLOCK_THREAD_CPUTIME_ID.now().map(Duration::from);
    let work = move || -> Result<(Answer, Duration), Failure> {
        let before = clock()?;
        let report = run_here(program, unit, Control::default());
        let taken = clock()?.saturating_sub(before);
        Ok((guest_answer(report)?, taken))
    };
    thread::scope(|scope| {
        let guest = thread::Builder::new().stack_size(GUEST_THREAD_STACK_BYTES);
        guest.spawn_scoped(scope, work)?.join().map_err(|_panic| "the guest's thread panicked")?
    })
}
