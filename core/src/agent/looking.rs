//! When a host whose coordinator does not answer looks for where it may be now.
//!
//! To dial the places that are known is left to [`Retry`](super::retry::Retry), whose pauses grow long, so that
//! nobody is stormed who comes back. To look elsewhere costs the coordinator nothing: a file is read, the local network
//! listened to, a few peers are asked. So that has a shorter schedule of its own. What is found is dialled soon, but
//! spread out like a first try again, because all others may have found it at the same time.

use rand_core::Rng;

use crate::backoff::pause;
use crate::time::{Span, Timestamp};

/// The first look comes so long after the coordinator was lost; most outages are over by then.
const FIRST: Span = Span::seconds(5);
/// At last there is one look in so long.
const LONGEST: Span = Span::minutes(1);

/// The looks of one outage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looking {
    looks: u32,
    next_at: Option<Timestamp>,
    heeded: u32,
    heeded_at: Option<Timestamp>,
}

impl Looking {
    /// When to look next.
    pub fn next_at(&mut self, now: Timestamp, rng: &mut impl Rng) -> Timestamp {
        let looks = self.looks;
        let first = || now.plus(pause(FIRST, LONGEST, looks.saturating_add(1), rng));
        *self.next_at.get_or_insert_with(first)
    }

    /// It has looked.
    pub fn looked(&mut self, now: Timestamp, rng: &mut impl Rng) {
        self.looks = self.looks.saturating_add(1);
        self.next_at = Some(now.plus(pause(FIRST, LONGEST, self.looks.saturating_add(1), rng)));
    }

    /// Somebody says where the coordinator is. Whether to dial for that before the pause is over: at first at once, later at
    /// most once a minute. So nobody who tells of ever new places makes hosts storm a coordinator, or anybody else.
    #[must_use]
    pub fn heeds(&mut self, now: Timestamp) -> bool {
        let rest = FIRST.doubled(self.heeded.saturating_sub(1), LONGEST);
        if self.heeded_at.is_some_and(|at| now.since(at) < rest) {
            return false;
        }
        (self.heeded, self.heeded_at) = (self.heeded.saturating_add(1), Some(now));
        true
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;

    const LOST_AT: Timestamp = Timestamp(1_000_000);

    #[test]
    fn looks_begin_soon_and_come_once_a_minute_at_last() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut looking = Looking::default();
        let mut now = LOST_AT;
        let mut pauses = Vec::new();
        for _ in 0..20 {
            let next = looking.next_at(now, &mut rng);
            assert_eq!(looking.next_at(now.plus(Span(1)), &mut rng), next, "it is drawn once");
            pauses.push(next.since(now));
            now = next;
            looking.looked(now, &mut rng);
        }
        assert!((Span(2_500)..=FIRST).contains(&pauses[0]), "{pauses:?}");
        let minute = Span::seconds(30)..=LONGEST;
        assert!(pauses[5..].iter().all(|pause| minute.contains(pause)), "{pauses:?}");
    }

    #[test]
    fn who_tells_of_ever_new_places_is_heeded_once_a_minute() {
        let mut looking = Looking::default();
        let heeded =
            (0..3_600).filter(|second| looking.heeds(LOST_AT.plus(Span::seconds(*second))));
        let heeded: Vec<u32> = heeded.collect();
        assert_eq!(heeded[..6], [0, 5, 15, 35, 75, 135]);
        assert!(heeded.len() <= 64, "{}", heeded.len());
    }
}
