//! Where effects meet those who wait for them: hosts that want work, people who watch a job, the
//! ticker that sleeps until something expires.
//!
//! Everything here is a hint and lives in memory only. A host that connects again says what it
//! wants again; a watcher looks again.

mod queue;
mod seat;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use manyhands_core::command::Command;
use manyhands_core::effect::Effect;
use manyhands_core::id::{HostId, JobId};
use manyhands_core::time::Timestamp;
use tokio::sync::{broadcast, watch};

pub(crate) use queue::Offer;
use seat::Seats;
pub(crate) use seat::{Parked, Seat};

/// Shared by the desk, which brings effects, and the services, which wait for them.
#[derive(Debug)]
pub(crate) struct Hub {
    seats: Mutex<Seats>,
    watched: Mutex<BTreeMap<JobId, watch::Sender<()>>>,
    alarm: watch::Sender<Option<Timestamp>>,
    ended: broadcast::Sender<JobId>,
}

/// Ends of jobs that wait for a slow stream; those that are too many it never hears of.
const ENDED_WAITING_MAX: usize = 64;

/// As many hosts are connected as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{max} hosts are connected, the most there may be: try again later")]
pub(crate) struct HubFull {
    max: usize,
}

impl Hub {
    /// A hub for at most `hosts_max` connected hosts.
    pub(crate) fn new(hosts_max: usize) -> Arc<Self> {
        Arc::new(Self {
            seats: Mutex::new(Seats::new(hosts_max)),
            watched: Mutex::default(),
            alarm: watch::Sender::new(None),
            ended: broadcast::Sender::new(ENDED_WAITING_MAX),
        })
    }

    /// Lets effects out. Those that ask something of the engine itself are returned.
    pub(crate) fn release(&self, effects: Vec<Effect>) -> Vec<Command> {
        let mut own = Vec::new();
        for effect in effects {
            match effect {
                Effect::WorkReady { job: _, count } => lock(&self.seats).work_ready(count),
                Effect::Turn { host } => lock(&self.seats).turn(host),
                Effect::Abort { host, replicas } => lock(&self.seats).abort(host, replicas),
                // The outputs are where the job finds them since the report was stored, so
                // handing them over is saying so.
                Effect::Assimilate { units } => own.push(Command::Assimilate(units)),
                Effect::JobChanged { job } => self.job_changed(job),
                Effect::Dismiss { host } => lock(&self.seats).dismiss(host),
                // Nobody has to listen.
                Effect::JobEnded { job } => drop(self.ended.send(job)),
                Effect::ExpireAt(at) => self.ring_at(at),
            }
        }
        own
    }

    /// Gives a host its one seat, and ends the stream that had it before.
    ///
    /// # Errors
    /// When there is no seat left.
    pub(crate) fn sit(self: &Arc<Self>, host: HostId) -> Result<Seat, HubFull> {
        Seat::take(self, host)
    }

    /// Whether the host is connected.
    pub(crate) fn is_connected(&self, host: HostId) -> bool {
        lock(&self.seats).is_taken(host)
    }

    /// How many hosts are connected.
    pub(crate) fn connected(&self) -> usize {
        lock(&self.seats).taken()
    }

    /// Changes of a job from now on; several at once may be seen as one.
    pub(crate) fn watch(&self, job: JobId) -> watch::Receiver<()> {
        let mut watched = lock(&self.watched);
        watched.retain(|_, watchers| watchers.receiver_count() > 0);
        watched.entry(job).or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    /// Jobs that end from now on.
    pub(crate) fn ended(&self) -> broadcast::Receiver<JobId> {
        self.ended.subscribe()
    }

    /// The earliest time at which something may expire, and its changes.
    pub(crate) fn alarm(&self) -> watch::Receiver<Option<Timestamp>> {
        self.alarm.subscribe()
    }

    /// Asks for an alarm at `at`, unless there is an earlier one.
    pub(crate) fn ring_at(&self, at: Timestamp) {
        self.alarm.send_if_modified(|set| {
            let is_earlier = set.is_none_or(|earliest| at < earliest);
            if is_earlier {
                *set = Some(at);
            }
            is_earlier
        });
    }

    /// Takes the alarm back, because it rang.
    pub(crate) fn silence(&self) {
        self.alarm.send_replace(None);
    }

    fn job_changed(&self, job: JobId) {
        if let Some(watchers) = lock(&self.watched).get(&job) {
            watchers.send_replace(());
        }
    }
}

/// No code of ours panics while it holds one of these; if it ever did, hints may be lost but
/// nothing breaks, so the lock goes on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
