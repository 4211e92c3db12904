//! `manyhands ledger`: who was granted credit, as a file that anyone can check.

mod export;
mod verify;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Failure;

/// Export the ledger of credit, or verify an exported one
///
/// Each row names all before it by its hash, and the last line is signed by the coordinator.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands ledger verify ledger.jsonl")]
pub(crate) struct Ledger {
    #[command(subcommand)]
    action: Action,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
enum Action {
    Export(export::Export),
    Verify(verify::Verify),
}

impl Ledger {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.action {
            Action::Export(it) => it.run(context).await,
            Action::Verify(it) => it.run(context).await,
        }
    }
}
