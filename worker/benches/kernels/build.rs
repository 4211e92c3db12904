//! Builds the programs natively, twice, from the sources that the guests were built from.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::Failure;

/// Folders of native programs.
pub(super) struct Natives {
    /// For every x86-64, or whatever the least of this architecture is.
    pub(super) baseline: PathBuf,
    /// For the processor of this machine.
    pub(super) tuned: PathBuf,
}

/// The workspace of guest programs.
pub(super) fn tasks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tasks")
}

pub(super) fn all() -> Result<Natives, Failure> {
    Ok(Natives {
        baseline: natively("kernels-baseline", "")?,
        tuned: natively("kernels-native", "-C target-cpu=native")?,
    })
}

fn natively(name: &str, flags: &str) -> Result<PathBuf, Failure> {
    // A benchmark lies in `target/release/deps`.
    let beside = env::current_exe()?;
    let target = beside.ancestors().nth(3).ok_or("a benchmark without a folder")?.join(name);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--release", "--locked", "--bins"]);
    build.args(["-p", "kernels", "-p", "mersenne", "-p", "dedoppler"]);
    build.current_dir(tasks()).env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", flags);
    build.env_remove("CARGO_ENCODED_RUSTFLAGS");
    let built = build.status().map_err(|error| format!("cannot start cargo: {error}"))?;
    if !built.success() {
        return Err(format!(
            "cannot build {} natively with RUSTFLAGS={flags:?} ({built}): there is nothing to compare guests with",
            tasks().display()
        )
        .into());
    }
    Ok(fs::canonicalize(target.join("release"))?)
}
