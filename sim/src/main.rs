//! Runs scenarios from the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use manyhands_sim::scenario::Scenario;
use manyhands_sim::world::World;

/// The core of Manyhands under virtual hosts, from one seed.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario and report what it has shown.
    Run {
        /// The scenario: a file, or the name of one in `sim/scenarios`.
        scenario: PathBuf,
        /// The seed of all that happens by chance.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run { scenario, seed } => run(&scenario, seed),
    };
    match done {
        Ok(text) => show(&text),
        Err(problem) => complain(&problem),
    }
}

fn run(path: &PathBuf, seed: u64) -> Result<String, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let scenario =
        Scenario::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let report = World::new(&scenario, seed).and_then(World::run);
    report.map(|report| report.to_string()).map_err(|failure| {
        let again = format!("cargo run -p manyhands-sim -- run {} --seed {seed}", path.display());
        format!("{}, seed {seed}: {failure}\nagain: {again}", path.display())
    })
}

#[expect(clippy::print_stdout, reason = "a command line program talks to its terminal")]
fn show(text: &str) -> ExitCode {
    print!("{text}");
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "a command line program talks to its terminal")]
fn complain(problem: &str) -> ExitCode {
    eprintln!("{problem}");
    ExitCode::FAILURE
}
