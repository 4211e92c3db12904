//! The worker's loop: what comes from coordinator, slots, disk and people, and what follows.
//!
//! The agent is one task and owns all state; nothing is locked. Whatever takes time (downloads,
//! hashing, uploads) is a task of its own whose result comes back as a [`Done`]. After each event
//! [`Agent::advance`] starts whatever can be started now, so that no event has to know what it
//! unblocks.
//!
//! - `board` is the table of leases and jobs, `outbox` the queue of reports.
//! - `crew` is the slots at work; `assignment` tells one what to run.
//! - `intake` hears the coordinator, `feeding` brings leases to slots, `finishing` brings what came
//!   of them to disk and coordinator, `draining` stops in good order,
//!   `pilot` when there is no more work.
//! - `saving` keeps checkpoints, `recovery` takes up what an earlier process left, `telling` and `showing` show
//!   what happens, `answering` answers the owner.
//! - `choosing` goes on with units of this worker's own choice while the coordinator is away.
//! - `governing` obeys the governor, `pace` keeps a slot to its share of the time.
//! - `job` and `fetch` verify and bring what a replica reads; `ending` makes its report, and `lying`
//!   makes that wrong in tests.

mod answering;
mod assignment;
mod board;
mod choosing;
mod crew;
mod draining;
mod ending;
mod feeding;
mod fetch;
mod finishing;
mod governing;
mod intake;
mod job;
mod lying;
mod outbox;
mod pace;
mod pause;
mod pilot;
mod recovery;
mod saving;
mod showing;
mod telling;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use manyhands_core::agent::fetch::RunTime;
use manyhands_core::id::{JobId, ReplicaId};
use manyhands_core::limits::{BATCH_MAX, INLINE_BYTES_MAX, LEASES_PER_HOST_MAX};
use manyhands_core::outlook::Outlook;
use manyhands_core::replica::CheckpointRef;
use manyhands_proto::identity::Identity;
use manyhands_proto::v1;
use manyhands_proto::v1::worker_message::Message;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::board::Board;
use self::choosing::Chosen;
use self::crew::Crew;
use self::ending::{Ending, Terms};
use self::fetch::{FetchError, Ready};
use self::governing::Governing;
use self::job::{Job, JobError};
use self::outbox::Outbox;
use self::pilot::Pilot;
use self::saving::KeepError;
use self::showing::Showing;
use crate::cache::{Cache, CacheError, Pin, UploadError};
use crate::config::Config;
use crate::control::{Question, Snapshots, Status};
use crate::diary::Diary;
use crate::link::{Attached, LinkEvent};
use crate::peers::Peers;
use crate::slots::SlotCommand;
use crate::spool::{Change, Spool, SpoolStopped};
use crate::{Stop, WorkerError};

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
    config: Config,
    capabilities: v1::Capabilities,
    /// With which reports are signed.
    identity: Identity,
    board: Board,
    outbox: Outbox,
    chosen: Chosen,
    cache: Cache,
    peers: Peers,
    spool: Spool,
    durable: watch::Receiver<u64>,
    /// In the order of their changes' numbers.
    awaiting: VecDeque<(u64, Awaiting)>,
    /// Reports whose blobs are to be uploaded.
    uploads: VecDeque<(ReplicaId, Ending)>,
    crew: Crew,
    /// What each slot computes.
    seats: Vec<Option<ReplicaId>>,
    /// Has a folder for each slot.
    slots_folder: PathBuf,
    tasks: JoinSet<Done>,
    fetching: feeding::Fetching,
    run_time: RunTime,
    /// Processor time of guests whose runs have ended, in milliseconds.
    computed_ms: u64,
    uploading: finishing::Uploading,
    coordinator: Option<Attached>,
    /// Items of one message that the coordinator takes.
    batch_max: usize,
    /// Leases that the coordinator was asked for and did not grant yet.
    wished: u32,
    /// What it expected of this machine when it was asked.
    told_outlook: Outlook,
    /// Why the coordinator gives this host no work for a while, in its own words.
    refused: Option<String>,
    /// Why there is no coordinator now, otherwise.
    away: Option<String>,
    /// Something could not be said because the coordinator reads slowly.
    held_back: bool,
    terms: Terms,
    /// Whether this host was ever enrolled.
    enrolled: bool,
    /// Whoever could say stop is gone.
    orphaned: bool,
    draining: Option<draining::Drain>,
    pilot: Pilot,
    governing: Governing,
    /// What the machine's owner asks.
    questions: mpsc::Receiver<Question>,
    heartbeat: tokio::time::Interval,
    status: watch::Sender<Status>,
    showing: Showing,
}

