//! `manyhands`: submit jobs, lend a machine, run a coordinator.

mod cli;
mod clock;
mod command;
mod context;
mod demo;
mod failure;
mod listing;
mod operator;
mod progress;
mod signals;
mod signer;
mod size;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::Terminal;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A slot is a process for guests: it gets no runtime, no log and no terminal.
    if let Command::Slot(slot) = &cli.command {
        return slot.run();
    }
    let terminal = Terminal::detect();
    let context = Context { terminal, profile_dir: cli.profile };
    match run(cli.command, &context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(terminal),
    }
}

fn run(command: Command, context: &Context) -> Result<(), Failure> {
    log_to_stderr(context.terminal);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // Boxed, because each command's future is large and only one of them ever runs.
    runtime.block_on(Box::pin(dispatch(command, context)))
}

async fn dispatch(command: Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Cancel(it) => it.run(context).await,
        Command::Check(it) => it.run(context).await,
        Command::Completions(it) => it.run(),
        Command::Coordinator(it) => it.run(context).await,
        Command::Demo(it) => it.run(context).await,
        Command::Evidence(it) => it.run(context).await,
        Command::Fetch(it) => it.run(context).await,
        Command::Host(it) => it.run(context).await,
        Command::Hosts(it) => it.run(context).await,
        Command::Peers(it) => it.run(context).await,
        Command::Invite(it) => it.run(context).await,
        Command::Jobs(it) => it.run(context).await,
        Command::Join(it) => it.run(context).await,
        Command::Ledger(it) => it.run(context).await,
        Command::Project(it) => it.run(context),
        Command::Receipt(it) => it.run(context).await,
        Command::Slot(_) => Err(Failure::failed("slots start without a runtime")),
        Command::Submit(it) => it.run(context).await,
        Command::Top(it) => Box::pin(it.run(context)).await,
        Command::Verify(it) => it.run(context).await,
        Command::Watch(it) => it.run(context).await,
        Command::Why(it) => it.run(context).await,
        Command::Worker(it) => Box::pin(it.run(context)).await,
    }
}

/// Logs go to standard error: warnings, or what `MANYHANDS_LOG` asks for, such as `info`.
fn log_to_stderr(terminal: Terminal) {
    let filter =
        EnvFilter::try_from_env("MANYHANDS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(terminal.colour())
        .with_writer(std::io::stderr)
        .init();
}
