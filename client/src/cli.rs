//! The command line, as `clap` reads it.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::command::cancel::Cancel;
use crate::command::check::Check;
use crate::command::completions::Completions;
use crate::command::coordinator::Coordinator;
use crate::command::demo::Demo;
use crate::command::evidence::Evidence;
use crate::command::fetch::Fetch;
use crate::command::host::Host;
use crate::command::hosts::Hosts;
use crate::command::invite::Invite;
use crate::command::jobs::Jobs;
use crate::command::join::Join;
use crate::command::ledger::Ledger;
use crate::command::peers::Peers;
use crate::command::project::Project;
use crate::command::receipt::ReceiptOf;
use crate::command::slot::Slot;
use crate::command::submit::Submit;
use crate::command::top::Top;
use crate::command::verify::Verify;
use crate::command::watch::Watch;
use crate::command::why::Why;
use crate::command::worker::Worker;

/// Many hands make light work: a volunteer computing grid.
#[derive(Debug, Parser)]
#[command(
    name = "manyhands",
    version,
    arg_required_else_help = true,
    after_help = "Example: manyhands demo\n\nExit codes: 0 success, 1 failed, 2 wrong usage or bad input."
)]
pub(crate) struct Cli {
    /// Folder with your key and the coordinator that you joined [default: your config folder]
    #[arg(long, global = true, env = "MANYHANDS_PROFILE", value_name = "DIR")]
    pub(crate) profile: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What `manyhands` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Submit(Submit),
    Check(Check),
    Jobs(Jobs),
    Watch(Watch),
    Fetch(Fetch),
    Cancel(Cancel),
    Why(Why),
    Receipt(ReceiptOf),
    Verify(Verify),
    Ledger(Ledger),
    Join(Join),
    Worker(Box<Worker>),
    Top(Top),
    Coordinator(Coordinator),
    Invite(Invite),
    Project(Project),
    Hosts(Hosts),
    Host(Host),
    Peers(Peers),
    Evidence(Evidence),
    Completions(Completions),
    Slot(Slot),
}
