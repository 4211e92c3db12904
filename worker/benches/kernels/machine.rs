//! What the figures were measured on.

use std::fs;

/// Processor, how many of it, operating system and engine, in a line.
pub(super) fn name() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("machine: {count} × {model}, {} {}", std::env::consts::OS, kernel.trim())
}
