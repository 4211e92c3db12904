//! A connected host's place: where its offers and aborts arrive.

use std::collections::BTreeMap;
use std::sync::Arc;

use manyhands_core::id::{HostId, ReplicaId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::queue::{Offer, Queue};
use super::{Hub, HubFull, lock};

/// Batches of aborts that may wait for a slow stream; more are dropped, since the host's next
/// renewal tells it the same.
const ABORTS_MAX: usize = 16;

/// Turns of a host that may wait for a slow stream; of more, others are drawn after a while.
const TURNS_MAX: usize = 16;

/// All seats.
#[derive(Debug)]
pub(super) struct Seats {
    hosts_max: usize,
    taken: BTreeMap<HostId, Taken>,
    queue: Queue,
    next_serial: u64,
    /// Counts how often work appeared.
    epoch: u64,
}

#[derive(Debug)]
struct Taken {
    serial: u64,
    /// Of a host that waits for work.
    ticket: Option<u64>,
    /// A host is offered work only while it waits, and then once: one place is enough.
    offers: mpsc::Sender<Offer>,
    aborts: mpsc::Sender<Vec<ReplicaId>>,
    turns: mpsc::Sender<()>,
    superseded: CancellationToken,
    dismissed: CancellationToken,
    gone: CancellationToken,
}

/// A host's place in the hub, given up when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    hub: Arc<Hub>,
    host: HostId,
    serial: u64,
    /// Work to ask for.
    pub(crate) offers: mpsc::Receiver<Offer>,
    /// Replicas to stop.
    pub(crate) aborts: mpsc::Receiver<Vec<ReplicaId>>,
    /// It is this host's turn: it gets that unit, whatever it wishes.
    pub(crate) turns: mpsc::Receiver<()>,
    /// Cancelled when a newer stream of the same host takes its place.
    pub(crate) superseded: CancellationToken,
    /// Cancelled when the host is forgotten.
    pub(crate) dismissed: CancellationToken,
    /// Cancelled once the stream that had the place before has let go of it.
    pub(crate) predecessor: Option<CancellationToken>,
    gone: CancellationToken,
}

/// What came of wanting to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parked {
    /// An offer will come when there is work.
    Waiting,
    /// The same, but work appeared since the engine said that there is none.
    Missed,
}

impl Seats {
    pub(super) fn new(hosts_max: usize) -> Self {
        let (taken, queue) = (BTreeMap::new(), Queue::default());
        Self { hosts_max, taken, queue, next_serial: 0, epoch: 0 }
    }

    pub(super) fn is_taken(&self, host: HostId) -> bool {
        self.taken.contains_key(&host)
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.len()
    }

    pub(super) fn work_ready(&mut self, count: u32) {
        self.epoch += 1;
        let offer = self.queue.offer(count);
        self.hand_out(offer);
    }

    pub(super) fn abort(&self, host: HostId, replicas: Vec<ReplicaId>) {
        if let Some(taken) = self.taken.get(&host)
            && taken.aborts.try_send(replicas).is_err()
        {
            tracing::debug!(%host, "aborts dropped for a slow stream");
        }
    }

    pub(super) fn turn(&self, host: HostId) {
        if let Some(taken) = self.taken.get(&host)
            && taken.turns.try_send(()).is_err()
        {
            tracing::debug!(%host, "a turn dropped for a slow stream");
        }
    }

    pub(super) fn dismiss(&self, host: HostId) {
        if let Some(taken) = self.taken.get(&host) {
            taken.dismissed.cancel();
        }
    }

    fn hand_out(&mut self, mut offer: Offer) {
        while let Some((host, part, rest)) = self.queue.next(offer) {
            let reached = self.taken.get_mut(&host).is_some_and(|taken| {
                taken.ticket = None;
                taken.offers.try_send(part).is_ok()
            });
            if reached {
                offer = rest;
            }
        }
    }

    fn leave(&mut self, host: HostId, serial: u64) {
        if self.taken.get(&host).is_some_and(|taken| taken.serial == serial)
            && let Some(Taken { ticket: Some(ticket), .. }) = self.taken.remove(&host)
        {
            self.queue.leave(ticket);
        }
    }

    /// The host's place, if that stream still has it.
    fn of(&mut self, host: HostId, serial: u64) -> Option<&mut Taken> {
        self.taken.get_mut(&host).filter(|taken| taken.serial == serial)
    }
}

impl Seat {
    pub(super) fn take(hub: &Arc<Hub>, host: HostId) -> Result<Self, HubFull> {
        let mut seats = lock(&hub.seats);
        let older = seats.taken.remove(&host);
        if older.is_none() && seats.taken.len() >= seats.hosts_max {
            return Err(HubFull { max: seats.hosts_max });
        }
        let predecessor = older.map(|older| {
            older.superseded.cancel();
            older.ticket.into_iter().for_each(|ticket| seats.queue.leave(ticket));
            older.gone
        });
        let serial = seats.next_serial;
        seats.next_serial += 1;
        let (offers, offered) = mpsc::channel(1);
        let (aborts, aborted) = mpsc::channel(ABORTS_MAX);
        let (turns, turned) = mpsc::channel(TURNS_MAX);
        let [superseded, dismissed, gone] = std::array::from_fn(|_| CancellationToken::new());
        let taken = Taken {
            serial,
            ticket: None,
            offers,
            aborts,
            turns,
            superseded: superseded.clone(),
            dismissed: dismissed.clone(),
            gone: gone.clone(),
        };
        seats.taken.insert(host, taken);
        drop(seats);
        Ok(Self {
            hub: Arc::clone(hub),
            host,
            serial,
            offers: offered,
            aborts: aborted,
            turns: turned,
            superseded,
            dismissed,
            predecessor,
            gone,
        })
    }

    /// A mark of now, to be read before the engine is asked for work.
    pub(crate) fn epoch(&self) -> u64 {
        lock(&self.hub.seats).epoch
    }

    /// Waits in line for `want` leases, and says whether work appeared since `epoch`.
    pub(crate) fn park(&self, want: u32, epoch: u64) -> Parked {
        let mut seats = lock(&self.hub.seats);
        let seats = &mut *seats;
        if let Some(taken) = seats.taken.get_mut(&self.host)
            && taken.serial == self.serial
        {
            taken.ticket.into_iter().for_each(|ticket| seats.queue.leave(ticket));
            taken.ticket = Some(seats.queue.join(self.host, want));
        }
        if seats.epoch == epoch { Parked::Waiting } else { Parked::Missed }
    }

    /// Leaves the line, if it is in it.
    pub(crate) fn unpark(&self) {
        let mut seats = lock(&self.hub.seats);
        if let Some(ticket) = seats.of(self.host, self.serial).and_then(|taken| taken.ticket.take())
        {
            seats.queue.leave(ticket);
        }
    }

    /// Passes on what this host could not use of an offer.
    pub(crate) fn pass_on(&self, offer: Offer, used: u32) {
        let share = offer.share.saturating_sub(used);
        lock(&self.hub.seats).hand_out(Offer { share, ..offer });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // An offer that nobody will take up any more belongs to the next in line.
        if let Ok(offer) = self.offers.try_recv() {
            self.pass_on(offer, 0);
        }
        lock(&self.hub.seats).leave(self.host, self.serial);
        self.gone.cancel();
    }
}
