//! Which of two parties is wrong about a run of a step program: the first step about which they differ
//! is found by halving, and only that step is judged.
//!
//! `BISECTION.md` states what this proves, and what it does not.

use super::dispute::{Opinion, opinion};
use crate::digest::Digest;
use crate::replica::Class;

/// How a run stands after so many calls of the step function. Every honest machine says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// It goes on, from a state with this hash.
    Running(Digest),
    /// It has ended, in this call or before, with this answer.
    Ended(Class),
}

/// What a party stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The answer that is disputed.
    pub class: Class,
    /// After so many calls the run has ended, it says; at least 1.
    pub ended_by: u64,
    /// A state that it told of while it computed, such as a checkpoint's: after how many calls, and
    /// its hash.
    pub told: Option<(u64, Digest)>,
}

/// What is known of a party's word in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// Nothing was found against it. That does not make it right.
    Stands,
    /// It did not answer in time.
    Silent,
    /// It said what cannot be true together.
    Contradicted,
    /// The judges found something else than it said.
    Refuted,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask both parties how the run stands after so many calls.
    Ask {
        /// So many.
        calls: u64,
    },
    /// Ask judges how the run stands after so many calls, one more than both parties agree about.
    Judge {
        /// The hash of the state that both parties named, from which judges go on; none if they
        /// begin at the beginning.
        from: Option<Digest>,
        /// So many.
        calls: u64,
    },
}

/// A dispute between two parties under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bisection {
    /// What the parties stand for.
    pub claims: [Claim; 2],
    /// After so many calls both name the same state.
    pub agreed_at: u64,
    /// That state; none at the beginning, where the manifest names it.
    pub agreed: Option<Digest>,
    /// After so many calls, more than `agreed_at`, they differ.
    pub differ_at: u64,
    /// What each says of that moment. Who was not asked claims to end later.
    pub said: [Option<Moment>; 2],
}

impl Bisection {
    /// Opens the dispute between two claims; none if both give the same answer.
    #[must_use]
    pub fn open(claims: [Claim; 2]) -> Option<Self> {
        let [first, second] = claims;
        if first.class == second.class {
            return None;
        }
        let differ_at = first.ended_by.min(second.ended_by).max(1);
        let said =
            claims.map(|claim| (claim.ended_by <= differ_at).then_some(Moment::Ended(claim.class)));
        Some(Self { claims, agreed_at: 0, agreed: None, differ_at, said })
    }

    /// What to do next.
    #[must_use]
    pub fn next(&self) -> Next {
        let between = self.differ_at - self.agreed_at;
        if between > 1 {
            return Next::Ask { calls: self.agreed_at + between / 2 };
        }
        Next::Judge { from: self.agreed, calls: self.differ_at }
    }

    /// Takes the parties' words for the moment that [`next`](Self::next) asks about, `None` for a party
    /// that did not give one in time. Says what was found, if that ends the dispute.
    pub fn told(&mut self, answers: [Option<Moment>; 2]) -> Option<[Finding; 2]> {
        let Next::Ask { calls } = self.next() else { return None };
        let findings = [0, 1].map(|party| self.weigh(party, calls, answers[party]));
        if findings != [Finding::Stands; 2] {
            return Some(findings);
        }
        match answers {
            [Some(Moment::Running(first)), Some(Moment::Running(second))] if first == second => {
                (self.agreed_at, self.agreed) = (calls, Some(first));
            }
            _ => (self.differ_at, self.said) = (calls, answers),
        }
        None
    }

    /// Takes the judges' words, each of another volunteer, for the moment that [`next`](Self::next)
    /// asks about. Says what was found once one of them leads by `lead`; until then, more are needed.
    #[must_use]
    pub fn judged(
        &self,
        judges: impl IntoIterator<Item = Moment>,
        lead: u8,
    ) -> Option<[Finding; 2]> {
        let Opinion::Settled(moment) = opinion(judges, lead) else { return None };
        Some([0, 1].map(|party| {
            let agrees = match (self.said[party], moment) {
                (Some(said), _) => said == moment,
                (None, Moment::Ended(class)) => class == self.claims[party].class,
                (None, Moment::Running(_)) => true,
            };
            if agrees { Finding::Stands } else { Finding::Refuted }
        }))
    }

    /// How many more judges are needed at least, after these words.
    #[must_use]
    pub fn judges_missing(judges: &[Moment], lead: u8) -> usize {
        match opinion(judges.iter().copied(), lead) {
            Opinion::Silent | Opinion::Agreed(_) => usize::from(lead).saturating_sub(judges.len()),
            Opinion::Split { missing } => missing,
            Opinion::Settled(_) => 0,
        }
    }

    /// Whether a party may say this of a moment before that about which they differ.
    fn weigh(&self, party: usize, calls: u64, answer: Option<Moment>) -> Finding {
        let claim = &self.claims[party];
        let fits = match answer {
            None => return Finding::Silent,
            Some(Moment::Running(state)) => {
                claim.told.is_none_or(|(at, told)| at != calls || told == state)
            }
            Some(Moment::Ended(class)) => {
                let ran_later = matches!(self.said[party], Some(Moment::Running(_)));
                let told_later = claim.told.is_some_and(|(at, _)| at >= calls);
                class == claim.class && !ran_later && !told_later
            }
        };
        if fits { Finding::Stands } else { Finding::Contradicted }
    }
}

#[cfg(test)]
mod tests;
