//! `manyhands receipt`: what stands behind a job's outputs.

use clap::Args;
use manyhands_proto::v1;

use crate::context::Context;
use crate::failure::Failure;
use crate::listing::ReceiptRow;

/// Show how sure a job's results are: copies, agreement, who was caught
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands receipt 3")]
pub(crate) struct ReceiptOf {
    /// The job's number
    job: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl ReceiptOf {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (session, _) = context.session().await?;
        let request = v1::GetJobRequest { job: self.job };
        let receipt = session.jobs().receipt(request).await?.into_inner();
        if self.json {
            return context.terminal.json(&ReceiptRow::from(receipt));
        }
        context.terminal.line(&receipt.line)
    }
}