/// What an agent is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) config: Config,
    /// What the coordinator is offered.
    pub(crate) capabilities: v1::Capabilities,
    pub(crate) identity: Identity,
    pub(crate) cache: Cache,
    pub(crate) peers: Peers,
    pub(crate) spool: Spool,
    pub(crate) slot_command: SlotCommand,
    /// Has a folder for each slot.
    pub(crate) slots_folder: PathBuf,
    /// Whether this host was enrolled before.
    pub(crate) enrolled: bool,
    /// Where it is written where the time went.
    pub(crate) diary: Diary,
    /// What the machine's owner asks.
    pub(crate) questions: mpsc::Receiver<Question>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) snapshots: Snapshots,
}

impl Agent {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { config, identity, capabilities, cache, peers, spool, slot_command, .. } = parts;
        let Parts { slots_folder, enrolled, status, diary, questions, snapshots, .. } = parts;
        let slots = config.slots.get() as usize;
        let terms = Terms {
            inline_bytes_max: INLINE_BYTES_MAX as u64,
            checkpoint_bytes_max: config.checkpoint_upload_bytes_max,
            lies: false,
        };
        Self {
            board: Board::default(),
            outbox: Outbox::new(),
            chosen: Chosen::new(),
            durable: spool.durable(),
            awaiting: VecDeque::new(),
            uploads: VecDeque::new(),
            crew: Crew::start(&slot_command, &slots_folder, slots),
            seats: vec![None; slots],
            tasks: JoinSet::new(),
            fetching: feeding::Fetching::new(),
            run_time: RunTime::default(),
            computed_ms: 0,
            uploading: finishing::Uploading::new(),
            coordinator: None,
            batch_max: BATCH_MAX,
            wished: 0,
            told_outlook: Outlook::ALWAYS,
            refused: None,
            away: None,
            held_back: false,
            orphaned: false,
            draining: None,
            showing: Showing::new(snapshots, &diary),
            pilot: Pilot::default(),
            governing: Governing::new(&config, diary),
            questions,
            heartbeat: heartbeat(HEARTBEAT_MS),
            config,
            capabilities,
            identity,
            cache,
            peers,
            spool,
            slots_folder,
            terms,
            enrolled,
            status,
        }
    }

    /// Runs until it is told to stop, or cannot go on.
    ///
    /// # Errors
    /// [`WorkerError`]: the disk fails, or the coordinator refuses this host for good.
    pub(crate) async fn run(
        mut self,
        mut link: mpsc::Receiver<LinkEvent>,
        mut stop: watch::Receiver<Stop>,
    ) -> Result<(), WorkerError> {
        let ended = self.serve(&mut link, &mut stop).await;
        self.crew.shutdown().await;
        self.tasks.shutdown().await;
        self.governing.close();
        self.write_credit();
        match ended {
            // Whatever the spool died of says more.
            Ok(()) | Err(WorkerError::SpoolStopped(_)) => self.spool.close()?,
            Err(error) => return Err(error),
        }
        if self.pilot.was_in_vain() {
            return Err(WorkerError::NeverMet);
        }
        Ok(())
    }

    async fn serve(
        &mut self,
        link: &mut mpsc::Receiver<LinkEvent>,
        stop: &mut watch::Receiver<Stop>,
    ) -> Result<(), WorkerError> {
        loop {
            match *stop.borrow_and_update() {
                Stop::Run if !self.orphaned => {}
                Stop::Run | Stop::Drain => self.drain(),
                Stop::Now => return Ok(()),
            }
            self.end_if_finished();
            self.end_if_idle();
            self.advance().await?;
            if self.is_drained() {
                return Ok(());
            }
            self.wait(link, stop).await?;
        }
    }

    /// Waits for one event, and does what follows from it.
    async fn wait(
        &mut self,
        link: &mut mpsc::Receiver<LinkEvent>,
        stop: &mut watch::Receiver<Stop>,
    ) -> Result<(), WorkerError> {
        let wakes_at = self.wakes_at();
        let room = room(self.coordinator.as_ref().filter(|_| self.held_back));
        tokio::select! {
            Some(event) = link.recv() => self.on_link(event).await,
            (slot, event) = self.crew.next() => self.on_slot(slot, event).await,
            Some(done) = self.tasks.join_next() => match done {
                Ok(done) => self.on_done(done).await,
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            },
            () = self.governing.due() => {
                self.govern();
                self.show();
                Ok(())
            }
            Some(question) = self.questions.recv() => {
                self.on_question(question);
                Ok(())
            }
            changed = self.durable.changed() => {
                changed.map_err(|_closed| SpoolStopped)?;
                self.on_durable();
                Ok(())
            }
            _ = self.heartbeat.tick(), if self.coordinator.is_some() => {
                self.renew();
                Ok(())
            }
            changed = stop.changed(), if !self.orphaned => {
                self.orphaned = changed.is_err();
                Ok(())
            }
            () = sleep_until(wakes_at) => {
                self.kill_late();
                Ok(())
            }
            () = room => {
                self.held_back = false;
                Ok(())
            }
        }
    }

    /// When something is due that nobody tells of.
    fn wakes_at(&self) -> Option<Instant> {
        let pauses = [self.fetching.pause.ends_at(), self.uploading.pause.ends_at()];
        pauses.into_iter().chain([self.drain_wakes_at()]).flatten().min()
    }

    /// Starts whatever can be started.
    async fn advance(&mut self) -> Result<(), WorkerError> {
        self.choose().await?;
        self.start_fetches().await?;
        self.fill_slots().await?;
        self.start_uploads();
        self.send_claims();
        self.send_reports();
        self.send_want();
        self.tell_status();
        Ok(())
    }

    async fn on_done(&mut self, done: Done) -> Result<(), WorkerError> {
        match done {
            Done::Job(id, loaded) => self.on_job(id, *loaded).await,
            Done::Fetched(replica, fetched) => self.on_fetched(replica, fetched).await,
            Done::Ended(replica, ending) => self.on_ending(replica, ending).await,
            Done::Kept(replica, kept) => self.on_kept(replica, kept).await,
            Done::Saved(replica, checkpoint, saved) => {
                self.on_saved(replica, checkpoint, saved);
                Ok(())
            }
            Done::Uploaded(replica, ending, uploaded) => {
                self.on_uploaded(replica, ending, uploaded);
                Ok(())
            }
        }
    }

    async fn append(&mut self, change: Change) -> Result<u64, WorkerError> {
        Ok(self.spool.append(change).await?)
    }

    /// Says something to the coordinator; `false` if nobody takes it now.
    fn say(&self, message: Message) -> bool {
        let Some(coordinator) = &self.coordinator else { return false };
        let message = v1::WorkerMessage { message: Some(message) };
        coordinator.outgoing.try_send(message).is_ok()
    }

    /// Whether there is room for a message to the coordinator. If not, the loop waits for some.
    fn can_say(&mut self) -> bool {
        let Some(coordinator) = &self.coordinator else { return false };
        let open = !coordinator.outgoing.is_closed();
        let can = open && coordinator.outgoing.capacity() > 0;
        self.held_back |= open && !can;
        can
    }
}

/// Until the instant; for ever if there is none.
async fn sleep_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// Until there is room for a message; for ever if that is not waited for.
fn room(coordinator: Option<&Attached>) -> impl Future<Output = ()> + use<> {
    let outgoing = coordinator.map(|attached| attached.outgoing.clone());
    async move {
        match outgoing {
            // An error means that the stream is lost, and the link will say so.
            Some(outgoing) => drop(outgoing.reserve().await),
            None => std::future::pending().await,
        }
    }
}

/// A clock that beats every `ms` from now on.
fn heartbeat(ms: u64) -> tokio::time::Interval {
    let mut beats = interval(Duration::from_millis(ms.max(HEARTBEAT_MS_MIN)));
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats.reset();
    beats
}
