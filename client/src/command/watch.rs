//! `manyhands watch`: a job's progress until it has ended.

use clap::Args;
use manyhands::session::Session;
use manyhands_proto::v1;

use crate::context::Context;
use crate::failure::Failure;
use crate::listing;
use crate::progress::{Progress, is_over};
use crate::terminal::Style;

/// Watch a job until it has ended
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands watch 3")]
pub(crate) struct Watch {
    /// The job's number
    job: u64,
}

impl Watch {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (session, _) = context.session().await?;
        let job = until_over(context, &session, self.job).await?;
        conclude(context, &job)
    }
}

/// Shows the job's progress until it is over, and gives its last state.
pub(crate) async fn until_over(
    context: &Context,
    session: &Session,
    job: u64,
) -> Result<v1::Job, Failure> {
    let mut progress = Progress::new(context.terminal);
    let mut states = session.jobs().watch(v1::GetJobRequest { job }).await?.into_inner();
    while let Some(job) = states.message().await? {
        progress.show(&job)?;
        if is_over(&job) {
            progress.finish();
            return Ok(job);
        }
    }
    Err(Failure::failed("the coordinator stopped telling of the job before its end")
        .hint(format!("`manyhands watch {job}` goes on")))
}

/// The last line of a watched job; a failure when units failed.
pub(crate) fn conclude(context: &Context, job: &v1::Job) -> Result<(), Failure> {
    let units = job.units.unwrap_or_default();
    let done = format!("{} of {} units done", units.done, units.total);
    if units.failed > 0 || units.cancelled > 0 {
        let message = format!(
            "job {} is {}: {done}, {} failed, {} cancelled",
            job.id,
            listing::state(job),
            units.failed,
            units.cancelled
        );
        return Err(Failure::failed(message)
            .hint(format!("`manyhands fetch {}` gets what there is and says why", job.id)));
    }
    let tick = Style::Good.paint("✓", context.terminal);
    context.terminal.line(&format!("{tick} job {} is finished: {done}", job.id))
}
