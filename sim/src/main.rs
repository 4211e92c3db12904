//! Runs scenarios from the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use manyhands_sim::scenario::Scenario;
use manyhands_sim::world::World;
use manyhands_sim::zoo::Size;
use manyhands_sim::{catalogue, scale, swarm, zoo};

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
        /// The scenario: the name of one that comes along, such as `talkers`, or a file.
        scenario: PathBuf,
        /// The seed of all that happens by chance.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Try every attack against every rule, and show a table.
    Zoo {
        /// Runs of each row.
        #[arg(long, default_value_t = Size::default().seeds)]
        seeds: u32,
        /// How many times more units than the scenarios say.
        #[arg(long, default_value_t = Size::default().times)]
        times: u32,
        /// Units of each run of the model.
        #[arg(long, default_value_t = Size::default().model_units)]
        model_units: u32,
    },
    /// Measure the error and the cost that the rule of trust promises.
    Goals {
        /// Runs of each attack.
        #[arg(long, default_value_t = Size::default().seeds)]
        seeds: u32,
    },
    /// Let swarms of peers pass a blob to each other, and show how long that takes and what it costs
    /// the origin.
    Swarm {
        /// Leave out swarms of more peers than this.
        #[arg(long, default_value_t = 10_000)]
        peers_max: u32,
        /// Run only the swarm whose figures carry this name, such as `100_churn`.
        #[arg(long)]
        only: Option<String>,
        /// The seed of all that happens by chance.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Measure how large a grid can be simulated.
    Scale {
        /// How many hosts.
        #[arg(long, default_value_t = 100_000)]
        hosts: u32,
        /// For how many days.
        #[arg(long, default_value_t = 30)]
        days: u32,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run { scenario, seed } => run(&scenario, seed),
        Command::Zoo { seeds, times, model_units } => {
            let table = zoo::table(Size { seeds, times, model_units });
            table.map(|table| table.to_string()).map_err(|error| error.to_string())
        }
        Command::Goals { seeds } => Ok(zoo::goals::Shown(&zoo::goals::measure(seeds)).to_string()),
        Command::Swarm { peers_max, only, seed } => swarm::table(peers_max, only.as_deref(), seed)
            .map(|table| table.to_string())
            .map_err(|error| error.to_string()),
        Command::Scale { hosts, days } => {
            scale::measure(hosts, days).map(|scale| scale.to_string()).map_err(|e| e.to_string())
        }
    };
    match done {
        Ok(text) => show(&text),
        Err(problem) => complain(&problem),
    }
}

fn run(path: &Path, seed: u64) -> Result<String, String> {
    let shown = path.display();
    let text = match path.to_str().and_then(catalogue::find) {
        Some(entry) => entry.text.to_owned(),
        None => fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?,
    };
    let scenario = Scenario::parse(&text).map_err(|error| format!("{shown}: {error}"))?;
    let report = World::new(&scenario, seed).and_then(World::run);
    report.map(|report| report.to_string()).map_err(|failure| {
        let again = format!("cargo run --release -p manyhands-sim -- run {shown} --seed {seed}");
        format!("{shown}, seed {seed}: {failure}\nagain: {again}")
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
