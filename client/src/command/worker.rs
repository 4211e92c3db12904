//! `manyhands worker`: lend this machine.

pub(crate) mod ask;
mod consent;
mod doctor;
mod erase;
mod export;
mod install;
mod join;
mod kept;
mod leave;
mod narration;
mod page;
mod service;
mod uninstall;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use manyhands::quantity;
use manyhands_core::time::Span;
use manyhands_proto::invite::Invite;
use manyhands_worker::config::{Config, ConfigError, Mode, ProjectConfig, Slots, Written};
use manyhands_worker::consent::How;
use manyhands_worker::control::Status;
use manyhands_worker::{SlotProgram, Stop, WorkerError};
use tokio::sync::watch;

use self::ask::Say;
pub(crate) use self::ask::Which;
use self::join::Join;
use self::narration::narrate;
use crate::context::Context;
use crate::failure::Failure;
use crate::signals::Signals;

/// Lend this machine: compute units for a grid until told to stop
///
/// It computes while nobody uses the machine, runs on mains, not too hot, and so on: `[limits]` and `[rules]` of the
/// settings file say otherwise. `status` tells at any time what it does, and why not more.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example: manyhands worker --join 'manyhands://grid.example.org:7654/#KEY.TOKEN'"
)]
pub(crate) struct Worker {
    /// What to say to a worker that runs, or to ask of this machine
    #[command(subcommand)]
    ask: Option<Ask>,
    /// The invite that you got; or `lan#KEY` for the coordinator with this key on the local network, as soon as it is
    /// there, and `lan` to see which there are. Several times for several projects, which then get the same share of
    /// this machine unless the settings file says otherwise
    #[arg(long, value_name = "INVITE", env = "MANYHANDS_INVITE", hide_env_values = true)]
    join: Vec<Join>,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for the key, unreported results and cached blobs [default: your config folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Programs at once: a number, or `auto` for one on each core that a scheduler, a control group or a binding
    /// leaves to the worker [default: auto]
    #[arg(long, value_name = "N")]
    slots: Option<Slots>,
    /// End after so long without anything to compute: for jobs of a cluster's scheduler (Slurm, HTCondor,
    /// Kubernetes). Then it computes as with `--always`, and at the priority that the scheduler gave it, unless the
    /// settings file says otherwise
    #[arg(long, value_name = "SPAN", value_parser = quantity::span)]
    until_idle: Option<Span>,
    /// What SIGTERM or Ctrl-C leave it to save programs and hand in reports before it ends [default: 20 s]
    #[arg(long, value_name = "SPAN", value_parser = quantity::span)]
    grace: Option<Span>,
    /// What others see of this machine
    #[arg(long, value_name = "NAME")]
    nickname: Option<String>,
    /// With whom large inputs are exchanged: nobody (off), workers of this network (lan), or all volunteers of the
    /// project, who then see your network address (full) [default: what the settings file says, or lan]
    #[arg(long, value_name = "WITH", value_parser = consent::sharing::mode)]
    peers: Option<Mode>,
    /// Compute whatever the person, the battery and other programs do; only what the settings file forbids itself
    /// is still forbidden
    #[arg(long)]
    always: bool,
    /// Agree without being asked, for services and fleets: the machine is yours to lend
    #[arg(long)]
    yes: bool,
    /// What starts a slot instead of this program, such as an emulator with a slot for another
    /// processor; words are told apart by spaces
    #[arg(long, value_name = "COMMAND", value_delimiter = ' ', hide = true)]
    slot_command: Vec<OsString>,
}

/// What can be asked instead of working.
#[derive(Debug, Subcommand)]
enum Ask {
    #[command(flatten)]
    Say(Say),
    Doctor(doctor::Doctor),
    Page(page::Page),
    Leave(leave::Leave),
    Export(export::Export),
    Erase(erase::Erase),
    Install(Box<install::Install>),
    Uninstall(uninstall::Uninstall),
}

impl Worker {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        match self.ask {
            Some(Ask::Doctor(doctor)) => Box::pin(doctor.run(context)).await,
            Some(Ask::Say(say)) => say.run(context).await,
            Some(Ask::Page(page)) => page.run(context).await,
            Some(Ask::Leave(leave)) => leave.run(context),
            Some(Ask::Export(export)) => Box::pin(export.run(context)).await,
            Some(Ask::Erase(erase)) => Box::pin(erase.run(context)).await,
            Some(Ask::Install(install)) => Box::pin(install.run(context)).await,
            Some(Ask::Uninstall(uninstall)) => uninstall.run(context),
            None => Box::pin(self.work(context)).await,
        }
    }

