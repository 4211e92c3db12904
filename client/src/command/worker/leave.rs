//! `manyhands worker leave`: withdraw the consent.

use std::path::PathBuf;

use clap::Args;
use manyhands_worker::config::Written;
use manyhands_worker::consent::Consents;

use super::consent;
use crate::context::Context;
use crate::failure::Failure;

/// Withdraw the consent to lend this machine: no worker starts until someone agrees anew
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands worker leave\n\nKeeps the data folder: its key, and the record of what was agreed to and when."
)]
pub(crate) struct Leave {
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The worker's folder [default: as of `manyhands worker`]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Leave {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let written = match &self.config {
            Some(path) => Written::read(path)?,
            None => Written::default(),
        };
        let data_dir = super::data_dir(self.data, &written, context)?;
        let mut consents = Consents::read(&data_dir)?;
        let projects = consents.withdraw(consent::withdrawal)?;
        let record = consents.path();
        if projects.is_empty() {
            return context.terminal.line(&format!("no consent stands in {}", record.display()));
        }
        for project in projects {
            context.terminal.line(&format!("withdrawn for {project}"))?;
        }
        context.terminal.note(&format!("kept in {}", record.display()));
        context.terminal.note("if a service was installed: manyhands worker uninstall");
        Ok(())
    }
}
