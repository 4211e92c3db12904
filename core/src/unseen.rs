//! When a host looks again for work, of which there is some that it did not get and that nobody will call it for.
//!
//! Others may be busy with all that there is for as long as it takes. So waits double: the first look is at
//! once, and each later one is late by no more than was waited in vain before.

use crate::reply::Idle;
use crate::time::Span;

/// The first wait.
const WAIT_MIN: Span = Span(10);

/// The longest wait of a host that could not be shown all work, or came a moment late for it.
const WAIT_MAX: Span = Span::seconds(30);

/// The longest wait of a host on probation. It is left out of most work for hours; but in a small grid others wait for
/// it to be believed, and a longer one kept disputes there from being settled for minutes.
const PROBATION_WAIT_MAX: Span = Span::seconds(30);

/// Why a host is to look again, and not only to wait until it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// There was more than one request looks at, or some came while the request was decided.
    More,
    /// What there was is not yet for this host.
    OnProbation,
}

impl Unseen {
    /// What a request that got nothing leaves to look for; `None` if whatever comes is called out.
    #[must_use]
    pub fn after(idle: Option<Idle>) -> Option<Self> {
        match idle? {
            Idle::NotAllSeen => Some(Self::More),
            Idle::OnProbation => Some(Self::OnProbation),
            Idle::LeasesFull { .. }
            | Idle::NoJobs
            | Idle::NothingFits(_)
            | Idle::TooLong
            | Idle::NothingLeft => None,
        }
    }

    fn wait_max(self) -> Span {
        match self {
            Self::More => WAIT_MAX,
            Self::OnProbation => PROBATION_WAIT_MAX,
        }
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
    pub fn missed(&mut self, unseen: Unseen) -> Option<Span> {
        let wait = (self.0 > 0).then(|| WAIT_MIN.doubled(self.0, unseen.wait_max()));
        self.0 = self.0.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(unseen: Unseen) -> Vec<Option<Span>> {
        let mut looking = Looking::default();
        (0..20).map(|_| looking.missed(unseen)).collect()
    }

    #[test]
    fn the_first_look_is_at_once_and_none_is_later_than_was_waited_before() {
        for (unseen, longest) in
            [(Unseen::More, WAIT_MAX), (Unseen::OnProbation, PROBATION_WAIT_MAX)]
        {
            let waits = waits(unseen);
            assert_eq!(waits[..3], [None, Some(Span(20)), Some(Span(40))]);
            assert_eq!(waits.last(), Some(&Some(longest)));
            let mut waited = Span(20);
            for wait in waits.into_iter().flatten().skip(1) {
                assert!(wait <= Span(waited.0 + 20), "{wait} after {waited}");
                waited = waited.plus(wait);
            }
        }
    }

    #[test]
    fn who_got_something_begins_anew() {
        let mut looking = Looking::default();
        assert_eq!(
            (looking.missed(Unseen::More), looking.missed(Unseen::More)),
            (None, Some(Span(20)))
        );
        looking.ends();
        assert_eq!(looking.missed(Unseen::More), None);
    }
}
