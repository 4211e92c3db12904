//! What this worker holds: leases, the jobs that they are of, and how far each is. Decides nothing
//! and does nothing; the agent asks and tells.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use manyhands_core::id::{JobId, ReplicaId};
use manyhands_core::private::InputKey;
use manyhands_core::replica::CheckpointRef;
use manyhands_core::reply::LeaseGrant;
use manyhands_proto::v1;

use super::fetch::Ready;
use super::job::Job;
use crate::cache::Pin;

/// Jobs without leases that stay loaded, since more of their units are likely to come.
const IDLE_JOBS_MAX: usize = 4;

/// Units of a job of which it is remembered that they were held.
const SEEN_MAX: usize = 1 << 16;

/// How far a lease is.
#[derive(Debug)]
pub(super) enum Phase {
    /// Its blobs are not all here.
    Waiting,
    /// They are being fetched.
    Fetching,
    /// It can run.
    Ready(Ready),
    /// It runs in this slot.
    Running(usize),
    /// Its report is not acknowledged.
    Ended,
}

/// One lease.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) grant: LeaseGrant,
    pub(super) phase: Phase,
    /// Of its private inputs, in the order of its inputs.
    pub(super) keys: Vec<InputKey>,
    /// In millionths.
    pub(super) progress_ppm: u32,
    /// CPU time since it was begun, or went on, in a slot.
    pub(super) cpu_ms: u64,
    /// The newest checkpoint made here.
    pub(super) checkpoint: Option<(CheckpointRef, Arc<Pin>)>,
    /// The newest one that the coordinator holds and was not told of.
    pub(super) uploaded: Option<CheckpointRef>,
}

impl Held {
    /// Nothing has been computed for it yet.
    pub(super) const fn new(grant: LeaseGrant, phase: Phase) -> Self {
        Self {
            grant,
            phase,
            keys: Vec::new(),
            progress_ppm: 0,
            cpu_ms: 0,
            checkpoint: None,
            uploaded: None,
        }
    }
}

/// Whether a job can be computed yet.
#[derive(Debug)]
pub(super) enum JobState {
    /// Nobody fetches it.
    Unknown,
    /// It is being fetched and verified.
    Loading,
    /// It can be computed.
    Loaded(Arc<Job>),
}

/// One job, as the coordinator described it.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) leased: v1::LeasedJob,
    pub(super) state: JobState,
    /// Whether the spool has it.
    pub(super) spooled: bool,
    /// Leases in the phase `Waiting`, first come first.
    pub(super) waiting: VecDeque<ReplicaId>,
    leases: usize,
    /// Whether there may be more to do: it was described in the last stream, or something of it is held.
    is_open: bool,
    /// Units that were held here, so that they are not chosen.
    seen: BTreeSet<u32>,
}

impl Named {
    /// Whether there may be more to do.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether the unit was held here.
    pub(super) fn has_seen(&self, index: u32) -> bool {
        self.seen.contains(&index)
    }

    fn see(&mut self, index: u32) {
        if self.seen.len() < SEEN_MAX {
            self.seen.insert(index);
        }
    }
}

/// Everything held.
#[derive(Debug, Default)]
pub(super) struct Board {
    leases: BTreeMap<ReplicaId, Held>,
    jobs: BTreeMap<JobId, Named>,
    /// May name leases that are gone.
    ready: VecDeque<ReplicaId>,
    /// Loaded jobs without leases, longest idle first.
    idle: VecDeque<JobId>,
    /// Leases that are not ended.
    open: usize,
}

impl Board {
    /// Takes up the description of a job. What was known of it stays.
    pub(super) fn name(&mut self, leased: v1::LeasedJob) {
        let id = JobId(leased.job);
        if let Some(known) = self.jobs.get_mut(&id) {
            known.is_open = true;
            return;
        }
        let leases = self.leases.keys().filter(|replica| replica.unit.job == id).count();
        let (state, waiting, seen) = (JobState::Unknown, VecDeque::new(), BTreeSet::new());
        let (spooled, is_open) = (false, true);
        self.jobs.insert(id, Named { leased, state, spooled, waiting, leases, is_open, seen });
    }

