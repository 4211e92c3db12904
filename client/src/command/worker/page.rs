//! `manyhands worker page`: where the worker's page is.

use std::process::{Command, Stdio};

use clap::Args;
use manyhands_worker::control::{self, Request};

use super::Which;
use crate::context::Context;
use crate::failure::Failure;

/// Print the address of the worker's page, with what it does, its history and your preferences
///
/// The page is for this machine only, and its address is a secret: whoever knows it can pause the worker and change your
/// preferences. It is opened when this is asked for the first time, or always, if the settings say so (`[page]`).
#[derive(Debug, Args)]
#[command(after_help = "Example: manyhands worker page --open")]
pub(crate) struct Page {
    /// Open it in your browser too
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    which: Which,
}

impl Page {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let answer = control::ask(&self.which.folder(context)?, Request::Page).await?;
        if !answer.starts_with("http://") {
            return Err(Failure::failed(answer));
        }
        context.terminal.line(&answer)?;
        if self.open { open(&answer) } else { Ok(()) }
    }
}

/// Gives an address to the desktop's browser.
fn open(address: &str) -> Result<(), Failure> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) | Err(_) => Err(Failure::failed(format!("`{program}` does not open it"))
            .hint("copy the address into a browser on this machine")),
    }
}
