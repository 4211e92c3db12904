//! The worker's loop: what comes from coordinator, slots, disk and people, and what follows.
//!
//! The agent is one task and owns all state; nothing is locked. Whatever takes time (downloads,
//! hashing, uploads) is a task of its own whose result comes back as a [`Done`]. After each event
//! [`Agent::advance`] starts whatever can be started now, so that no event has to know what it
//! unblocks.
//!
//! - `machine` is what all projects have together, `project` what one has for itself, `turn` what follows from an
//!   event of one of them; `sharing` divides the slots.
//! - `board` is the table of leases and jobs, `outbox` the queue of reports, `earnings` the credit.
//! - `crew` is the slots at work; `assignment` tells one what to run.
//! - `intake` hears the coordinator, `feeding` brings leases to slots, `finishing` brings what came
//!   of them to disk and coordinator, `draining` stops in good order,
//!   `pilot` when there is no more work.
//! - `saving` keeps checkpoints, `recovery` takes up what an earlier process left, `telling` and `showing` show
//!   what happens, `answering` answers the owner.
//! - `choosing` goes on with units of this worker's own choice while the coordinator is away.
//! - `governing` asks the governor, `obeying` does what it says, `pace` keeps a slot to its share of the time.
//! - `job` and `fetch` verify and bring what a replica reads; `ending` makes its report, and `lying`
//!   makes that wrong in tests.

mod answering;
mod assignment;
mod board;
mod choosing;
mod crew;
mod draining;
mod earnings;
mod ending;
mod feeding;
mod fetch;
mod finishing;
mod governing;
mod intake;
mod job;
mod lying;
mod machine;
mod obeying;
mod outbox;
mod pace;
mod pause;
mod pilot;
mod project;
mod recovery;
mod saving;
mod sharing;
mod showing;
mod telling;
mod turn;

use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use manyhands_core::id::{JobId, ReplicaId};
use manyhands_core::limits::LEASES_PER_HOST_MAX;
use manyhands_core::replica::CheckpointRef;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::ending::Ending;
use self::fetch::{FetchError, Ready};
use self::job::{Job, JobError};
use self::machine::Machine;
use self::project::{Event, Project, ProjectIndex};
use self::saving::KeepError;
use self::turn::Turn;
use crate::cache::{CacheError, Pin, UploadError};
use crate::config::Config;
use crate::control::{Question, Snapshots, Status};
use crate::diary::Diary;
use crate::slots::SlotCommand;
use crate::{Stop, WorkerError};

pub(crate) use self::earnings::Earnings;
pub(crate) use self::project::ProjectParts;

/// Leases and unacknowledged reports held at most: no more may be named in a Hello. What a
/// coordinator grants beyond is given back.
const HELD_MAX: usize = LEASES_PER_HOST_MAX;

/// Heartbeats are at least so far apart.
const HEARTBEAT_MS_MIN: u64 = 1_000;

/// Heartbeats until a coordinator says otherwise.
const HEARTBEAT_MS: u64 = 30_000;

/// What a task came to.
#[derive(Debug)]
enum Done {
    /// A job was loaded, or not.
    Job(JobId, Box<Result<Job, JobError>>),
    /// A lease's blobs were fetched, or not.
    Fetched(ReplicaId, Result<Ready, FetchError>),
    /// A run has its report.
    Ended(ReplicaId, Result<Ending, CacheError>),
    /// A checkpoint is in the cache.
    Kept(ReplicaId, Result<(CheckpointRef, Pin), KeepError>),
    /// The coordinator has a checkpoint.
    Saved(ReplicaId, CheckpointRef, Result<(), UploadError>),
    /// The coordinator has a report's blobs.
    Uploaded(ReplicaId, Ending, Result<(), UploadError>),
}

/// What waits for the disk.
#[derive(Debug)]
enum Awaiting {
    /// To be sent.
    Report(ReplicaId, Box<Ending>),
    /// To be removed: nothing on disk names it any more.
    Unneeded(Arc<Pin>),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Agent {
    machine: Machine,
    /// In the order of the settings; at least one.
    projects: Vec<Project>,
    /// The project that is heard first the next time, so that a busy one does not drown the others.
    heard_first: usize,
}

/// What an agent is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) slot_command: SlotCommand,
    /// Has a folder for each slot.
    pub(crate) slots_folder: PathBuf,
    /// Where it is written where the time went.
    pub(crate) diary: Diary,
    /// What the machine's owner asks.
    pub(crate) questions: mpsc::Receiver<Question>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) snapshots: Snapshots,
    pub(crate) projects: Vec<ProjectParts>,
}

impl Agent {
    /// Takes up what an earlier process left, before anything else asks a cache for room.
    ///
    /// # Errors
    /// [`WorkerError`]: the disk fails.
    pub(crate) async fn open(parts: Parts) -> Result<Self, WorkerError> {
        let checkpoint_bytes_max = parts.config.checkpoint_upload_bytes_max;
        let (machine, parts) = Machine::new(parts);
        let mut agent = Self { machine, projects: Vec::new(), heard_first: 0 };
        for parts in parts {
            let (project, restored) = Project::new(parts, checkpoint_bytes_max);
            agent.projects.push(project);
            let at = ProjectIndex(agent.projects.len() - 1);
            agent.turn(at).recover(restored).await?;
        }
        agent.recall_shares();
        Ok(agent)
    }

