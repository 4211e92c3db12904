//! `manyhands slot`: the child process in which a worker runs programs.

use std::process::ExitCode;

use clap::Args;

/// Run programs for a worker, which starts this itself
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Slot {}

impl Slot {
    pub(crate) fn run(&self) -> ExitCode {
        manyhands_worker::slots::slot_main()
    }
}
