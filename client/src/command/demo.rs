//! `manyhands demo`: see a whole grid at work, in less than a minute.

use std::time::Instant;

use clap::Args;
use manyhands::{fetch, receipt};
use manyhands_core::private::JobSecret;

use super::submit::{self, Submitted};
use crate::context::Context;
use crate::demo::{Ending, Grid, Stage, Workplace, tell};
use crate::failure::Failure;
use crate::signals::Signals;
use crate::terminal::Style;

/// The job file, with the path of its module.
const JOB: (&str, &[u8]) =
    ("examples/mersenne/job.toml", include_bytes!("../../../examples/mersenne/job.toml"));
/// The module, where the job file expects it.
const MODULE: (&str, &[u8]) =
    ("tasks/wasm/mersenne.wasm", include_bytes!("../../../tasks/wasm/mersenne.wasm"));

/// See a grid at work: a coordinator, three workers (one lies), a real job
///
/// All processes run on this machine, on loopback and free ports, in a temporary folder.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands demo")]
pub(crate) struct Demo {}

impl Demo {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let mut signals = Signals::listen()?;
        let place = Workplace::create()?;
        let terminal = context.terminal;
        terminal.line(&Style::Strong.paint("many hands make light work", terminal))?;
        let mut grid = Grid::start(&place).await?;
        // However the play ends, the processes end first and the folder goes after them.
        let played = tokio::select! {
            played = play(context, &place, &mut grid) => played,
            () = signals.next() => Err(Failure::failed("stopped before the job was done")),
        };
        grid.stop().await;
        played?;
        let results = place.keep_results()?;
        terminal.line(&format!("  the results are in {}", results.display()))
    }
}

async fn play(context: &Context, place: &Workplace, grid: &mut Grid) -> Result<(), Failure> {
    let terminal = context.terminal;
    grid.add_workers(place).await?;
    let (scientist, identity) = grid.scientist().await?;
    let operator = grid.operator().await?;
    terminal.line("  a coordinator and three workers run; mallory's changes what it computes")?;

    place.put(MODULE.0, MODULE.1)?;
    let job_file = submit::read(place.put(JOB.0, JOB.1)?, JobSecret([0; 32])).await?;
    let manifest = job_file.manifest.clone();
    let Submitted { job, name, units, quorum, .. } =
        submit::submit(&scientist, &identity, job_file).await?;
    let quorum = quorum.unwrap_or_default();
    terminal
        .line(&format!("  job {job}: {name}, {units} units, {quorum} volunteers must agree"))?;

    let began = Instant::now();
    let mut stage = Stage::new(context);
    let (_, hosts) = stage.play(&scientist, &operator, job).await?;
    let took = began.elapsed();
    let results = place.results();
    fetch::outputs(&scientist, job, &manifest, &results, |_| {}).await?;
    let receipt = receipt::get(&scientist, job).await?.signed.body;
    let ending =
        Ending { manifest: &manifest, results: &results, hosts: &hosts, receipt: &receipt, took };
    tell(terminal, &ending)
}
