//! How long programs go on after someone touches the machine: from the moment that the sensors say so until all slots
//! stand still. The sensors are a file, which is looked at as often as real ones.

use std::time::{Duration, Instant};
use std::{fs, thread};

use super::Failure;
use super::grid::Grid;
use super::neighbour::{self, ENDLESS, PATIENCE, computing};
use super::{median, process};

const LEFT_ALONE: &str = "idle = 600 s\n";
const TOUCHED: &str = "idle = 0 s\n";

pub(super) fn measure(times: u64) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let sensors = folder.path().join("sensors");
    let sense = |text: &str| -> Result<Instant, Failure> {
        // Never read half written.
        let new = sensors.with_extension("new");
        fs::write(&new, text)?;
        fs::rename(&new, &sensors)?;
        Ok(Instant::now())
    };
    sense(LEFT_ALONE)?;
    // Programs must run to be stopped, whatever else does.
    let settings = format!("slots = 2\npriority = \"inherited\"\nsensors_from = {sensors:?}");
    let (grid, [_coordinator, worker]) = Grid::start(folder.path(), &settings)?;
    neighbour::submit(&grid, ENDLESS, &[])?;
    let slots = computing(worker, 2, Duration::from_millis(100))?;
    let mut took_ms = Vec::new();
    for time in 0..times {
        // At another moment between two looks each time.
        thread::sleep(Duration::from_millis(time * 137 % 1_000));
        let begun = sense(TOUCHED)?;
        wait_until(|| stopped(&slots).map(|stopped| stopped == slots.len()))?;
        took_ms.push(begun.elapsed().as_secs_f64() * 1_000.0);
        sense(LEFT_ALONE)?;
        // The owner's own word cuts the wait short that follows a pause; not before it was seen that nobody is there.
        wait_until(|| {
            grid.run(&["worker", "resume", "--data", &grid.text("worker")])?;
            stopped(&slots).map(|stopped| stopped == 0)
        })?;
    }
    let max = took_ms.iter().copied().fold(0.0, f64::max);
    println!(
        "{times} pauses of 2 programs: median {:.0} ms, longest {max:.0} ms",
        median(&took_ms)
    );
    println!("figure pause_ms_max {max:.0} ms");
    Ok(())
}

fn stopped(slots: &[u32]) -> Result<usize, Failure> {
    let states = slots.iter().map(|id| process::is_stopped(*id)).collect::<Result<Vec<_>, _>>()?;
    Ok(states.into_iter().filter(|it| *it).count())
}

fn wait_until(is_so: impl Fn() -> Result<bool, Failure>) -> Result<(), Failure> {
    let end = Instant::now() + PATIENCE;
    while !is_so()? {
        if Instant::now() > end {
            return Err("it did not become so in time".into());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
