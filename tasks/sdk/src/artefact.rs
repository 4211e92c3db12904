//! Inputs and outputs of a unit.

use std::path::PathBuf;
use std::{fs, io};

use crate::Failure;

/// Reads the input that the job file put at `/in/NAME`. Natively: `./in/NAME`.
///
/// # Errors
/// When there is no such input; the message names it.
pub fn read_input(name: &str) -> Result<Vec<u8>, Failure> {
    fs::read(path("in", name)).map_err(|error| about("input", name, &error))
}

/// Writes the output `/out/NAME`, whole. Natively: `./out/NAME`.
///
/// # Errors
/// When the unit's output limit is reached, or `name` is not a plain file name.
pub fn write_output(name: &str, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    let path = path("out", name);
    // The worker makes /out; a native run may start in an empty folder.
    #[cfg(not(target_family = "wasm"))]
    fs::create_dir_all("out")?;
    fs::write(path, bytes).map_err(|error| about("output", name, &error))
}

fn path(folder: &str, name: &str) -> PathBuf {
    let root = if cfg!(target_family = "wasm") { "/" } else { "" };
    PathBuf::from(format!("{root}{folder}/{name}"))
}

fn about(what: &str, name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("{what} {name}: {error}"))
}
