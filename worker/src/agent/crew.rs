//! The slots at work: one task for each, which takes orders and tells what happens.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::sandbox::{HostError, HostErrorKind, Outcome, RunReport, Usage};
use crate::slots::{RunSpec, Slot, SlotCommand, SlotEvent};

/// Orders to a slot that may wait: a run, and then a drain and a kill of it.
const ORDERS_MAX: usize = 4;

/// Events that may wait for the agent, for each slot.
const EVENTS_MAX: usize = 8;

#[derive(Debug)]
enum Order {
    Run(Box<RunSpec>),
    Drain,
    Kill,
}

/// All slots of this worker.
#[derive(Debug)]
pub(super) struct Crew {
    orders: Vec<mpsc::Sender<Order>>,
    events: mpsc::Receiver<(usize, SlotEvent)>,
    tasks: JoinSet<()>,
}

impl Crew {
    /// Slots with a folder of their own each, in `slots_folder`. Processes start when needed.
    pub(super) fn start(command: &SlotCommand, slots_folder: &Path, slots: usize) -> Self {
        let (told, events) = mpsc::channel(EVENTS_MAX * slots);
        let mut tasks = JoinSet::new();
        let orders = (0..slots).map(|index| {
            let (order, orders) = mpsc::channel(ORDERS_MAX);
            let mut command = command.clone();
            command.room.writable.push(folder(slots_folder, index));
            tasks.spawn(work(Slot::new(command), index, orders, told.clone()));
            order
        });
        let orders = orders.collect();
        Self { orders, events, tasks }
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

/// Carries out orders until there can be no more.
async fn work(
    mut slot: Slot,
    index: usize,
    mut orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<(usize, SlotEvent)>,
) {
    while let Some(order) = orders.recv().await {
        // Others are for a run that has ended meanwhile.
        let Order::Run(spec) = order else { continue };
        let mut run = match slot.start(&spec).await {
            Ok(run) => run,
            Err(error) => {
                let failed = HostError::new(HostErrorKind::Slot, error);
                if events.send((index, SlotEvent::Ended(failed_run(failed)))).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let control = run.control();
        loop {
            let event = tokio::select! {
                event = run.next() => event,
                order = orders.recv() => {
                    match order {
                        Some(Order::Drain) => control.drain().await,
                        Some(Order::Kill) => control.kill().await,
                        Some(Order::Run(_)) => tracing::error!(index, "a slot got two runs"),
                        None => return,
                    }
                    continue;
                }
            };
            let Some(event) = event else { break };
            // The next order may be there as soon as this is told.
            let last = matches!(event, SlotEvent::Ended(_) | SlotEvent::Killed);
            if events.send((index, event)).await.is_err() {
                return;
            }
            if last {
                break;
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
