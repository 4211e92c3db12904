//! `manyhands ledger export`: the ledger as a file.

use std::path::PathBuf;

use clap::Args;
use manyhands::ledger::{self, ExportError};

use crate::context::{Context, shown};
use crate::failure::Failure;
use crate::operator;

/// Write the ledger to a file, a line of JSON for each row
///
/// Everybody who joined may: rows name hosts and volunteers by their numbers only.
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands ledger export ledger.jsonl")]
pub(crate) struct Export {
    /// The file
    file: PathBuf,
    /// Ask the coordinator that uses this data folder, as its operator
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Export {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let session = match &self.data {
            Some(data) => operator::session(data).await?,
            None => context.session().await?.0,
        };
        let head = ledger::export(&session, &self.file).await?;
        let (file, rows) = (shown(&self.file), head.body.rows);
        context.terminal.line(&format!("{file}: {rows} rows, signed by {}", head.signer))
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Refused(status) => status.into(),
            ExportError::Io { .. }
            | ExportError::Wire(_)
            | ExportError::Head(_)
            | ExportError::Row { .. }
            | ExportError::Line { .. }
            | ExportError::Short(_)
            | ExportError::Other => Self::failed(error.to_string()),
        }
    }
}
