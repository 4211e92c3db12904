//! What the sandbox costs: seven kernels and the shipped programs, natively and as guests; how soon a warm
//! slot is in a guest; how long a checkpoint holds one up. Prints tables and, last, the figures.
//!
//! Times are CPU time of what computes, the best of several rounds. Within a round each program runs
//! in all builds one after the other, so that what slows the machine down slows all of them.
//!
//! With `-- table`, `-- warm-start` or `-- checkpoint` only that part.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod build;
mod checkpoint;
mod machine;
mod program;
mod table;
mod variant;
mod warm_start;

use std::env;
use std::error::Error;
use std::path::Path;

use self::table::Table;
use self::variant::Variants;
use self::warm_start::WarmStart;

type Failure = Box<dyn Error + Send + Sync>;

const PARTS: [&str; 3] = ["table", "warm-start", "checkpoint"];

fn main() -> Result<(), Failure> {
    let wanted = wanted()?;
    let measures = |part| wanted.is_empty() || wanted.iter().any(|wish| wish == part);
    println!("{}", machine::name());
    let folder = tempfile::tempdir()?;
    let table = measures("table").then(|| table(folder.path())).transpose()?;
    let warm_start =
        measures("warm-start").then(|| warm_start::measure(folder.path())).transpose()?;
    let pause = measures("checkpoint").then(|| checkpoint::measure(folder.path())).transpose()?;
    if let Some(table) = table {
        table.print_figures();
    }
    if let Some(WarmStart { beside_others, alone }) = warm_start {
        println!("figure warm_start_us {beside_others:.1} us");
        println!("figure warm_start_alone_us {alone:.1} us");
    }
    if let Some(millis) = pause {
        println!("figure checkpoint_pause_ms {millis:.1} ms");
    }
    Ok(())
}

/// The parts that are named on the command line; none stands for all.
fn wanted() -> Result<Vec<String>, Failure> {
    // Cargo says to every benchmark that it is one.
    let wanted: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match wanted.iter().find(|wish| !PARTS.contains(&wish.as_str())) {
        Some(unknown) => Err(format!("`{unknown}` is none of {}", PARTS.join(", ")).into()),
        None => Ok(wanted),
    }
}

fn table(folder: &Path) -> Result<Table, Failure> {
    let natives = build::all()?;
    let cases = program::all(folder)?;
    let table = Table::measure(&cases, &Variants::new(natives)?)?;
    print!("{table}");
    Ok(table)
}
