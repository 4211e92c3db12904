//! From lease to slot: jobs are loaded, blobs fetched, free slots filled, more leases asked for.

use std::sync::Arc;

use manyhands_core::agent::fetch::{self, Situation};
use manyhands_core::id::{JobId, ReplicaId};
use manyhands_core::lease::Replay;
use manyhands_core::requirement::Kind;
use manyhands_core::time::Span;
use manyhands_proto::v1;
use manyhands_proto::v1::worker_message::Message;

use super::board::{JobState, Phase};
use super::fetch::{FetchError, Order, Ready, Source};
use super::job::{self, Job, JobError};
use super::pause::Pause;
use super::{Done, Turn, assignment, crew, ending};
use crate::WorkerError;
use crate::link::Attached;
use crate::sandbox::Halt;

/// Jobs and leases whose blobs are fetched at the same time.
const FETCHES_MAX: usize = 4;

/// How fetching goes.
#[derive(Debug)]
pub(super) struct Fetching {
    running: usize,
    pub(super) pause: Pause,
}

impl Fetching {
    pub(super) fn new() -> Self {
        Self { running: 0, pause: Pause::new() }
    }

    fn ended(&mut self, well: bool) {
        self.running -= 1;
        if well { self.pause.end() } else { self.pause.begin() }
    }

    fn may_start(&self) -> bool {
        self.running < FETCHES_MAX && self.pause.is_over()
    }
}

/// What can be fetched next.
enum Next {
    Job(JobId, v1::LeasedJob),
    Lease(ReplicaId, Arc<Job>),
}

