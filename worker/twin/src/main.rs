//! `manyhands-twin`: lists what the guests of the corpus come to on one machine, and compares lists.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, ValueEnum};
use manyhands_twin::{Answer, Case, Machine, Table, answers, corpus, unprepared};

type Failure = Box<dyn std::error::Error>;

/// Run the same guests on several machines and compare
#[derive(Debug, Parser)]
enum Cli {
    /// Print the answer to every case, one a line
    Answer {
        #[command(flatten)]
        selection: Selection,
        /// What runs the guests
        #[arg(long, value_enum, default_value_t = On::Native)]
        on: On,
        /// Run the float guests as they were given, in an engine as it comes
        #[arg(long)]
        unprepared: bool,
    },
    /// Write the modules of the cases to a folder
    Write {
        #[command(flatten)]
        selection: Selection,
        /// The folder
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Compare lists of answers with the first; fails and names the case if one differs
    Compare {
        /// The lists, each with the name of its machine
        #[arg(required = true, value_name = "NAME=FILE")]
        lists: Vec<String>,
        /// How many differences to show in full
        #[arg(long, value_name = "N", default_value_t = 20)]
        show: usize,
        /// How many cases a machine may fail to compute
        #[arg(long, value_name = "N", default_value_t = 0)]
        host_errors_max: usize,
    },
}

/// Which cases
#[derive(Debug, Args)]
struct Selection {
    /// Seeds of made guests, from the first up to but not including the last
    #[arg(long, value_name = "FIRST..LAST", value_parser = seeds, default_value = "0..1000")]
    seeds: Range<u64>,
    /// Only cases whose names begin so, such as `floats/` or `smith/00000042`
    #[arg(long, value_name = "PREFIX", default_value = "")]
    only: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum On {
    /// Code for this processor
    Native,
    /// The engine's interpreter
    Pulley,
}

impl From<On> for Machine {
    fn from(on: On) -> Self {
        match on {
            On::Native => Self::Native,
            On::Pulley => Self::Pulley,
        }
    }
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (first, last) = text.split_once("..").ok_or("write it as FIRST..LAST")?;
    let number = |text: &str| text.parse().map_err(|error| format!("`{text}`: {error}"));
    Ok(number(first)?..number(last)?)
}

impl Selection {
    fn cases(&self) -> impl Iterator<Item = Case> + Send {
        corpus::named(&self.only, self.seeds.clone())
    }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nothing can be done if nobody listens.
            drop(writeln!(io::stderr(), "error: {error}"));
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    match cli {
        Cli::Answer { selection, on, unprepared } => {
            print_answers(&selection, on.into(), unprepared)?;
            Ok(ExitCode::SUCCESS)
        }
        Cli::Write { selection, to } => {
            for case in selection.cases() {
                let path = to.join(case.name.replace([' ', '/'], "_")).with_extension("wasm");
                fs::write(path, case.wasm)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Cli::Compare { lists, show, host_errors_max } => compare(&lists, show, host_errors_max),
    }
}

fn print_answers(selection: &Selection, on: Machine, plain: bool) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    if plain {
        let engine = unprepared::engine(on)?;
        for case in selection.cases().filter(|case| case.name.starts_with("floats/")) {
            writeln!(out, "{}\t{}", case.name, unprepared::answer(&engine, &case))?;
        }
    } else {
        for (name, answer) in answers(&on.sandbox()?, selection.cases())? {
            writeln!(out, "{name}\t{answer}")?;
        }
    }
    Ok(out.flush()?)
}

fn compare(lists: &[String], show: usize, host_errors_max: usize) -> Result<ExitCode, Failure> {
    let read = |list: &String| {
        let (name, file) = list.split_once('=').ok_or("write a list as NAME=FILE")?;
        Ok::<_, Failure>((name.to_owned(), read_list(Path::new(file))?))
    };
    let table = Table::new(lists.iter().map(read).collect::<Result<_, _>>()?);
    let mut out = io::stdout().lock();
    writeln!(out, "{table}")?;
    for difference in table.differences().take(show) {
        writeln!(out, "{difference}")?;
    }
    let failed: Vec<&str> = table.not_compared().collect();
    for case in failed.iter().take(show) {
        writeln!(out, "{case} was not compared: a machine could not compute it")?;
    }
    let passes = table.differences().next().is_none() && failed.len() <= host_errors_max;
    Ok(if passes { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_list(file: &Path) -> Result<Vec<(String, Answer)>, Failure> {
    let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let line = |line: &str| {
        let (name, answer) = line.split_once('\t').ok_or("a line without a name")?;
        Ok::<_, Failure>((name.to_owned(), answer.parse()?))
    };
    text.lines().map(line).collect()
}
