//! The slots at work: one task for each, which takes orders and tells what happens.
//!
//! Whether a slot may run is not an order but a state, its *pace*: it holds for whatever runs there, also
//! for what is only being started, and saying it twice says nothing new.

use std::path::{Path, PathBuf};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::pace::{Pace, Paced};

use crate::sandbox::{HostError, HostErrorKind, Outcome, RunReport, Usage};
use crate::slots::{RunSpec, Slot, SlotCommand, SlotEvent};

/// Orders to a slot that may wait: a run, and then a drain and a kill of it.
const ORDERS_MAX: usize = 4;

/// Events that may wait for the agent, for each slot.
const EVENTS_MAX: usize = 8;

#[derive(Debug)]
enum Order {
    Run(Box<RunSpec>),
    Save,
    Drain,
    Kill,
}

/// All slots of this worker.
#[derive(Debug)]
pub(super) struct Crew {
    orders: Vec<mpsc::Sender<Order>>,
    paces: Vec<watch::Sender<Pace>>,
    events: mpsc::Receiver<(usize, SlotEvent)>,
    tasks: JoinSet<()>,
}

impl Crew {
    /// Slots with a folder of their own each, in `slots_folder`. Processes start when needed.
    pub(super) fn start(command: &SlotCommand, slots_folder: &Path, slots: usize) -> Self {
        let (told, events) = mpsc::channel(EVENTS_MAX * slots);
        let mut tasks = JoinSet::new();
        let hands = (0..slots).map(|index| {
            let (order, orders) = mpsc::channel(ORDERS_MAX);
            let mut command = command.clone();
            command.room.writable.push(folder(slots_folder, index));
            let (pace, paced) = watch::channel(Pace::FULL);
            let hand = Hand { index, orders, pace: Paced::new(paced, index), told: told.clone() };
            tasks.spawn(hand.work(Slot::new(command)));
            (order, pace)
        });
        let (orders, paces) = hands.unzip();
        Self { orders, paces, events, tasks }
    }

    /// Says how much of the time whatever is in a slot may run.
    pub(super) fn pace(&self, slot: usize, pace: Pace) {
        self.paces[slot].send_if_modified(|before| std::mem::replace(before, pace) != pace);
    }

    /// The next event of any slot.
    pub(super) async fn next(&mut self) -> (usize, SlotEvent) {
        match self.events.recv().await {
            Some(event) => event,
            // The slots' tasks live as long as this; without them there is nothing to wait for.
            None => std::future::pending().await,
        }
    }

    /// Starts a run in a slot that is free.
    pub(super) fn run(&self, slot: usize, spec: RunSpec) {
        self.order(slot, Order::Run(Box::new(spec)));
    }

    /// Asks the run in a slot to save its state. A command does not hear it.
    pub(super) fn save(&self, slot: usize) {
        self.order(slot, Order::Save);
    }

    /// Asks the run in a slot to save its state and end. A command does not hear it.
    pub(super) fn drain(&self, slot: usize) {
        self.order(slot, Order::Drain);
    }

    /// Ends the run in a slot at once.
    pub(super) fn kill(&self, slot: usize) {
        self.order(slot, Order::Kill);
    }

    fn order(&self, slot: usize, order: Order) {
        if let Err(error) = self.orders[slot].try_send(order) {
            tracing::error!(slot, %error, "a slot does not take orders");
        }
    }

    /// Ends all slots and waits until they are gone.
    pub(super) async fn shutdown(&mut self) {
        self.tasks.shutdown().await;
    }
}

/// What a slot's task has.
struct Hand {
    index: usize,
    orders: mpsc::Receiver<Order>,
    pace: Paced,
    told: mpsc::Sender<(usize, SlotEvent)>,
}

impl Hand {
    /// Carries out orders until there can be no more.
    async fn work(mut self, mut slot: Slot) {
        while let Some(order) = self.orders.recv().await {
            let goes_on = match order {
                Order::Run(spec) => self.run(&mut slot, &spec).await,
                // Nothing runs: what is left is a process that is kept warm.
                Order::Kill => {
                    slot.cool_down();
                    true
                }
                // For a run that has ended meanwhile.
                Order::Save | Order::Drain => true,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Runs a replica to its end; `false` if nobody is left to be told of it.
    async fn run(&mut self, slot: &mut Slot, spec: &RunSpec) -> bool {
        let mut run = match slot.start(spec).await {
            Ok(run) => run,
            Err(error) => {
                let failed = failed_run(HostError::new(HostErrorKind::Slot, error));
                return self.told.send((self.index, SlotEvent::Ended(failed))).await.is_ok();
            }
        };
        let control = run.control();
        self.pace.begin();
        loop {
            let woken = tokio::select! {
                woken = run.woken() => woken,
                is_running = self.pace.turn() => {
                    if is_running { control.resume().await } else { control.pause().await }
                    continue;
                }
                order = self.orders.recv() => {
                    match order {
                        Some(Order::Save) => control.checkpoint_now().await,
                        Some(Order::Drain) => control.drain().await,
                        Some(Order::Kill) => control.kill().await,
                        Some(Order::Run(_)) => tracing::error!(self.index, "a slot got two runs"),
                        None => return false,
                    }
                    continue;
                }
            };
            let Some(woken) = woken else { return true };
            // Nothing else meanwhile: what ends a process is told in any case.
            let Some(event) = run.react(woken).await else { continue };
            // The next order may be there as soon as this is told.
            let last = matches!(event, SlotEvent::Ended(_) | SlotEvent::Killed);
            if self.told.send((self.index, event)).await.is_err() {
                return false;
            }
            if last {
                return true;
            }
        }
    }
}

fn failed_run(error: HostError) -> RunReport {
    RunReport {
        outcome: Outcome::HostError(error),
        usage: Usage::default(),
        state_hash: None,
        log: String::new(),
    }
}

/// The folder of a slot, for its checkpoints and large outputs.
pub(super) fn folder(slots: &Path, slot: usize) -> PathBuf {
    slots.join(slot.to_string())
}
