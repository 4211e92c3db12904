//! `manyhands check`: try one unit of a job on this machine, as the grid would run it.

use std::path::PathBuf;

use clap::Args;
use manyhands::job_file::JobFile;
use manyhands::rehearsal::{self, Rehearsal, RehearsalError};
use manyhands_core::credit;
use manyhands_core::private::JobSecret;
use manyhands_core::time::Span;
use manyhands_prepare::{PROFILE, Report};
use manyhands_worker::sandbox::{Outcome, RunReport};
use serde::Serialize;

use super::submit;
use crate::context::Context;
use crate::failure::Failure;
use crate::listing::hex;
use crate::size::human;
use crate::terminal::{Style, Terminal};

/// A step longer than this loses more work to a crash than people expect.
const STEP_MS_LONG: u64 = 10_000;

/// Try one unit on this machine, twice, in the same sandbox, and compare
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands check examples/mersenne/job.toml --unit 12")]
pub(crate) struct Check {
    /// The job file
    #[arg(value_name = "JOB.toml")]
    job_file: PathBuf,
    /// Which unit, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    unit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What the two runs told.
#[derive(Debug, Serialize)]
struct CheckRow {
    job: String,
    unit: u32,
    units: u32,
    kind: String,
    module_bytes: usize,
    /// What preparation made of the module.
    prepared: PreparedRow,
    imports: Vec<String>,
    outcome: &'static str,
    message: Option<String>,
    reproducible: bool,
    outputs: Vec<OutputRow>,
    /// Work that each of the two runs counted.
    work: [u64; 2],
    cpu_ms: u64,
    wall_ms: u64,
    memory_bytes_peak: u64,
    steps: u64,
    step_us_mean: Option<u64>,
    state_hash: Option<String>,
    log: String,
}

/// What preparation put into the module.
#[derive(Debug, Serialize)]
struct PreparedRow {
    profile: u32,
    blake3: String,
    size_bytes: usize,
    functions: u32,
    /// Points where a NaN is made canonical, because its bits could be seen.
    nan_points: u32,
    loops: u32,
    /// Loops that pay for counting work where they are left, not in each iteration.
    loops_settled: u32,
}

/// An output of the first run.
#[derive(Debug, Serialize)]
struct OutputRow {
    name: String,
    size_bytes: u64,
    blake3: String,
}

impl Check {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        // Nothing leaves this machine, so nothing needs to be kept from anybody.
        let job_file = submit::read(self.job_file, JobSecret([0; 32])).await?;
        let unit = self.unit;
        let running = tokio::task::spawn_blocking(move || {
            rehearsal::rehearse(&job_file, unit).map(|rehearsal| (job_file, rehearsal))
        });
        let (job_file, rehearsal) = match running.await {
            Ok(rehearsed) => rehearsed?,
            Err(error) => return Err(Failure::failed(format!("the check broke off: {error}"))),
        };
        let row = row(&job_file, unit, &rehearsal);
        if self.json {
            context.terminal.json(&row)?;
        } else {
            show(context.terminal, &row)?;
        }
        verdict(&row)
    }
}

/// A failure when the unit would not do well on the grid.
fn verdict(row: &CheckRow) -> Result<(), Failure> {
    if let Some(message) = &row.message {
        return Err(Failure::failed(message.clone()));
    }
    if !row.reproducible {
        return Err(Failure::failed("the two runs differ: no quorum would ever agree"));
    }
    Ok(())
}

fn row(job_file: &JobFile, unit: u32, rehearsal: &Rehearsal) -> CheckRow {
    let draft = job_file.manifest.draft();
    let RunReport { outcome, usage, state_hash, log } = &rehearsal.report.first;
    let (outcome, message, outputs) = match outcome {
        Outcome::Success(outputs) => ("success", None, outputs.as_slice()),
        Outcome::AppError(error) => ("app_error", Some(error.to_string()), [].as_slice()),
        Outcome::HostError(error) => ("host_error", Some(error.to_string()), [].as_slice()),
        Outcome::Drained(_) | Outcome::Halted(_) => {
            ("aborted", Some("the run was stopped".to_owned()), [].as_slice())
        }
    };
    let outputs = outputs.iter().map(|output| OutputRow {
        // Jobs name their files without the folder that programs see them in.
        name: output.name.strip_prefix("out/").unwrap_or(&output.name).to_owned(),
        size_bytes: output.size_bytes,
        blake3: hex(&output.digest),
    });
    let step = rehearsal.report.step_mean;
    CheckRow {
        job: draft.name.clone(),
        unit,
        units: job_file.manifest.units_total(),
        kind: draft.app.kind.to_string(),
        module_bytes: job_file.module.report.given_bytes,
        prepared: prepared(&rehearsal.prepared, &job_file.module.report),
        imports: job_file.module.report.imports.clone(),
        outcome,
        message,
        reproducible: rehearsal.report.is_reproducible,
        outputs: outputs.collect(),
        work: rehearsal.report.work,
        cpu_ms: usage.cpu_ms,
        wall_ms: usage.wall_ms,
        memory_bytes_peak: usage.memory_bytes_peak,
        steps: usage.steps,
        step_us_mean: step.map(|step| u64::try_from(step.as_micros()).unwrap_or(u64::MAX)),
        state_hash: state_hash.map(|hash| hex(&hash)),
        log: log.clone(),
    }
}

