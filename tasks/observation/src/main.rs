//! Makes observations with known signals, and checks what was found in them.
//!
//! ```text
//! observation make FOLDER                    writes FOLDER/*.fil and FOLDER/expected.csv
//! observation check EXPECTED NAME HITS       compares HITS (a hits.csv) with what NAME contains
//! ```
//!
//! The same program writes the same bytes on every machine: the noise is made of whole numbers
//! from a seed, and only additions and products of floating-point numbers are used.

mod check;
mod noise;
mod scenario;
mod signal;
mod sigproc;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use scenario::scenarios;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["make", folder] => make(Path::new(folder)),
        ["check", expected, name, hits] => check(expected, name, hits),
        _ => Err("use: observation make FOLDER | observation check EXPECTED NAME HITS".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("observation: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let mut expected = String::from(check::EXPECTED_HEADER);
    for scenario in scenarios() {
        fs::write(folder.join(scenario.name), sigproc::write(&scenario))?;
        for signal in &scenario.signals {
            expected.push_str(&check::expected_line(&scenario, signal));
        }
    }
    fs::write(folder.join("expected.csv"), expected)?;
    Ok(())
}

fn check(expected: &str, name: &str, hits: &str) -> Result<(), Box<dyn Error>> {
    let expected = check::signals_of(&fs::read_to_string(expected)?, name)?;
    let hits = check::hits(&fs::read_to_string(hits)?)?;
    check::compare(&expected, &hits)?;
    println!("{name}: {} of {} signals found, nothing else", hits.len(), expected.len());
    Ok(())
}