    /// The coordinator says that the job has ended.
    pub(super) fn job_ended(&mut self, id: JobId) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.is_open = false;
        }
    }

    /// Forgets descriptions that nothing needs; a new stream describes them again, if there is more to do.
    pub(super) fn forget_unused_jobs(&mut self) {
        self.jobs.retain(|_, job| job.leases > 0 || matches!(job.state, JobState::Loaded(_)));
        self.jobs.values_mut().for_each(|job| job.is_open = job.leases > 0);
    }

    /// Takes up a lease whose job was named; `false` if it was not, or if the lease is held already.
    pub(super) fn grant(&mut self, grant: LeaseGrant, keys: Vec<InputKey>) -> bool {
        let replica = grant.replica;
        let Some(job) = self.jobs.get_mut(&replica.unit.job) else { return false };
        if self.leases.contains_key(&replica) {
            return false;
        }
        job.leases += 1;
        job.see(replica.unit.index);
        job.waiting.push_back(replica);
        self.idle.retain(|idle| *idle != replica.unit.job);
        self.open += 1;
        let held = Held { keys, ..Held::new(grant, Phase::Waiting) };
        self.leases.insert(replica, held);
        true
    }

    /// Takes up a lease that has nothing left but its report.
    pub(super) fn ended_before(&mut self, grant: LeaseGrant) {
        let held = Held::new(grant, Phase::Ended);
        if let Some(job) = self.jobs.get_mut(&grant.replica.unit.job) {
            job.leases += 1;
            job.see(grant.replica.unit.index);
        }
        self.leases.insert(grant.replica, held);
    }

    pub(super) fn get(&self, replica: ReplicaId) -> Option<&Held> {
        self.leases.get(&replica)
    }

    pub(super) fn get_mut(&mut self, replica: ReplicaId) -> Option<&mut Held> {
        self.leases.get_mut(&replica)
    }

    pub(super) fn job(&self, job: JobId) -> Option<&Named> {
        self.jobs.get(&job)
    }

    pub(super) fn job_mut(&mut self, job: JobId) -> Option<&mut Named> {
        self.jobs.get_mut(&job)
    }

    pub(super) fn jobs_mut(&mut self) -> impl Iterator<Item = (JobId, &mut Named)> {
        self.jobs.iter_mut().map(|(id, job)| (*id, job))
    }

    /// Jobs that can be computed.
    pub(super) fn loaded(&self) -> impl Iterator<Item = (JobId, &Named, &Arc<Job>)> {
        self.jobs.iter().filter_map(|(id, named)| match &named.state {
            JobState::Loaded(job) => Some((*id, named, job)),
            JobState::Unknown | JobState::Loading => None,
        })
    }

    /// Jobs that nothing is held of.
    pub(super) fn jobs_without_leases(&self) -> Vec<JobId> {
        self.jobs.iter().filter(|(_, job)| job.leases == 0).map(|(id, _)| *id).collect()
    }

    /// All leases in order of replicas, to be changed.
    pub(super) fn leases_mut(&mut self) -> impl Iterator<Item = (ReplicaId, &mut Held)> {
        self.leases.iter_mut().map(|(replica, held)| (*replica, held))
    }

    /// All leases in order of replicas.
    pub(super) fn leases(&self) -> impl Iterator<Item = (ReplicaId, &Held)> {
        self.leases.iter().map(|(replica, held)| (*replica, held))
    }

    /// Leases whose report is still to come.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// Leases that can run at once.
    pub(super) fn ready(&self) -> usize {
        self.leases.values().filter(|held| matches!(held.phase, Phase::Ready(_))).count()
    }

    /// All leases, ended ones included.
    pub(super) fn len(&self) -> usize {
        self.leases.len()
    }

    /// The blobs of a lease are here.
    pub(super) fn make_ready(&mut self, replica: ReplicaId, ready: Ready) {
        if let Some(held) = self.leases.get_mut(&replica) {
            // What was begun goes on before anything new, and so does what a dispute waits for.
            if ready.resume.is_some() || held.grant.replay.is_some() {
                self.ready.push_front(replica);
            } else {
                self.ready.push_back(replica);
            }
            held.phase = Phase::Ready(ready);
        }
    }

    /// The fetch of a lease is to be tried again.
    pub(super) fn make_waiting(&mut self, replica: ReplicaId) {
        let Some(held) = self.leases.get_mut(&replica) else { return };
        held.phase = Phase::Waiting;
        if let Some(job) = self.jobs.get_mut(&replica.unit.job) {
            job.waiting.push_back(replica);
        }
    }

    /// The job of a replica, if it can be computed.
    pub(super) fn loaded_job(&self, replica: ReplicaId) -> Option<Arc<Job>> {
        match &self.job(replica.unit.job)?.state {
            JobState::Loaded(job) => Some(Arc::clone(job)),
            JobState::Unknown | JobState::Loading => None,
        }
    }

    /// Whether there is a lease that can run.
    pub(super) fn has_ready(&mut self) -> bool {
        while let Some(replica) = self.ready.front() {
            if self.leases.get(replica).is_some_and(|held| matches!(held.phase, Phase::Ready(_))) {
                return true;
            }
            self.ready.pop_front();
        }
        false
    }

    /// The next lease to run, in the slot `slot`, with its blobs.
    pub(super) fn run_next(&mut self, slot: usize) -> Option<(ReplicaId, Ready)> {
        if !self.has_ready() {
            return None;
        }
        let replica = self.ready.pop_front()?;
        let phase = &mut self.leases.get_mut(&replica)?.phase;
        match std::mem::replace(phase, Phase::Running(slot)) {
            Phase::Ready(ready) => Some((replica, ready)),
            other => {
                *phase = other;
                None
            }
        }
    }

    /// The replica's report is made.
    pub(super) fn end(&mut self, replica: ReplicaId) {
        let Some(held) = self.leases.get_mut(&replica) else { return };
        if !matches!(held.phase, Phase::Ended) {
            held.phase = Phase::Ended;
            self.open -= 1;
        }
    }

    /// Forgets a lease; gives its job's number if that was the last of it.
    pub(super) fn settle(&mut self, replica: ReplicaId) -> Option<(Held, Option<JobId>)> {
        let held = self.leases.remove(&replica)?;
        if !matches!(held.phase, Phase::Ended) {
            self.open -= 1;
        }
        let id = replica.unit.job;
        let Some(job) = self.jobs.get_mut(&id) else { return Some((held, None)) };
        if matches!(held.phase, Phase::Waiting) {
            job.waiting.retain(|waiting| *waiting != replica);
        }
        job.leases = job.leases.saturating_sub(1);
        let left = job.leases == 0;
        if left {
            self.rest(id);
        }
        Some((held, left.then_some(id)))
    }

    /// A job has no leases: it stays loaded while few others do.
    fn rest(&mut self, id: JobId) {
        self.idle.push_back(id);
        if self.idle.len() > IDLE_JOBS_MAX
            && let Some(longest) = self.idle.pop_front()
            && let Some(job) = self.jobs.get_mut(&longest)
        {
            job.state = JobState::Unknown;
        }
    }
}

