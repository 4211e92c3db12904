//! `manyhands cancel`: no more hosts for a job.

use clap::Args;
use manyhands_proto::v1;

use crate::context::Context;
use crate::failure::Failure;
use crate::listing;

/// Stop a job; finished units stay
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands cancel 3")]
pub(crate) struct Cancel {
    /// The job's number
    job: u64,
}

impl Cancel {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (session, _) = context.session().await?;
        let request = v1::CancelRequest { job: self.job };
        let job = session.jobs().cancel(request).await?.into_inner();
        let units = job.units.unwrap_or_default();
        context.terminal.line(&format!(
            "job {} is {}: {} of {} units were done",
            job.id,
            listing::state(&job),
            units.done + units.validated,
            units.total
        ))
    }
}
