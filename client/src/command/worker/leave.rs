//! `manyhands worker leave`: withdraw the consent.

use std::path::PathBuf;

use clap::Args;
use manyhands_worker::config::Written;
use manyhands_worker::consent::{self as consents, Consents};

use super::consent;
use crate::context::Context;
use crate::failure::Failure;

/// Withdraw the consent to lend this machine: no worker starts until someone agrees anew
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands worker leave\n\nKeeps the data folder: its key, and the record of what was agreed to and when."
)]
pub(crate) struct Leave {
    /// Only for one of several projects: its name in the settings file, or the beginning of its coordinator's key
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
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
        let named = self.project.as_ref();
        let is_meant = |key: &str| named.is_none_or(|name| is_named(key, name, &written));
        let projects = consents.withdraw(is_meant, consent::withdrawal)?;
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

/// Least of a key that says which one is meant.
const KEY_DIGITS_MIN: usize = 8;

/// Whether the project of that key is called so.
fn is_named(key: &str, name: &str, written: &Written) -> bool {
    let called = written.project.iter().filter(|project| project.name.as_deref() == Some(name));
    let is_called = called.into_iter().any(|project| consents::project(&project.invite) == key);
    is_called || (name.len() >= KEY_DIGITS_MIN && key.starts_with(name))
}
