//! How often one neighbour asks another who else takes part in a blob's swarm, and is told.

use crate::time::{Span, Timestamp};

/// A neighbour is told at most once in so long.
pub const NAMED_EVERY: Span = Span::seconds(5);

/// Most questions that wait for an answer: whoever has left so many unanswered is asked, but owes no more for it.
const OWED_MAX: u8 = 8;

/// Questions and answers over one link. Both sides may ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// Questions of this host that were not answered yet.
    owed: u8,
    told_at: Option<Timestamp>,
}

impl Naming {
    /// This host asks.
    pub fn ask(&mut self) {
        self.owed = self.owed.saturating_add(1).min(OWED_MAX);
    }

    /// An answer comes. False if there are more than questions: then nobody honest sends it.
    #[must_use]
    pub fn answered(&mut self) -> bool {
        let is_owed = self.owed > 0;
        self.owed = self.owed.saturating_sub(1);
        is_owed
    }

    /// Whether the neighbour may be told now.
    #[must_use]
    pub fn may_tell(&self, now: Timestamp) -> bool {
        self.told_at.is_none_or(|at| now.since(at) >= NAMED_EVERY)
    }

    /// The neighbour is told.
    pub fn told(&mut self, now: Timestamp) {
        self.told_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_question_has_one_answer_and_few_are_answered() {
        let now = Timestamp(1_000);
        let mut naming = Naming::default();
        assert!(!naming.answered(), "nobody asked");
        // A slow neighbour may answer two questions in a row.
        naming.ask();
        naming.ask();
        assert!(naming.answered() && naming.answered() && !naming.answered());
        (0..1_000).for_each(|_| naming.ask());
        assert_eq!((0..1_000).filter(|_| naming.answered()).count(), OWED_MAX.into());
        assert!(naming.may_tell(now));
        naming.told(now);
        assert!(!naming.may_tell(now.plus(Span::seconds(4))));
        assert!(naming.may_tell(now.plus(Span::seconds(5))));
    }
}
