//! `manyhands project key`: a file with a project's key.

use std::path::PathBuf;

use clap::Args;
use manyhands_proto::identity::Identity;

use crate::context::{Context, shown};
use crate::failure::Failure;

/// Make a project's key, and print its public half; a key that is there already stays
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands project key project.key")]
pub(crate) struct MakeKey {
    /// The file, which only you can read
    file: PathBuf,
}

impl MakeKey {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let identity = Identity::load_or_create(&self.file);
        let identity = identity.map_err(|error| Failure::failed(error.to_string()))?;
        context.terminal.line(&identity.public_key().to_string())?;
        let file = shown(&self.file);
        let advice = format!("whoever has {file} is the project: keep a copy where no server is");
        context.terminal.note(&advice);
        Ok(())
    }
}
