//! What is going to happen, in order of time. What is due at the same moment happens in the order
//! in which it was put down.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use manyhands_core::id::UnitId;
use manyhands_core::time::Timestamp;

use crate::message::{Downlink, Envelope, Uplink};

/// Something that happens at some moment.
#[derive(Debug)]
pub enum Event {
    /// The scientist hands in a job, by its place in the scenario.
    Submit(usize),
    /// A host, by its place, wakes up.
    Wake(u32),
    /// A host's message reaches the coordinator.
    Up(Box<Envelope<Uplink>>),
    /// A coordinator's message reaches a host.
    Down(Box<Envelope<Downlink>>),
    /// The coordinator's alarm rings.
    Alarm,
    /// The coordinator looks again for work for a host, by its place.
    Look(u32),
    /// The outputs of these units are in the job's hands.
    Assimilate(Box<Assimilation>),
    /// The coordinator is going to die at its next commit.
    Doom,
    /// The coordinator dies, if it has not yet.
    Die {
        /// The life that ends.
        boot: u32,
    },
    /// The coordinator starts again.
    Start,
    /// All faults stop.
    Calm,
}

/// Outputs on the way to their job.
#[derive(Debug)]
pub struct Assimilation {
    /// The coordinator's life in which this was begun: with it the way ends.
    pub boot: u32,
    /// Of which units.
    pub units: Vec<UnitId>,
}

/// Everything that is going to happen.
#[derive(Debug, Default)]
pub struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    next_serial: u64,
}

#[derive(Debug)]
struct Entry {
    at: Timestamp,
    serial: u64,
    event: Event,
}

impl Agenda {
    /// Puts something down.
    pub fn put(&mut self, at: Timestamp, event: Event) {
        let serial = self.next_serial;
        self.next_serial += 1;
        self.heap.push(Reverse(Entry { at, serial, event }));
    }

    /// When something happens next.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes what happens next.
    pub fn take(&mut self) -> Option<(Timestamp, Event)> {
        let Reverse(Entry { at, event, .. }) = self.heap.pop()?;
        Some((at, event))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.serial) == (other.at, other.serial)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_equals_in_order() {
        let mut agenda = Agenda::default();
        for (at, host) in [(5, 0), (3, 1), (5, 2), (3, 3)] {
            agenda.put(Timestamp(at), Event::Wake(host));
        }
        let mut order = Vec::new();
        while let Some((at, Event::Wake(host))) = agenda.take() {
            order.push((at.0, host));
        }
        assert_eq!(order, [(3, 1), (3, 3), (5, 0), (5, 2)]);
    }

    /// A hundred thousand hosts have a few of these each.
    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry>() <= 32, "{}", size_of::<Entry>());
    }
}
