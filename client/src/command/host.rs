//! `manyhands host`: what an operator decides about one machine.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use manyhands_proto::v1;

use crate::context::Context;
use crate::failure::Failure;
use crate::operator;

/// Decide about a host of a coordinator on this machine
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands host pardon 7 --reason 'memory replaced' --data /var/lib/manyhands"
)]
pub(crate) struct Host {
    #[command(subcommand)]
    decision: Decision,
}

#[derive(Debug, Subcommand)]
enum Decision {
    Pardon(Pardon),
}

/// Let a suspended host on again
///
/// It begins without standing, as a newcomer. Of the credit that was taken back from it, it gets that
/// for answers with which others agree.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands host pardon 7 --reason 'memory replaced' --data /var/lib/manyhands"
)]
struct Pardon {
    /// The host's number
    host: u64,
    /// Why, in a line; it is kept with the host, and logged
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The coordinator's data folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

impl Host {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.decision {
            Decision::Pardon(pardon) => pardon.run(context).await,
        }
    }
}

impl Pardon {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let Self { host, reason, data } = self;
        let session = operator::session(&data).await?;
        session.admin().pardon(v1::PardonRequest { host, reason }).await?;
        context.terminal.note(&format!("host {host} gets work again, on probation"));
        Ok(())
    }
}