impl Turn<'_> {
    pub(super) async fn start_fetches(&mut self) -> Result<(), WorkerError> {
        let decision = &self.machine.governing.decision;
        let is_forbidden = decision.no_network.is_some() || decision.no_downloads;
        if self.machine.draining.is_some() || is_forbidden {
            return Ok(());
        }
        while self.project.fetching.may_start() {
            match self.next_fetch() {
                Some(Next::Job(id, leased)) => self.start_job(id, leased),
                Some(Next::Lease(replica, job)) => self.start_lease(replica, job).await?,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn next_fetch(&mut self) -> Option<Next> {
        for (id, named) in self.project.board.jobs_mut() {
            match (&named.state, named.waiting.front()) {
                (_, None) | (JobState::Loading, Some(_)) => {}
                (JobState::Unknown, Some(_)) => {
                    named.state = JobState::Loading;
                    return Some(Next::Job(id, named.leased.clone()));
                }
                (JobState::Loaded(job), Some(_)) => {
                    let job = Arc::clone(job);
                    return named.waiting.pop_front().map(|replica| Next::Lease(replica, job));
                }
            }
        }
        None
    }

    fn source(&self) -> Source {
        Source::new(
            self.project.cache.clone(),
            self.project.coordinator.as_ref().map(Attached::origin),
        )
    }

    fn start_job(&mut self, id: JobId, leased: v1::LeasedJob) {
        let source = self.source();
        self.project.fetching.running += 1;
        let memory = self.machine.config.slot_memory_bytes;
        self.project.tasks.spawn(async move {
            Done::Job(id, Box::new(job::load(&source, &leased, memory).await))
        });
    }

    async fn start_lease(&mut self, replica: ReplicaId, job: Arc<Job>) -> Result<(), WorkerError> {
        let Some(held) = self.project.board.get_mut(replica) else { return Ok(()) };
        let local = held.checkpoint.as_ref().map(|(checkpoint, _)| *checkpoint);
        let resume = local.into_iter().chain(held.grant.resume_from).max_by_key(|it| it.step);
        let order = Order { replica, job, resume };
        let spec = match order.spec() {
            Ok(spec) => spec,
            Err(error) => {
                let report = ending::host_error(replica, error.to_string());
                return self.report(replica, report).await;
            }
        };
        if let Some(ready) = order.at_once(&spec) {
            self.project.board.make_ready(replica, ready);
            return Ok(());
        }
        held.phase = Phase::Fetching;
        let source = self.source();
        self.project.fetching.running += 1;
        self.project
            .tasks
            .spawn(async move { Done::Fetched(replica, order.fetch(&source, spec).await) });
        Ok(())
    }

    pub(super) async fn on_job(
        &mut self,
        id: JobId,
        loaded: Result<Job, JobError>,
    ) -> Result<(), WorkerError> {
        self.project.fetching.ended(!matches!(&loaded, Err(error) if error.passes()));
        let Some(named) = self.project.board.job_mut(id) else { return Ok(()) };
        let error = match loaded {
            Ok(job) => {
                named.state = JobState::Loaded(Arc::new(job));
                self.project.chosen.begins_anew();
                return Ok(());
            }
            Err(error) => error,
        };
        tracing::warn!(job = %id, %error, "cannot load a job");
        named.state = JobState::Unknown;
        if error.passes() {
            return Ok(());
        }
        for replica in std::mem::take(&mut named.waiting) {
            self.report(replica, ending::job_error(replica, &error)).await?;
        }
        Ok(())
    }

    pub(super) async fn on_fetched(
        &mut self,
        replica: ReplicaId,
        fetched: Result<Ready, FetchError>,
    ) -> Result<(), WorkerError> {
        let passes = matches!(&fetched, Err(FetchError::Blob(error)) if error.passes());
        self.project.fetching.ended(!passes);
        match fetched {
            Ok(ready) => self.project.board.make_ready(replica, ready),
            Err(error) if passes => {
                tracing::info!(%replica, %error, "fetching again later");
                self.project.board.make_waiting(replica);
            }
            // Taken back meanwhile.
            Err(_) if self.project.board.get(replica).is_none() => {}
            Err(error) => {
                let report = ending::host_error(replica, error.to_string());
                self.report(replica, report).await?;
            }
        }
        Ok(())
    }

    /// Puts a replica whose blobs are here, and that is expected to take so long, into a slot.
    pub(super) async fn start_run(
        &mut self,
        slot: usize,
        replica: ReplicaId,
        ready: Ready,
        expected: Span,
    ) -> Result<(), WorkerError> {
        // A job that is unloaded has no leases.
        let Some(job) = self.loaded_job(replica) else { return Ok(()) };
        let folder = crew::folder(&self.machine.slots_folder, slot);
        let interval = self.machine.config.checkpoint_interval;
        let held = self.project.board.get(replica);
        let replay = held.and_then(|held| held.grant.replay);
        let keys = held.map_or_else(Vec::new, |held| held.keys.clone());
        if replay.is_some() && job.manifest.draft().app.kind != Kind::Step {
            let message = "a replay of a program that has no steps".to_owned();
            return self.report(replica, ending::host_error(replica, message)).await;
        }
        match assignment::make(replica, &job, &ready, &keys, (&folder, interval)).await {
            Ok(mut spec) => {
                spec.halt = replay.map(|Replay { until_step: step, keep_state }| Halt {
                    step,
                    folder: keep_state.then_some(folder),
                });
                self.machine.sit(slot, (self.at, replica), expected);
                self.machine.crew.run(slot, spec);
                Ok(())
            }
            Err(error) => {
                self.report(replica, ending::host_error(replica, error.to_string())).await
            }
        }
    }

    /// Asks for more leases for so many slots, when that is worth a message.
    pub(super) fn send_want(&mut self, slots: u32) {
        // Other projects have the machine: what was wished for would only wait here.
        let has_no_slot = slots == 0 && !self.is_alone;
        let ending = self.machine.draining.is_some()
            || !self.machine.governing.decision.fetches
            || has_no_slot;
        let wanted = if ending { 0 } else { self.leases_wanted(slots) };
        // A wish stands until it is granted. Wishing for a few more each time that a run ends would
        // be a message for each unit; twice as many is one for each refill.
        let grows = wanted > 0 && wanted >= self.project.wished.saturating_mul(2);
        let ends = ending && self.project.wished > 0;
        let outlook = self.machine.governing.outlook;
        let is_news = self.project.wished > 0 && outlook.is_news_after(&self.project.told_outlook);
        let wished = if grows || ends { wanted } else { self.project.wished };
        let want = v1::Want { leases: wished, outlook: Some(outlook.into()) };
        if (grows || ends || is_news) && self.can_say() && self.say(Message::Want(want)) {
            (self.project.wished, self.project.told_outlook) = (wished, outlook);
        }
    }

    fn leases_wanted(&self, slots: u32) -> u32 {
        let situation = Situation {
            slots: slots as usize,
            // Reports under way count too: a Hello must be able to name them all.
            held: self.project.board.len(),
            run_time: self.project.run_time,
            // No more than what is kept in store covers anyway.
            round_trip: Span::ZERO,
            outlook: self.machine.governing.outlook,
        };
        let most = u32::try_from(self.project.batch_max).unwrap_or(u32::MAX);
        u32::from(fetch::wanted(&situation)).min(most)
    }
}
