//! What is going to happen, in order of time. What is due at the same moment happens in the order
//! in which it was put down.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Events that wait for their moments.
#[derive(Debug)]
pub struct Timeline<At, Event> {
    heap: BinaryHeap<Reverse<Entry<At, Event>>>,
    next_serial: u64,
}

#[derive(Debug)]
pub(crate) struct Entry<At, Event> {
    at: At,
    serial: u64,
    event: Event,
}

impl<At: Ord + Copy, Event> Timeline<At, Event> {
    /// Puts something down.
    pub fn put(&mut self, at: At, event: Event) {
        let serial = self.next_serial;
        self.next_serial += 1;
        self.heap.push(Reverse(Entry { at, serial, event }));
    }

    /// When something happens next.
    #[must_use]
    pub fn next_at(&self) -> Option<At> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes what happens next.
    pub fn take(&mut self) -> Option<(At, Event)> {
        let Reverse(Entry { at, event, .. }) = self.heap.pop()?;
        Some((at, event))
    }
}

impl<At: Ord, Event> Default for Timeline<At, Event> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), next_serial: 0 }
    }
}

impl<At: Ord, Event> PartialEq for Entry<At, Event> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<At: Ord, Event> Eq for Entry<At, Event> {}

impl<At: Ord, Event> PartialOrd for Entry<At, Event> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<At: Ord, Event> Ord for Entry<At, Event> {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.at, self.serial).cmp(&(&other.at, other.serial))
    }
}
