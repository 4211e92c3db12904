//! The volunteer's side of Manyhands: joins a coordinator, computes what it leases, reports.
//!
//! ```text
//! link ──► agent ──► slots (child processes, each with a sandbox)
//!            │
//!            ├── cache   blobs on disk, verified
//!            ├── peers   other workers, and the blobs that are exchanged with them
//!            └── spool   leases, reports and checkpoints that outlive the process
//! ```
//!
//! Link, cache, peers and spool are there once for each project, agent and slots once.
//!
//! [`run`] is a whole worker; [`slots::slot_main`] the life of a slot's process.

mod agent;
mod cache;
mod clock;
pub mod config;
pub mod consent;
pub mod control;
mod diary;
pub mod doctor;
pub mod guest;
mod home;
pub mod kept;
mod link;
mod os;
mod page;
mod peers;
mod probe;
mod projects;
pub mod sandbox;
pub mod slots;
mod spool;
pub mod wall;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use manyhands_proto::identity::KeyFileError;
use manyhands_proto::invite::Invite;
use manyhands_proto::v1;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use self::agent::{Agent, Parts};
use self::control::{Desk, Socket, Status};
use self::diary::Diary;
use self::home::Home;
use self::page::Page;
pub use self::page::prefer;
use self::peers::Peers;
use self::slots::{Division, Obstacle, Share, Slot, SlotCommand};
use self::wall::Room;

pub use self::cache::CacheError;
pub use self::config::Config;
pub use self::home::HomeError;
pub use self::link::SessionError;
pub use self::peers::{BlobView, PeerView, PeersView, UploadView};
pub use self::slots::SlotError;
pub use self::spool::{DatabaseError, SpoolError, SpoolStopped};

/// Questions of the owner that may wait for the agent.
const QUESTIONS_MAX: usize = 4;

/// What a worker is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Go on.
    Run,
    /// Save, report, give back the rest, end: as after SIGTERM.
    Drain,
    /// End at once; the next start goes on from what is on disk.
    Now,
}

/// The program that a slot's process runs; it calls [`slots::slot_main`].
#[derive(Clone, Debug)]
pub struct SlotProgram {
    /// The executable, usually this process's own.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// Why a worker cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The data folder.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The file with the host's key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The spool ended early.
    #[error(transparent)]
    SpoolStopped(#[from] SpoolStopped),
    /// Programs cannot be run here.
    #[error(transparent)]
    Slot(#[from] SlotError),
    /// A folder for the slots cannot be made.
    #[error("cannot make the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The folder's leases and reports are for someone else.
    #[error(
        "the data folder belongs to the coordinator {theirs}, and the invite is from {ours}: name \
         another data folder for it, or give `--join` with an invite of each to compute for both"
    )]
    OtherCoordinator {
        /// In the folder.
        theirs: String,
        /// In the invite.
        ours: String,
    },
    /// A worker that ends by itself never had anything to do with its coordinator.
    #[error("the coordinator was not reached in all the time that there was nothing to compute")]
    NeverMet,
    /// The coordinator does not want this host.
    #[error("cannot join: {0}")]
    Refused(Box<SessionError>),
}

