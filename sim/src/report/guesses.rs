//! How well the hostile could have guessed, in a run of the real engine, which of their answers are
//! audited.

use manyhands_core::id::HostId;
use manyhands_core::time::Timestamp;
use manyhands_core::work_unit::{Test, WorkUnit};

use crate::guesser::{FirstAnswer, Guesses, guessed};

/// What hostile hosts of standing answered first, to be told in the order in which they got it.
#[derive(Debug, Default)]
pub(super) struct FirstAnswers(Vec<(Timestamp, FirstAnswer)>);

impl FirstAnswers {
    /// Notes a unit, if its answer rests on the word of a hostile host, and not on a vote.
    pub(super) fn note(&mut self, unit: &WorkUnit, is_hostile: impl Fn(HostId) -> bool) {
        if unit.test == Test::Vote {
            return;
        }
        let is_audited = unit.test.is_by_chance();
        let Some(first) = unit.first_valid().filter(|first| is_hostile(first.host)) else { return };
        let mut others = unit.replicas.iter().filter(|replica| replica.number > first.number);
        let is_seen = others.any(|other| is_hostile(other.host));
        let answer = FirstAnswer { who: first.host.0, is_audited, is_seen };
        self.0.push((first.leased_at, answer));
    }

    /// What a guesser makes of them who is told afterwards which ones were audited.
    pub(super) fn guessed(mut self) -> Guesses {
        self.0.sort_by_key(|(leased_at, _)| *leased_at);
        guessed(self.0.into_iter().map(|(_, answer)| answer))
    }
}
