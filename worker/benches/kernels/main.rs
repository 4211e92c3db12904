//! What the sandbox costs: seven kernels and the shipped programs, natively and as guests; how soon a warm
//! slot is in a guest; how long a checkpoint holds one up. Prints tables and, last, the figures.
//!
//! Times are CPU time of what computes, the best of several rounds. Within a round each program runs
//! in all builds one after the other, so that what slows the machine down slows all of them.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod build;
mod checkpoint;
mod machine;
mod program;
mod table;
mod variant;
mod warm_start;

use std::error::Error;

use self::table::Table;
use self::variant::Variants;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    println!("{}", machine::name());
    let natives = build::all()?;
    let folder = tempfile::tempdir()?;
    let cases = program::all(folder.path())?;
    let table = Table::measure(&cases, &Variants::new(natives)?)?;
    print!("{table}");
    let warm_start = warm_start::measure(folder.path())?;
    let pause = checkpoint::measure(folder.path())?;
    table.print_figures();
    println!("figure warm_start_us {:.1} us", warm_start);
    println!("figure checkpoint_pause_ms {:.1} ms", pause);
    Ok(())
}