/// Runs a worker until `stop` says otherwise, and shows in `status` what it does.
///
/// # Errors
/// [`WorkerError`]. What was acknowledged or spooled is safe whatever the error.
pub async fn run(
    config: Config,
    slot_program: SlotProgram,
    status: watch::Sender<Status>,
    stop: watch::Receiver<Stop>,
) -> Result<(), WorkerError> {
    let home = Home::open(&config.data_dir)?;
    let opened = projects::open(&home, &config)?;
    prepare_folders(&home, &config)?;
    // Until the end of this worker: slots must be gone before it is.
    let division = divide(&config);
    let SlotProgram { program, args } = slot_program;
    let priority = config.priority;
    let readable = opened.iter().map(|project| project.home.blobs()).collect();
    let room = Room { readable, writable: Vec::new() };
    let group = division.as_ref().map(|division| division.slots().to_owned());
    let slot_command =
        SlotCommand { program, args, compiled_folder: home.modules(), room, priority, group };
    let capabilities = capabilities(&config, isa(&slot_command).await?);
    let (asking, questions) = mpsc::channel(QUESTIONS_MAX);
    let snapshots = Arc::new(watch::channel(Arc::from("")).0);
    let desk = Desk::new(asking, Arc::clone(&snapshots));
    let page = Page::new(&config, home.root().to_owned(), desk.clone());
    let (links, parts): (Vec<_>, Vec<_>) =
        opened.into_iter().map(|project| project.connect(&config, &capabilities)).unzip();
    let agent = Agent::open(Parts {
        config,
        slot_command,
        slots_folder: home.slots(),
        diary: Diary::new(home.root().to_owned()),
        questions,
        status,
        snapshots,
        projects: parts,
    });
    let agent = agent.await?;
    let mut jobs = JoinSet::new();
    let peers: Vec<Peers> = links.into_iter().map(|link| link.start(&mut jobs)).collect();
    page.open_if_wanted().await;
    match Socket::open(home.root()) {
        Ok(socket) => drop(jobs.spawn(socket.serve(desk, page))),
        Err(error) => tracing::warn!(%error, "this worker cannot be asked while it runs"),
    }
    let ended = agent.run(stop).await;
    jobs.shutdown().await;
    for peers in peers {
        peers.shut_down().await;
    }
    ended
}

/// Gives the slots a control group of their own, if there is one to divide.
fn divide(config: &Config) -> Option<Division> {
    let share = Share::of(config.priority, config.slots.get(), config.slot_memory_bytes);
    match Division::of_this_process(share) {
        Ok(division) => {
            tracing::info!(group = %division.slots().display(), "slots have a control group");
            Some(division)
        }
        // It seemed possible.
        Err(refused @ Obstacle::Refused { .. }) => {
            tracing::warn!("slots have no control group: {refused}");
            None
        }
        Err(obstacle) => {
            tracing::debug!("slots have no control group: {obstacle}");
            None
        }
    }
}

/// The instruction set of the slots; logs what does not shut them in. A slot says both, not this process, which may be of another build.
async fn isa(command: &SlotCommand) -> Result<String, SlotError> {
    let mut slot = Slot::new(command.clone());
    slot.warm_up().await?;
    for wall in slot.walls().iter().filter(|wall| !wall.stands) {
        tracing::warn!(wall = %wall.name, "{}", wall.detail);
    }
    Ok(slot.isa().unwrap_or_default().to_owned())
}

/// What this machine offers to a coordinator.
fn capabilities(config: &Config, isa: String) -> v1::Capabilities {
    v1::Capabilities {
        slots: config.slots.get(),
        memory_bytes: config.slot_memory_bytes,
        profiles: vec![manyhands_prepare::PROFILE],
        engine: concat!("manyhands ", env!("CARGO_PKG_VERSION")).to_owned(),
        isa,
        os: std::env::consts::OS.to_owned(),
    }
}

/// What tells one coordinator from another: its key, wherever it listens.
fn coordinator_name(invite: &Invite) -> String {
    invite.endpoint().key().map_or_else(|| "on this machine".to_owned(), |key| key.to_string())
}

/// Makes the slots' folders anew: what an earlier process left there was never taken over.
fn prepare_folders(home: &Home, config: &Config) -> Result<(), WorkerError> {
    let make = |path: &Path| {
        let failed = |source| WorkerError::Folder { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(failed)
    };
    let slots = home.slots();
    if slots.exists() {
        let failed = |source| WorkerError::Folder { path: slots.clone(), source };
        std::fs::remove_dir_all(&slots).map_err(failed)?;
    }
    for slot in 0..config.slots.get() {
        make(&slots.join(slot.to_string()))?;
    }
    make(&home.modules())
}