    /// Runs until it is told to stop, or cannot go on.
    ///
    /// # Errors
    /// [`WorkerError`]: the disk fails, or the coordinator refuses this host for good.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<Stop>) -> Result<(), WorkerError> {
        let ended = self.serve(&mut stop).await;
        self.machine.crew.shutdown().await;
        for project in &mut self.projects {
            project.tasks.shutdown().await;
        }
        self.write_down();
        let closed = self.projects.into_iter().map(|project| project.spool.close());
        let closed = closed.collect::<Vec<_>>();
        match ended {
            // Whatever the spool died of says more.
            Ok(()) | Err(WorkerError::SpoolStopped(_)) => {
                closed.into_iter().collect::<Result<(), _>>()?;
            }
            Err(error) => return Err(error),
        }
        if self.machine.pilot.was_in_vain() {
            return Err(WorkerError::NeverMet);
        }
        Ok(())
    }

    async fn serve(&mut self, stop: &mut watch::Receiver<Stop>) -> Result<(), WorkerError> {
        loop {
            match *stop.borrow_and_update() {
                Stop::Run if !self.machine.orphaned => {}
                Stop::Run | Stop::Drain => self.drain(),
                Stop::Now => return Ok(()),
            }
            self.end_if_finished();
            self.end_if_idle();
            self.advance().await?;
            if self.is_drained() {
                return Ok(());
            }
            self.wait(stop).await?;
        }
    }

    /// Waits for one event, and does what follows from it.
    async fn wait(&mut self, stop: &mut watch::Receiver<Stop>) -> Result<(), WorkerError> {
        let wakes_at = self.wakes_at();
        let Self { machine, projects, heard_first } = self;
        tokio::select! {
            (at, event) = hear(projects, *heard_first) => {
                *heard_first = at.0 + 1;
                self.turn(at).on(event).await
            }
            (slot, event) = machine.crew.next() => match machine.seats[slot] {
                Some(seat) => self.turn(seat.project).on_slot(slot, seat.replica, event).await,
                None => Ok(()),
            },
            () = machine.governing.due() => {
                self.govern();
                self.show();
                Ok(())
            }
            Some(question) = machine.questions.recv() => {
                self.on_question(question);
                Ok(())
            }
            changed = stop.changed(), if !machine.orphaned => {
                machine.orphaned = changed.is_err();
                Ok(())
            }
            () = sleep_until(wakes_at) => {
                self.kill_late();
                Ok(())
            }
        }
    }

    /// When something is due that nobody tells of.
    fn wakes_at(&self) -> Option<Instant> {
        let pauses = self.projects.iter().flat_map(|project| {
            [project.fetching.pause.ends_at(), project.uploading.pause.ends_at()]
        });
        pauses.chain([self.drain_wakes_at()]).flatten().min()
    }

    /// Starts whatever can be started.
    async fn advance(&mut self) -> Result<(), WorkerError> {
        for at in self.indices() {
            let mut turn = self.turn(at);
            turn.choose().await?;
            turn.start_fetches().await?;
        }
        self.fill_slots().await?;
        for at in self.indices() {
            let slots = self.slots_for(at);
            self.turn(at).speak(slots);
        }
        self.tell_status();
        Ok(())
    }

    fn turn(&mut self, at: ProjectIndex) -> Turn<'_> {
        let is_alone = self.projects.len() == 1;
        Turn { machine: &mut self.machine, project: &mut self.projects[at.0], at, is_alone }
    }

    fn indices(&self) -> impl Iterator<Item = ProjectIndex> + use<> {
        (0..self.projects.len()).map(ProjectIndex)
    }

    /// Writes down what the next process begins with.
    fn write_down(&mut self) {
        self.machine.governing.close();
        self.projects.iter().for_each(|project| project.earnings.write_down());
        self.write_shares();
    }
}

/// The next event of any project; the one at `first` and those after it are looked at before the others.
async fn hear(projects: &mut [Project], first: usize) -> (ProjectIndex, Event) {
    let mut heard: Vec<_> = projects
        .iter_mut()
        .enumerate()
        .map(|(index, project)| {
            Box::pin(async move { (ProjectIndex(index), project.next().await) })
        })
        .collect();
    let first = first % heard.len();
    heard.rotate_left(first);
    std::future::poll_fn(|cx| {
        for next in &mut heard {
            if let Poll::Ready(event) = next.as_mut().poll(cx) {
                return Poll::Ready(event);
            }
        }
        Poll::Pending
    })
    .await
}

/// Until the instant; for ever if there is none.
async fn sleep_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// A clock that beats every `ms` from now on.
fn heartbeat(ms: u64) -> tokio::time::Interval {
    let mut beats = interval(Duration::from_millis(ms.max(HEARTBEAT_MS_MIN)));
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats.reset();
    beats
}
