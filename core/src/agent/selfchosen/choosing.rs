//! Whether to choose now, and how many units; and what stands for those that have no number of the coordinator's.

use super::CHOSEN_MAX;
use crate::id::{ReplicaId, UnitId};
use crate::time::Span;

/// A coordinator is taken to be away when it was not found for so long, unless the host's owner says otherwise. Most
/// restarts and broken lines are shorter, and whoever holds work has enough for some minutes anyway.
pub const AWAY_AFTER: Span = Span::minutes(5);

/// In the place of a replica's number, which a coordinator gives. None gives this one.
const UNNUMBERED: u16 = u16::MAX;

/// The replica of a unit that a host chose, until a coordinator gives it a number.
#[must_use]
pub fn unnumbered(unit: UnitId) -> ReplicaId {
    unit.replica(UNNUMBERED)
}

/// Whether the host chose it itself, and no coordinator knows of it.
#[must_use]
pub fn is_unnumbered(replica: ReplicaId) -> bool {
    replica.number == UNNUMBERED
}

/// Whether there is anything left to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choosing {
    /// The last choice found less than there was room for. What is done stays done: to look again would be for
    /// nothing.
    has_all: bool,
}

impl Choosing {
    /// The coordinator was met, a choice came to nothing, or there is another job: it is worth looking again.
    pub fn begins_anew(&mut self) {
        self.has_all = false;
    }

    /// How many units a host may choose that has `idle` slots, and holds `chosen` units of its own choice, computed or not.
    #[must_use]
    pub fn room(self, idle: usize, chosen: usize) -> usize {
        if self.has_all { 0 } else { CHOSEN_MAX.saturating_sub(chosen).min(idle) }
    }

    /// So many units were found where there was `room`.
    pub fn found(&mut self, units: usize, room: usize) {
        self.has_all = units < room;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::JobId;

    #[test]
    fn as_many_as_slots_are_idle_until_too_many_rest() {
        let choosing = Choosing::default();
        assert_eq!([choosing.room(4, 0), choosing.room(4, CHOSEN_MAX - 1)], [4, 1]);
        assert_eq!([choosing.room(4, CHOSEN_MAX), choosing.room(0, 0)], [0, 0]);
    }

    #[test]
    fn who_found_too_few_looks_no_more_until_something_is_new() {
        let mut choosing = Choosing::default();
        choosing.found(4, 4);
        assert_eq!(choosing.room(4, 4), 4);
        choosing.found(3, 4);
        assert_eq!(choosing.room(4, 7), 0);
        choosing.begins_anew();
        assert_eq!(choosing.room(4, 7), 4);
    }

    #[test]
    fn no_number_of_a_coordinator_is_taken_for_none() {
        let unit = JobId(1).unit(2);
        assert!(is_unnumbered(unnumbered(unit)) && !is_unnumbered(unit.replica(u16::MAX - 1)));
    }
}