fn prepared(digest: &[u8; 32], report: &Report) -> PreparedRow {
    PreparedRow {
        profile: PROFILE,
        blake3: hex(digest),
        size_bytes: report.prepared_bytes,
        functions: report.functions,
        nan_points: report.nan_points,
        loops: report.loops,
        loops_settled: report.loops_settled,
    }
}

fn show(terminal: Terminal, row: &CheckRow) -> Result<(), Failure> {
    let fact = |name: &str, fact: &str| {
        terminal.line(&format!("{} {fact}", Style::Faint.paint(&format!("{name:<9}"), terminal)))
    };
    fact("job", &format!("{}, unit {} of {}", row.job, row.unit, row.units))?;
    let size = human(row.module_bytes as u64);
    fact("module", &format!("{} program, {size}, nothing refused", row.kind))?;
    let PreparedRow { profile, size_bytes, blake3, .. } = &row.prepared;
    let size = human(*size_bytes as u64);
    fact("prepared", &format!("{size} by the rules of profile {profile}, {}", &blake3[..16]))?;
    fact("nans", &nans(&row.prepared))?;
    fact("counting", &counting(&row.prepared))?;
    fact("time", &format!("{} of CPU a run", Span(row.cpu_ms)))?;
    fact("work", &work(row.work))?;
    fact("memory", &format!("{} at the most", human(row.memory_bytes_peak)))?;
    if let Some(step) = row.step_us_mean {
        fact("steps", &format!("{}, {} each on average", row.steps, micros(step)))?;
        if step > STEP_MS_LONG * 1_000 {
            terminal.note("hint: steps this long lose much work to a crash; make them shorter");
        }
    }
    for output in &row.outputs {
        let size = human(output.size_bytes);
        fact("output", &format!("{}, {size}, {}", output.name, &output.blake3[..16]))?;
    }
    if !row.log.is_empty() {
        fact("log", row.log.trim_end())?;
    }
    if row.message.is_none() && row.reproducible {
        let tick = Style::Good.paint("✓", terminal);
        terminal.line(&format!("{tick} two runs gave the same bytes"))?;
    }
    Ok(())
}

/// Where the bits of NaNs could be seen.
fn nans(prepared: &PreparedRow) -> String {
    match prepared.nan_points {
        0 => "none can be seen: nothing was put in for them".to_owned(),
        1 => "made canonical at 1 place, the only one where their bits could be seen".to_owned(),
        points => {
            let points = grouped(points.into());
            format!("made canonical at {points} places, where their bits could be seen")
        }
    }
}

/// How work is counted.
fn counting(prepared: &PreparedRow) -> String {
    let PreparedRow { functions, loops, loops_settled, .. } = prepared;
    let functions = grouped((*functions).into());
    let (loops, settled) = (grouped((*loops).into()), grouped((*loops_settled).into()));
    format!("{functions} functions, {loops} loops; {settled} of these need no counting inside")
}

/// A number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// What both runs counted, and what it earns.
fn work([first, second]: [u64; 2]) -> String {
    let credit = credit::claim(first, u64::MAX);
    if first == second {
        format!("{} counted by both runs, {credit} credits a replica", grouped(first))
    } else {
        let (first, second) = (grouped(first), grouped(second));
        format!("{first} counted by the first run, {second} by the second")
    }
}

/// A short time, as people read it.
fn micros(us: u64) -> String {
    if us < 1_000 { format!("{us} µs") } else { Span(us / 1_000).to_string() }
}

impl From<RehearsalError> for Failure {
    fn from(error: RehearsalError) -> Self {
        match error {
            RehearsalError::NoSuchUnit { .. } => Self::bad_input(error.to_string()),
            RehearsalError::Sandbox(_)
            | RehearsalError::Host(_)
            | RehearsalError::Refused(_)
            | RehearsalError::Read { .. } => Self::failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_in_groups() {
        for (number, shown) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (113_559_788, "113,559,788")]
        {
            assert_eq!(grouped(number), shown);
        }
    }
}
