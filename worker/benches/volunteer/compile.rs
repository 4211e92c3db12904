//! A load like a compiler's: on all cores, one short process after the other reads, counts, sorts and writes.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use super::Failure;

/// What each process reads. With its tables it does not fit into the nearest cache, but into the next.
const SOURCE_WORDS: usize = 60_000;

/// How long `units` of it take.
pub(super) fn run(folder: &Path, units: u64, cores: usize) -> Result<Duration, Failure> {
    let program = env::current_exe()?;
    let next = AtomicU64::new(0);
    let begun = Instant::now();
    thread::scope(|scope| {
        let work = || -> Result<(), Failure> {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= units {
                    return Ok(());
                }
                let mut unit = Command::new(&program);
                unit.arg("unit").arg(folder).arg(seed.to_string()).stdin(Stdio::null());
                if !unit.status()?.success() {
                    return Err("a unit of the load failed".into());
                }
            }
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|it| it.join().map_err(|_panic| "a thread panicked")?)
    })?;
    Ok(begun.elapsed())
}

/// One process of the load.
pub(super) fn unit(folder: &Path, seed: u64) -> Result<(), Failure> {
    let path = folder.join(format!("unit-{seed}"));
    fs::write(&path, source(seed))?;
    let text = fs::read_to_string(&path)?;
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in text.split(' ') {
        *counts.entry(word).or_default() += 1;
    }
    let mut words: Vec<(&str, u32)> = counts.into_iter().collect();
    words.sort_unstable();
    let table: String = words.iter().map(|(word, count)| format!("{word} {count}\n")).collect();
    fs::write(&path, table)?;
    Ok(fs::remove_file(&path)?)
}

fn source(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    for _ in 0..SOURCE_WORDS {
        // Xorshift (Marsaglia, 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(&format!("name{} ", state % 20_011));
    }
    text
}
