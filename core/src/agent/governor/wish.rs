//! What the machine's owner said last, by hand. It counts before everything that was configured.

use super::reason::Reason;
use crate::time::Span;

/// What the owner wants of the worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// Go by the limits and rules. Said by hand, it also ends the wait before what was taken away comes
    /// back.
    #[default]
    Resume,
    /// Compute nothing until told otherwise.
    Pause,
    /// Compute nothing for so long.
    Snooze(Span),
    /// End what was begun, begin nothing else, and then stop.
    Finish,
}

/// A wish, since when the time of a snooze runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wished {
    wish: Wish,
    at: Span,
}

impl Wished {
    pub(super) const fn new(wish: Wish, uptime: Span) -> Self {
        Self { wish, at: uptime }
    }

    /// What is still wished; a snooze only for what is left of it.
    pub(super) fn now(self, uptime: Span) -> Wish {
        let Wish::Snooze(span) = self.wish else { return self.wish };
        let left = span.minus(uptime.minus(self.at));
        if left == Span::ZERO { Wish::Resume } else { Wish::Snooze(left) }
    }
}

impl Wish {
    /// Why nothing runs because of it.
    pub(super) const fn reason(self) -> Option<Reason> {
        match self {
            Self::Pause => Some(Reason::Paused),
            Self::Snooze(_) => Some(Reason::Snoozed),
            Self::Resume | Self::Finish => None,
        }
    }
}
