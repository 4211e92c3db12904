//! Trivial units per second, end to end: a coordinator and one worker with two slots, as processes of
//! this machine, every report durable on both sides. One volunteer computes each unit.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::Failure;
use super::grid::Grid;

/// Units of the measured job.
const UNITS: u32 = 20_000;

/// Units that are computed before: modules are compiled, and the worker has learnt how short its units
/// are.
const WARM_UP_UNITS: u32 = 1_000;

/// Measures the whole grid.
pub(super) fn units_per_s(folder: &Path, module: &[u8]) -> Result<f64, Failure> {
    fs::write(folder.join("nothing.wasm"), module)?;
    let (grid, _processes) = Grid::start(folder, "slots = 2\nalways = true")?;
    compute(&grid, "warm-up", WARM_UP_UNITS)?;
    let begun = Instant::now();
    compute(&grid, "measured", UNITS)?;
    Ok(f64::from(UNITS) / begun.elapsed().as_secs_f64())
}

/// Submits a job of so many units that do nothing, and waits for its end.
fn compute(grid: &Grid, name: &str, units: u32) -> Result<(), Failure> {
    let job_file = grid.text(&format!("{name}.toml"));
    let text = format!(
        "name = {name:?}\nmodule = \"nothing.wasm\"\nargs = [\"{{n}}\"]\nmemory = \"1 MiB\"\n\
         [quorum]\nsize = 1\n[[axis]]\nname = \"n\"\nrange = {{ start = 1, end = {units} }}\n"
    );
    fs::write(&job_file, text)?;
    grid.run(&["submit", &job_file, "--watch"]).map(drop)
}
