//! `manyhands fetch`: a job's outputs as files.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use manyhands::fetch::{self, FetchError, Fetched};
use manyhands::layout::{INDEX_FILE, Layout};
use manyhands_proto::v1;

use crate::context::{Context, shown};
use crate::failure::Failure;
use crate::progress::is_over;
use crate::size::human;

/// Get a job's outputs as files, and a table of them
///
/// Sweeps whose units keep one file get files named UNIT-NAME; units that keep several files get a
/// folder each. results.csv lists every unit with its parameters. Fetching again gets only what is
/// missing.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands fetch 3 --to results")]
pub(crate) struct Fetch {
    /// The job's number
    job: u64,
    /// The folder for the files [default: job-ID]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

impl Fetch {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (session, _) = context.session().await?;
        let job = session.jobs().get(v1::GetJobRequest { job: self.job }).await?.into_inner();
        let dir = self.to.unwrap_or_else(|| PathBuf::from(format!("job-{}", job.id)));
        let bar = bar(context, &job);
        let manifest = fetch::manifest(&session, &job).await?;
        let count = |unit: u32| bar.set_position(unit.into());
        let fetched = fetch::outputs(&session, job.id, &manifest, &dir, count).await;
        bar.finish_and_clear();
        let fetched = fetched?;
        let layout = Layout::of(&manifest);
        let terminal = context.terminal;
        terminal.line(&describe(&fetched))?;
        for file in &fetched.changes {
            terminal.note(&format!("{file} is not what was fetched before"));
        }
        terminal.line(&format!(
            "{}: {}, and {INDEX_FILE} with the parameters of each",
            shown(&dir),
            layout.describe()
        ))?;
        if !is_over(&job) {
            terminal.note("the job goes on: fetch again later to get the rest");
        }
        Ok(())
    }
}

/// What a fetch did, in a line.
pub(crate) fn describe(fetched: &Fetched) -> String {
    let Fetched { units_done, units_total, files_written, files_present, .. } = fetched;
    let mut text = format!(
        "outputs of {units_done} of {units_total} units: {files_written} files written, \
         {files_present} there already, {}",
        human(fetched.size_bytes)
    );
    if fetched.files_changed > 0 {
        text.push_str(&format!("; {} files changed", fetched.files_changed));
    }
    if fetched.units_failed > 0 {
        text.push_str(&format!("; {} units failed", fetched.units_failed));
    }
    text
}

fn bar(context: &Context, job: &v1::Job) -> ProgressBar {
    if !context.terminal.live() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  {bar:40} {percent:>3} %  unit {pos} of {len}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─");
    ProgressBar::new(job.units.unwrap_or_default().total).with_style(style)
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Refused(status) => status.into(),
            FetchError::Download(_)
            | FetchError::Wire(_)
            | FetchError::Order(_)
            | FetchError::Index { .. } => Self::failed(error.to_string())
                .hint("what was fetched stays; the same command goes on from there"),
        }
    }
}
