//! `manyhands receipt`: what stands behind a job's outputs.

use clap::Args;
use manyhands::receipt::{self, ReceiptError};
use manyhands_proto::document::receipt::{HostFacts, Receipt};

use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::plain;

/// Hosts that are listed, those that vouch most first.
const LISTED_MAX: usize = 20;

/// Show how sure a job's results are: copies, agreement, who was caught
///
/// With --json, the coordinator's signed receipt: canonical JSON that `manyhands verify` checks without
/// a coordinator. Keep it with the results.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands receipt 3\nExample: manyhands receipt 3 --json > receipt.json"
)]
pub(crate) struct ReceiptOf {
    /// The job's number
    job: u64,
    /// Print the signed receipt
    #[arg(long)]
    json: bool,
}

impl ReceiptOf {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (session, _) = context.session().await?;
        let receipt::Got { document, signed } = receipt::get(&session, self.job).await?;
        if self.json {
            return context.terminal.line(&String::from_utf8_lossy(&document));
        }
        context.terminal.line(&plain(&signed.body.summary))?;
        hosts(context, &signed.body)
    }
}

fn hosts(context: &Context, receipt: &Receipt) -> Result<(), Failure> {
    if receipt.hosts.is_empty() {
        return Ok(());
    }
    let mut hosts: Vec<&HostFacts> = receipt.hosts.iter().collect();
    hosts.sort_by_key(|host| (std::cmp::Reverse(host.valid), host.id));
    hosts.truncate(LISTED_MAX);
    let row = |host: &&HostFacts| {
        vec![
            host.id.to_string(),
            plain(&host.nickname),
            host.volunteer.to_string(),
            plain(&host.isa),
            host.standing.clone(),
            host.valid.to_string(),
            host.invalid.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = hosts.iter().map(row).collect();
    context
        .terminal
        .table(&["HOST", "NAME", "VOLUNTEER", "ISA", "STANDING", "VALID", "INVALID"], &rows)?;
    if (hosts.len() as u64) < receipt.hosts_total {
        let (shown, all) = (hosts.len(), receipt.hosts_total);
        context.terminal.note(&format!("{shown} of {all} hosts; --json names up to 10,000"));
    }
    Ok(())
}

impl From<ReceiptError> for Failure {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::Refused(status) => status.into(),
            ReceiptError::TooLong | ReceiptError::Document(_) => Self::failed(error.to_string()),
        }
    }
}
