//! What a volunteer's machine notices of a worker: `foreground` measures how much programs of its owner are slowed
//! down, by it and by others that are meant to give way, BOINC's client among them; `idle` what a worker costs that does
//! nothing, `useful` how much of the time that was lent guests got, and `pause` how fast all programs stand still. Each
//! prints a table and, last, its figures.
//!
//! Scripts beside this folder build and run each of them.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod boinc;
mod compile;
mod foreground;
#[path = "../grid/grid.rs"]
mod grid;
mod idle;
mod latency;
mod neighbour;
mod pause;
mod process;
mod useful;

use std::env;
use std::error::Error;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    // Cargo adds a flag of its own.
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse().map_err(|_error| format!("`{text}` is no number"));
    match words[..] {
        ["unit", folder, seed] => compile::unit(folder.as_ref(), number(seed)?),
        ["foreground"] => foreground::measure(5, &[]),
        ["foreground", rounds, ref only @ ..] => foreground::measure(number(rounds)?, only),
        ["idle"] => idle::measure(120),
        ["idle", seconds] => idle::measure(number(seconds)?),
        ["pause"] => pause::measure(20),
        ["pause", times] => pause::measure(number(times)?),
        ["useful"] => useful::measure(),
        // All benchmarks are being run: this one wants to know of what.
        _ => {
            println!(
                "volunteer foreground [ROUNDS [NEIGHBOUR...]] | idle [SECONDS] | pause [TIMES] | useful"
            );
            Ok(())
        }
    }
}

/// The one in the middle, or the mean of the two.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        sorted[middle - 1..=middle].iter().sum::<f64>() / 2.0
    }
}
