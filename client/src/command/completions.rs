//! `manyhands completions`: words for the shell's tab key.

use std::io::{self, Write as _};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::Failure;

/// Print a completion script for your shell
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands completions bash > ~/.local/share/bash-completion/completions/manyhands"
)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        // Generated in memory, because the generator panics when a pipe closes.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "manyhands", &mut script);
        Ok(io::stdout().write_all(&script)?)
    }
}
