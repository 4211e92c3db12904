//! `manyhands worker erase`: nothing of the worker stays on this machine.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::Args;
use manyhands_worker::config::Written;
use manyhands_worker::kept;

use super::consent;
use crate::context::Context;
use crate::failure::Failure;

/// What erasing here does not reach.
const REMAINS: &str = "What remains at the coordinator: this host's number, key and nickname, its volunteer, signed answers and \
                       credit; its ledger is never rewritten. Ask whoever runs it.";

/// Remove the worker's folder: key, records of consent, cached and unreported work
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands worker erase\n\nWithout its key this machine can never be the same host again."
)]
pub(crate) struct Erase {
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The worker's folder [default: as of `manyhands worker`]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Erase without being asked
    #[arg(long)]
    yes: bool,
}

impl Erase {
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        let written = match &self.config {
            Some(path) => Written::read(path)?,
            None => Written::default(),
        };
        let data_dir = super::data_dir(self.data, &written, context)?;
        let kept = kept::list(&data_dir)?;
        if !self.yes {
            if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
                return Err(Failure::bad_input(
                    "there is no terminal to ask at: nothing was erased",
                )
                .hint("say --yes if all of it may go"));
            }
            for (path, bytes) in &kept.sizes {
                context.terminal.note(&format!("{:>12} bytes  {}", bytes, path.display()));
            }
            context.terminal.note(REMAINS);
            if !consent::answer("Erase all of this, and the key for good? [y/N] ")? {
                return Err(Failure::failed("nothing was erased"));
            }
        }
        let is_gone = kept::erase(&data_dir)?;
        let shown = data_dir.display();
        context.terminal.line(&if is_gone {
            format!("erased {shown}")
        } else {
            format!("erased what the worker made in {shown}; what else is there stays")
        })?;
        context.terminal.note(REMAINS);
        Ok(())
    }
}
