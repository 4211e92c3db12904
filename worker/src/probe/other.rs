//! The sensors of macOS and Windows: what their libraries tell. Temperatures, fans, pressure, full screens, calls
//! and metered networks stay unknown.

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use manyhands_core::agent::governor::reading::{Fact, Gauge, Readings};
use manyhands_core::time::Span;
use starship_battery::{Manager, State};
use sysinfo::{
    MemoryRefreshKind, Pid, Process, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System,
};

use super::board::{Board, Part};
use super::presence::Screen;
use super::{Asked, Hurry, LEISURE, Thread, owned, thread};

/// Between two looks for a person while programs run: so long after a touch at the latest, they stop.
const QUICK: Duration = Duration::from_millis(500);

/// Between two looks at everything that changes slowly.
const SLOW: Duration = Duration::from_secs(5);

/// Starts to read, on threads of their own: nothing here waits for a sensor.
pub(super) fn start(board: &Arc<Board>, asked: &Arc<Asked>, hurry: &Arc<Hurry>) -> Vec<Thread> {
    let all = || (Arc::clone(board), Arc::clone(asked), Arc::clone(hurry));
    let (quick, slow) = (all(), all());
    let threads = [
        thread("probe-quick", move |end| look_quickly(&quick.0, &quick.1, &quick.2, &end)),
        thread("probe-slow", move |end| look_slowly(&slow.0, &slow.1, &slow.2, &end)),
    ];
    threads.into_iter().flatten().collect()
}

fn look_quickly(board: &Board, asked: &Asked, hurry: &Hurry, end: &Receiver<()>) {
    loop {
        let untouched = system_idle_time::get_idle_time().ok();
        board.say_screen(Screen::System, untouched.map(span));
        // Whoever does not tell of touches may have a screen all the same.
        board.say_terminals(None, true);
        board.say(Part::Quick, quick(asked));
        if super::is_over(end, hurry.pause(QUICK, LEISURE)) {
            return;
        }
    }
}

fn span(time: Duration) -> Span {
    Span(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn quick(asked: &Asked) -> Readings {
    let mut readings = Readings::default();
    if let Some(value) = free_memory() {
        readings.show(Gauge::FreeMemory, value);
    }
    if let Some(value) = fs4::available_space(&asked.folder).ok().and_then(mebibytes) {
        readings.show(Gauge::FreeDisk, value);
    }
    readings
}

fn free_memory() -> Option<i64> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory).ok()?;
    // No machine has none: it is how a library says that it does not know.
    Some(system.available_memory()).filter(|bytes| *bytes > 0).and_then(mebibytes)
}

/// In thousandths.
fn mebibytes(bytes: u64) -> Option<i64> {
    i64::try_from((u128::from(bytes) * 1_000) >> 20).ok()
}

fn look_slowly(board: &Board, asked: &Asked, hurry: &Hurry, end: &Receiver<()>) {
    let (mut system, batteries) = (System::new().ok(), Manager::new().ok());
    let mut is_first = true;
    loop {
        let mut readings = owned::read(&asked.sensors);
        if let Some(batteries) = &batteries {
            power(batteries, &mut readings);
        }
        if let Some(system) = &mut system {
            programs(system, asked, is_first, &mut readings);
        }
        is_first = false;
        board.say(Part::Slow, readings);
        if super::is_over(end, hurry.pause(SLOW, 2 * SLOW)) {
            return;
        }
    }
}

/// A machine whose system lists no battery is known to have none.
fn power(manager: &Manager, readings: &mut Readings) {
    let Ok(batteries) = manager.batteries() else { return };
    let Ok(batteries) = batteries.collect::<Result<Vec<_>, _>>() else { return };
    let is_on = batteries.iter().any(|battery| battery.state() == State::Discharging);
    readings.state(Fact::OnBattery, is_on);
    let charges = batteries.iter().map(|battery| thousandths(battery.state_of_charge().value));
    if let Some(least) = charges.min() {
        // Of one, and shown in percent.
        readings.show(Gauge::Battery, least.saturating_mul(100));
    }
}

/// Which programs run, and what those compute that are not ours. What a program took is known from the second look on.
fn programs(system: &mut System, asked: &Asked, is_first: bool, readings: &mut Readings) {
    system.refresh_cpu_usage();
    let wanted = ProcessRefreshKind::nothing().with_cpu();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, wanted);
    for name in &asked.programs {
        let runs = system.processes().values().any(|process| is_called(process.name(), name));
        readings.state(Fact::Program(Arc::clone(name)), runs);
    }
    if is_first {
        return;
    }
    // Percent of the whole machine, and of one core.
    let cores = i64::try_from(system.cpus().len()).unwrap_or(1);
    let all = thousandths(system.global_cpu_usage()).saturating_mul(cores) / 100;
    let own = Pid::from_u32(std::process::id());
    let is_ours = |process: &&Process| process.pid() == own || process.parent() == Some(own);
    let ours = system.processes().values().filter(is_ours);
    let ours: i64 = ours.map(|process| thousandths(process.cpu_usage()) / 100).sum();
    readings.show(Gauge::LoadOfOthers, all.saturating_sub(ours).max(0));
}

/// Whether a process is of that program; on Windows capital letters and the ending do not matter.
fn is_called(process: &OsStr, program: &str) -> bool {
    let Some(process) = process.to_str() else { return false };
    if !cfg!(windows) {
        return process == program;
    }
    let (process, program) = (process.to_lowercase(), program.to_lowercase());
    process.strip_suffix(".exe").unwrap_or(&process)
        == program.strip_suffix(".exe").unwrap_or(&program)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "what does not fit becomes the nearest that does"
)]
fn thousandths(value: f32) -> i64 {
    (f64::from(value) * 1_000.0).round() as i64
}
