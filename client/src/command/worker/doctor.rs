//! `manyhands worker doctor`: what protects this machine, and what a worker would lack.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use manyhands_proto::invite::Invite;
use manyhands_worker::config::Written;
use manyhands_worker::doctor::{self, Finding};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::{Style, plain};

/// Say what protects this machine from programs, and what a worker would lack here
#[derive(Debug, Args)]
#[command(
    after_help = "Example: manyhands worker doctor --config worker.toml\n\nExit code 1 if something is missing."
)]
pub(crate) struct Doctor {
    /// The invite that you got: see whether its coordinator answers
    #[arg(long, value_name = "INVITE")]
    join: Option<Invite>,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The worker's folder [default: as of `manyhands worker`]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// As of `manyhands worker`
    #[arg(long, value_name = "COMMAND", value_delimiter = ' ', hide = true)]
    slot_command: Vec<OsString>,
}

/// A finding, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    ok: bool,
    detail: String,
}

impl Doctor {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let written = match &self.config {
            Some(path) => Written::read(path)?,
            None => Written::default(),
        };
        let data_dir = super::data_dir(self.data, &written, context)?;
        let slots = super::slot_program(&self.slot_command)?;
        let invites = self.join.map_or_else(|| written.invites(), |invite| vec![invite]);
        let priority = written.priority.unwrap_or_default();
        let findings = doctor::examine(slots, priority, &data_dir, &invites).await;
        let ill = findings.iter().filter(|finding| !finding.is_well).count();
        if self.json {
            context.terminal.json(&findings.into_iter().map(row).collect::<Vec<_>>())?;
        } else {
            for finding in &findings {
                context.terminal.line(&line(finding, context))?;
            }
        }
        match ill {
            0 => Ok(()),
            _ => Err(Failure::failed(format!("{ill} of these are not as they should be"))),
        }
    }
}

fn row(Finding { name, is_well, detail }: Finding) -> Row {
    Row { name, ok: is_well, detail }
}

fn line(finding: &Finding, context: &Context) -> String {
    let (style, word) = if finding.is_well { (Style::Good, "ok") } else { (Style::Bad, "!!") };
    let word = style.paint(word, context.terminal);
    format!("{word}  {:<18}  {}", plain(&finding.name), plain(&finding.detail))
}