    async fn work(mut self, context: &Context) -> Result<(), Failure> {
        let slots = slot_program(&self.slot_command)?;
        let yes = self.yes;
        let mut invites = Vec::new();
        for join in std::mem::take(&mut self.join) {
            invites.push(join.invite(context.terminal).await?);
        }
        let written = self.written(invites, context)?;
        let is_sharing_chosen = written.peers.mode.is_some();
        let mut config = Config::new(written)?;
        consent::pass_over_left(&mut config, context)?;
        let agreed = consent::require(&config, &slots, yes, context).await?;
        if agreed == Some(How::Asked) && !is_sharing_chosen {
            consent::sharing::choose(&mut config)?;
        }
        let names = config.projects.iter().map(ProjectConfig::name).collect();
        let (status, seen) = watch::channel(Status::default());
        let (tell, told) = watch::channel(Stop::Run);
        let mut signals = Signals::listen()?;
        let computing = manyhands_worker::run(config, slots, status, told);
        let narrating = narrate(context.terminal, seen, names);
        let stopping = async {
            signals.next().await;
            tell.send_replace(Stop::Drain);
            // Whoever asks again does not want to wait for the goodbye.
            signals.next().await;
            tell.send_replace(Stop::Now);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = async { tokio::join!(computing, narrating).0 } => Ok(ended?),
            () = stopping => Ok(()),
        }
    }

    /// The file, with what the command line says on top.
    fn written(self, invites: Vec<Invite>, context: &Context) -> Result<Written, Failure> {
        let mut written = match &self.config {
            Some(path) => Written { settings: Some(path.clone()), ..Written::read(path)? },
            None => own_settings(&data_dir(self.data.clone(), &Written::default(), context)?)?,
        };
        written.join(invites);
        written.data_dir = Some(data_dir(self.data, &written, context)?);
        written.slots = self.slots.or(written.slots);
        written.until_idle = self.until_idle.or(written.until_idle);
        written.drain_grace = self.grace.or(written.drain_grace);
        written.peers.mode = self.peers.or(written.peers.mode);
        written.nickname = self.nickname.or(written.nickname);
        written.always = self.always.then_some(true).or(written.always);
        Ok(written)
    }
}

/// What the owner said on the worker's page, where no other settings file was named.
fn own_settings(folder: &Path) -> Result<Written, Failure> {
    let path = folder.join("settings.toml");
    if !path.exists() {
        return Ok(Written::default());
    }
    let written = Written { settings: Some(path.clone()), ..Written::read(&path)? };
    // Whatever else it says, it lies in the folder that it is about.
    Ok(Written { data_dir: Some(folder.to_owned()), ..written })
}

/// The folder from the command line, or else from the settings, or else in the profile.
fn data_dir(
    given: Option<PathBuf>,
    written: &Written,
    context: &Context,
) -> Result<PathBuf, Failure> {
    match given.or_else(|| written.data_dir.clone()) {
        Some(folder) => Ok(folder),
        None => Ok(context.profile()?.dir().join("worker")),
    }
}

/// What a slot's process runs: this program, unless another command was given.
fn slot_program(command: &[OsString]) -> std::io::Result<SlotProgram> {
    Ok(match command {
        [] => SlotProgram { program: std::env::current_exe()?, args: vec!["slot".into()] },
        [program, args @ ..] => SlotProgram { program: program.into(), args: args.to_vec() },
    })
}

impl From<WorkerError> for Failure {
    fn from(error: WorkerError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::bad_input(error.to_string())
    }
}
