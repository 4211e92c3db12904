//! What is going to happen in a swarm, in order of time; at the same moment in the order in which it
//! was put down.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use manyhands_core::swarm::Message;

/// A host, by its place; the origin is 0.
pub(super) type At = u32;

/// A link between two hosts, by its place.
pub(super) type LinkAt = u32;

/// Something that happens to a host.
#[derive(Debug)]
pub(super) enum Event {
    /// It arrives.
    Arrive,
    /// It goes away without a word.
    Leave,
    /// A second has passed.
    Tick,
    /// Its uplink has sent a part.
    LineFree,
    /// A link is there.
    Linked(LinkAt),
    /// A link is gone.
    Unlinked(LinkAt),
    /// Something was said.
    Said(LinkAt, Box<Message>),
    /// A part of a piece has come.
    Part(LinkAt, Arrival),
    /// A host says of another one that it sends bytes that do not match.
    Accused {
        /// Who says so.
        by: At,
        /// Of whom.
        host: At,
    },
}

/// A part of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) piece: u32,
    /// Its place in the piece.
    pub(super) part: u32,
    pub(super) is_last: bool,
    /// It does not match.
    pub(super) is_bad: bool,
}

/// Everything that is going to happen, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    next_serial: u64,
}

#[derive(Debug)]
struct Entry {
    at_us: u64,
    serial: u64,
    host: At,
    event: Event,
}

impl Agenda {
    pub(super) fn put(&mut self, at_us: u64, host: At, event: Event) {
        let serial = self.next_serial;
        self.next_serial += 1;
        self.heap.push(Reverse(Entry { at_us, serial, host, event }));
    }

    pub(super) fn take(&mut self) -> Option<(u64, At, Event)> {
        let Reverse(Entry { at_us, host, event, .. }) = self.heap.pop()?;
        Some((at_us, host, event))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at_us, self.serial) == (other.at_us, other.serial)
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
        (self.at_us, self.serial).cmp(&(other.at_us, other.serial))
    }
}
