//! What a machine's owner says to a worker that runs.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use manyhands::quantity;
use manyhands_core::agent::governor::Wish;
use manyhands_core::time::Span;
use manyhands_worker::config::Written;
use manyhands_worker::control::{self, ControlError, DAYS_MAX, Request, SNOOZE_MAX};

use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::plain;

/// See the commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Say {
    /// What the worker does, why not more, and where today went
    #[command(after_help = "Example: manyhands worker status")]
    Status(Status),
    /// Compute nothing until told to resume, also after a restart
    #[command(after_help = "Example: manyhands worker pause")]
    Pause(Which),
    /// Go by limits and rules again, at once
    #[command(after_help = "Example: manyhands worker resume")]
    Resume(Which),
    /// Compute nothing for a while, such as "2 h"
    #[command(after_help = "Example: manyhands worker snooze '2 h'")]
    Snooze(Snooze),
    /// Compute what was begun to its end, begin nothing else, and end
    #[command(after_help = "Example: manyhands worker finish")]
    Finish(Which),
    /// Where the time of the last days went
    #[command(after_help = "Example: manyhands worker log --days 30")]
    Log(Log),
}

/// Which worker.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The worker's folder [default: in your config folder]
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    data: Option<PathBuf>,
    /// The worker's settings file, which names its folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print JSON; `worker/src/control/SNAPSHOT.md` says what it means
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
pub(crate) struct Snooze {
    /// For how long, at most 31 days
    #[arg(value_name = "TIME", value_parser = snooze)]
    span: Span,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// So many days, today among them
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX)))]
    days: u32,
    #[command(flatten)]
    which: Which,
}

impl Say {
    pub(super) async fn run(self, context: &Context) -> Result<(), Failure> {
        let (which, request) = match self {
            Self::Status(Status { json: false, which }) => (which, Request::Status),
            Self::Status(Status { json: true, which }) => (which, Request::Snapshot),
            Self::Pause(which) => (which, Request::Wish(Wish::Pause)),
            Self::Resume(which) => (which, Request::Wish(Wish::Resume)),
            Self::Snooze(Snooze { span, which }) => (which, Request::Wish(Wish::Snooze(span))),
            Self::Finish(which) => (which, Request::Wish(Wish::Finish)),
            Self::Log(Log { days, which }) => (which, Request::Log { days }),
        };
        let answer = control::ask(&which.folder(context)?, request).await?;
        // It names jobs, and names of jobs come from strangers.
        answer.lines().try_for_each(|line| context.terminal.line(&plain(line)))
    }
}

impl Which {
    pub(crate) fn folder(self, context: &Context) -> Result<PathBuf, Failure> {
        let written = self.config.map(|path| Written::read(&path)).transpose()?;
        let named = self.data.or_else(|| written?.data_dir);
        named.map_or_else(|| Ok(context.profile()?.dir().join("worker")), Ok)
    }
}

fn snooze(text: &str) -> Result<Span, String> {
    let span = quantity::span(text).map_err(|error| error.to_string())?;
    if (Span::ZERO..=SNOOZE_MAX).contains(&span) {
        return Ok(span);
    }
    Err(format!("`{text}` is too long: at most {SNOOZE_MAX}"))
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Self::failed(error.to_string())
    }
}
