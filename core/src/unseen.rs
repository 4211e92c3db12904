//! When a host looks again for work, of which there is some that it did not get and that nobody will call it for.
//!
//! Others may be busy with all that there is for as long as it takes. So waits double: the first look is at
//! once, and each later one is late by no more than was waited in vain before.

use crate::reply::Idle;
use crate::time::Span;

/// The first wait.
const WAIT_MIN: Span = Span(10);

/// The longest wait. A host on probation is left out of most work for hours; but in a small grid others wait for it
/// to be believed, and a longer wait kept disputes there from being settled for minutes.
const WAIT_MAX: Span = Span::seconds(30);

/// Whether a request that got nothing leaves something to look for: there was more than one request looks at, or what
/// there was is not yet for this host. Whatever else comes is called out.
#[must_use]
pub fn is_some_left(idle: Option<Idle>) -> bool {
    match idle {
        Some(Idle::NotAllSeen | Idle::OnProbation) => true,
        None
        | Some(
            Idle::LeasesFull { .. }
            | Idle::NoJobs
            | Idle::NothingFits(_)
            | Idle::TooLong
            | Idle::NothingLeft,
        ) => false,
    }
}

/// How often in a row a host looked in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looking(u32);

impl Looking {
    /// It got something, or there is nothing to look for.
    pub fn ends(&mut self) {
        self.0 = 0;
    }

    /// It looked in vain: how long it waits before it looks again; `None` if it is to do so at once.
    pub fn missed(&mut self) -> Option<Span> {
        let wait = (self.0 > 0).then(|| WAIT_MIN.doubled(self.0, WAIT_MAX));
        self.0 = self.0.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_is_at_once_and_none_is_later_than_was_waited_before() {
        let mut looking = Looking::default();
        let waits: Vec<Option<Span>> = (0..20).map(|_| looking.missed()).collect();
        assert_eq!(waits[..3], [None, Some(Span(20)), Some(Span(40))]);
        assert_eq!(waits.last(), Some(&Some(WAIT_MAX)));
        let mut waited = Span(20);
        for wait in waits.into_iter().flatten().skip(1) {
            assert!(wait <= Span(waited.0 + 20), "{wait} after {waited}");
            waited = waited.plus(wait);
        }
    }

    #[test]
    fn who_got_something_begins_anew() {
        let mut looking = Looking::default();
        assert_eq!((looking.missed(), looking.missed()), (None, Some(Span(20))));
        looking.ends();
        assert_eq!(looking.missed(), None);
    }
}