#[cfg(test)]
mod tests {
    use manyhands_core::time::Timestamp;

    use super::*;

    fn replica(job: u64, unit: u32) -> ReplicaId {
        JobId(job).unit(unit).replica(0)
    }

    fn grant(job: u64, unit: u32) -> LeaseGrant {
        LeaseGrant {
            replica: replica(job, unit),
            deadline_at: Timestamp(1),
            hard_deadline_at: Timestamp(2),
            resume_from: None,
            replay: None,
        }
    }

    /// A board with these leases of job 1.
    fn board(units: u32) -> Board {
        let mut board = Board::default();
        board.name(v1::LeasedJob { job: 1, ..Default::default() });
        for unit in 0..units {
            assert!(board.grant(grant(1, unit), Vec::new()));
        }
        board
    }

    #[test]
    fn leases_are_taken_once_and_only_of_named_jobs() {
        let mut board = board(2);
        assert!(!board.grant(grant(1, 0), Vec::new()));
        assert!(!board.grant(grant(2, 0), Vec::new()));
        assert_eq!((board.len(), board.open()), (2, 2));
        assert_eq!(board.job(JobId(1)).unwrap().waiting, [replica(1, 0), replica(1, 1)]);
    }

    #[test]
    fn ready_leases_run_in_turn_and_gone_ones_are_passed_over() {
        let mut board = board(4);
        for unit in 0..4 {
            board.make_ready(replica(1, unit), Ready::default());
        }
        board.settle(replica(1, 0));
        board.end(replica(1, 1));
        let mut run = || board.run_next(7).map(|(replica, _)| replica.unit.index);
        assert_eq!([run(), run(), run()], [Some(2), Some(3), None]);
        assert!(matches!(board.get(replica(1, 2)).unwrap().phase, Phase::Running(7)));
    }

    #[test]
    fn a_job_is_left_with_its_last_lease() {
        let mut board = board(2);
        board.end(replica(1, 0));
        board.end(replica(1, 0));
        assert_eq!((board.len(), board.open()), (2, 1));
        assert_eq!(board.settle(replica(1, 0)).unwrap().1, None);
        assert_eq!(board.settle(replica(1, 1)).unwrap().1, Some(JobId(1)));
        assert!(board.settle(replica(1, 1)).is_none());
        assert_eq!((board.len(), board.open()), (0, 0));
        board.forget_unused_jobs();
        assert!(board.job(JobId(1)).is_none());
    }

    #[test]
    fn a_job_is_open_until_it_ends_and_again_when_it_is_described_again() {
        let mut board = board(1);
        let is_open = |board: &Board| board.job(JobId(1)).unwrap().is_open();
        assert!(is_open(&board));
        board.job_ended(JobId(1));
        assert!(!is_open(&board));
        board.name(v1::LeasedJob { job: 1, ..Default::default() });
        assert!(is_open(&board));
        // In a new stream nobody has said so yet, but that something of it is held.
        board.job_mut(JobId(1)).unwrap().state = JobState::Loading;
        board.forget_unused_jobs();
        assert!(is_open(&board));
    }

    #[test]
    fn a_lease_of_before_keeps_its_job() {
        let mut board = Board::default();
        board.ended_before(grant(1, 0));
        board.name(v1::LeasedJob { job: 1, ..Default::default() });
        assert_eq!((board.len(), board.open()), (1, 0));
        assert_eq!(board.jobs_without_leases(), []);
        assert_eq!(board.settle(replica(1, 0)).unwrap().1, Some(JobId(1)));
    }

    #[test]
    fn what_failed_in_passing_waits_again() {
        let mut board = board(1);
        board.job_mut(JobId(1)).unwrap().waiting.clear();
        board.get_mut(replica(1, 0)).unwrap().phase = Phase::Fetching;
        board.make_waiting(replica(1, 0));
        assert_eq!(board.job(JobId(1)).unwrap().waiting, [replica(1, 0)]);
        board.settle(replica(1, 0));
        assert_eq!(board.job(JobId(1)).unwrap().waiting, []);
    }
}
