//! What happens in a world.

use manyhands_core::id::UnitId;
use manyhands_core::time::Timestamp;

use crate::message::{Downlink, Envelope, Uplink};
use crate::timeline::Timeline;

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
pub type Agenda = Timeline<Timestamp, Event>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Entry;

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
        let bytes = size_of::<Entry<Timestamp, Event>>();
        assert!(bytes <= 32, "{bytes}");
    }
}
