//! The sensors of a Linux machine: `/proc`, `/sys`, terminals, and what a desktop tells.

mod bus;
mod call;
mod group;
mod heat;
mod load;
mod memory;
mod meter;
mod power;
mod pressure;
mod processes;
mod terminals;
mod wayland;
mod x11;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use manyhands_core::agent::governor::reading::{Fact, Gauge, Readings};
use manyhands_core::agent::governor::yielded_to;

use self::load::{Load, Waiting};
use self::meter::Meter;
use self::terminals::Terminals;
use self::wayland::Wayland;
use self::x11::X11;
use super::board::{Board, Part};
use super::presence::Screen;
use super::{Asked, Hurry, LEISURE, Thread, owned, thread};

/// Between two looks for a person while programs run: so long after a touch at the latest, they stop.
const QUICK: Duration = Duration::from_millis(500);

/// Between two looks at what other programs compute: a compiler begins, and so soon after its cores are free.
const LOAD: Duration = Duration::from_millis(100);

/// Between two looks at everything that changes slowly.
const SLOW: Duration = Duration::from_secs(5);

/// Memory that the control groups of this process leave it.
pub(super) fn group_bytes() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    group::memory_bytes(&groups, Path::new("/sys/fs/cgroup"))
}

/// Starts to read, on threads of their own: nothing here waits for a sensor.
pub(super) fn start(board: &Arc<Board>, asked: &Arc<Asked>, hurry: &Arc<Hurry>) -> Vec<Thread> {
    let all = || (Arc::clone(board), Arc::clone(asked), Arc::clone(hurry));
    let (quick, slow, load, bus) = (all(), all(), all(), Arc::clone(board));
    let threads = [
        thread("probe-load", move |end| look_at_load(&load.0, &load.2, &end)),
        thread("probe-quick", move |end| look_quickly(&quick.0, &quick.1, &quick.2, &end)),
        thread("probe-slow", move |end| look_slowly(&slow.0, &slow.1, &slow.2, &end)),
        thread("probe-bus", move |end| bus::listen(&bus, &end)),
    ];
    threads.into_iter().flatten().collect()
}

fn look_quickly(board: &Board, asked: &Asked, hurry: &Hurry, end: &Receiver<()>) {
    let (mut x11, wayland) = (X11::default(), Wayland::start());
    let (mut terminals, is_within_another) = (Terminals::default(), is_within_another());
    loop {
        let is_named = wayland::is_named() || X11::is_named();
        let has_screen = is_named || has_any(Path::new("/tmp/.X11-unix")) || is_within_another;
        board.say_screen(Screen::X11, x11.untouched());
        board.say_screen(Screen::Wayland, wayland.as_ref().and_then(Wayland::untouched));
        board.say_terminals(terminals.untouched(Path::new("/dev")), has_screen);
        board.say(Part::Quick, quick(asked));
        if super::is_over(end, hurry.pause(QUICK, LEISURE)) {
            return;
        }
    }
}

/// What may have to stop programs within seconds.
fn quick(asked: &Asked) -> Readings {
    let mut readings = Readings::default();
    let pressures = [
        (Gauge::CpuPressure, "cpu"),
        (Gauge::MemoryPressure, "memory"),
        (Gauge::DiskPressure, "io"),
    ];
    for (gauge, name) in pressures {
        if let Some(value) = pressure::of(Path::new("/proc/pressure"), name) {
            readings.show(gauge, value);
        }
    }
    if let Some(value) = memory::free(Path::new("/proc/meminfo")) {
        readings.show(Gauge::FreeMemory, value);
    }
    if let Some(value) = memory::free_disk(&asked.folder) {
        readings.show(Gauge::FreeDisk, value);
    }
    readings
}

fn look_slowly(board: &Board, asked: &Asked, hurry: &Hurry, end: &Receiver<()>) {
    let mut meter = Meter::default();
    loop {
        board.say(Part::Slow, slow(asked, &mut meter));
        if super::is_over(end, hurry.pause(SLOW, 2 * SLOW)) {
            return;
        }
    }
}

fn slow(asked: &Asked, meter: &mut Meter) -> Readings {
    let mut readings = owned::read(&asked.sensors);
    if let Some(value) = heat::temperature(Path::new("/sys/class")) {
        readings.show(Gauge::Temperature, value);
    }
    if let Some(value) = heat::fan(Path::new("/sys/class/hwmon")) {
        readings.show(Gauge::Fan, value);
    }
    if let Some(value) = meter.power(Path::new("/sys/class/powercap"), Instant::now()) {
        readings.show(Gauge::Power, value);
    }
    power::read(Path::new("/sys/class/power_supply"), &mut readings);
    if let Some(is_on) = call::is_on(Path::new("/proc/asound")) {
        readings.state(Fact::InCall, is_on);
    }
    if !asked.programs.is_empty() {
        let processes = processes::read(Path::new("/proc"), std::process::id());
        for name in &asked.programs {
            if let Some(runs) = processes.run(name) {
                readings.state(Fact::Program(Arc::clone(name)), runs);
            }
        }
    }
    readings
}

fn look_at_load(board: &Board, hurry: &Hurry, end: &Receiver<()>) {
    let (mut load, mut waiting, mut before) = (Load::default(), Waiting::default(), 0);
    let (proc, own) = (Path::new("/proc"), std::process::id());
    loop {
        let own = processes::own(proc, own).unwrap_or_else(|| processes::read(proc, own).own());
        let waited = pressure::waited(Path::new("/proc/pressure"), "cpu").unwrap_or_default();
        let more = waiting.more(Instant::now(), waited, own.waited);
        if let Some(value) = load.of_others(&proc.join("stat"), own.ticks) {
            let value = value.saturating_add(more);
            let mut readings = Readings::default();
            readings.show(Gauge::LoadOfOthers, value);
            board.say(Part::Load, readings);
            let cores = yielded_to(value);
            if cores > std::mem::replace(&mut before, cores) {
                board.touch();
            }
        }
        if super::is_over(end, hurry.pause(LOAD, LEISURE)) {
            return;
        }
    }
}

/// Whether this is a container, or Linux within Windows: the machine around it may well have a screen.
fn is_within_another() -> bool {
    let version = std::fs::read_to_string("/proc/version").unwrap_or_default();
    let marks = ["/.dockerenv", "/run/.containerenv"];
    version.to_lowercase().contains("microsoft")
        || marks.iter().any(|mark| Path::new(mark).exists())
}

fn has_any(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}
