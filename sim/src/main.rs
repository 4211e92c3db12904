//! Runs scenarios from the command line.

use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use manyhands_sim::scenario::Scenario;
use manyhands_sim::world::World;
use manyhands_sim::zoo::{Part, Progress, Size};
use manyhands_sim::{catalogue, gossip, scale, seldom, storm, swarm, zoo};

/// The engine clones and drops small rows with every command, which this one is quicker at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
        /// Only the rows of one goal, A to G, or of none, -.
        #[arg(long)]
        goal: Option<char>,
        /// Only the rows with these words in their attack, as the table has them.
        #[arg(long, value_name = "WORDS")]
        attack: Option<String>,
        /// Runs of each row.
        #[arg(long, default_value_t = Size::default().seeds)]
        seeds: u32,
        /// How many times fewer units than the goals ask for: to see the table soon.
        #[arg(long, default_value_t = Size::default().smaller)]
        smaller: u32,
        /// Runs at the same time.
        #[arg(long, default_value_t = Size::default().threads)]
        threads: usize,
    },
    /// The rows of the table that try the rule of trust in the model: they take a minute.
    Goals {
        /// Runs of each attack.
        #[arg(long, default_value_t = Size::default().seeds)]
        seeds: u32,
    },
    /// Let news pass through swarms of peers, and show how long that takes and how often it comes twice.
    Gossip {
        /// How many peers.
        #[arg(long, default_value_t = 500)]
        peers: usize,
        /// The seed of all that happens by chance.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Let a coordinator be away for a while, and show how its hosts come back.
    Storm {
        /// How many hosts.
        #[arg(long, default_value_t = 10_000)]
        hosts: u32,
        /// The seed of all that happens by chance.
        #[arg(long, default_value_t = 1)]
        seed: u64,
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
    /// Show what it is worth that machines say when they are there
    Seldom {
        /// How many hosts are there only now and then.
        #[arg(long, default_value_t = 100)]
        hosts: u32,
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
        Command::Zoo { goal, attack, seeds, smaller, threads } => {
            let part = goal.map_or(Part::All, Part::Goal);
            show_zoo(part, attack.as_deref(), Size { seeds, smaller, threads })
        }
        Command::Goals { seeds } => {
            show_zoo(Part::ModelOfGoals, None, Size { seeds, ..Size::default() })
        }
        Command::Gossip { peers, seed } => Ok(gossip::table(peers, seed).to_string()),
        Command::Storm { hosts, seed } => Ok(storm::table(hosts, seed).to_string()),
        Command::Seldom { hosts, seed } => {
            seldom::table(hosts, seed).map(|it| it.to_string()).map_err(|error| error.to_string())
        }
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

fn show_zoo(part: Part, attack: Option<&str>, size: Size) -> Result<String, String> {
    let table = zoo::table(part, attack, size, &tell);
    if io::stderr().is_terminal() {
        complain("");
    }
    table.map(|table| table.to_string()).map_err(|error| error.to_string())
}

/// How far the table is: each row that has ended, so that a long run is not in vain if it is broken off, and the runs
/// that have begun: on a terminal in one line, elsewhere now and then.
#[expect(clippy::print_stderr, reason = "a command line program talks to its terminal")]
fn tell(progress: Progress<'_>) {
    let is_terminal = io::stderr().is_terminal();
    match progress {
        Progress::Begun { begun, total, rule, attack } => {
            let line = format!("run {begun} of {total}: {rule}, {attack}");
            if is_terminal {
                eprint!("\r{line:<78.78}");
            } else if begun % 100 == 1 {
                eprintln!("{line}");
            }
        }
        Progress::Ended { row } if is_terminal => eprintln!("\r{row:<78}"),
        Progress::Ended { row } => eprintln!("{row}"),
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
