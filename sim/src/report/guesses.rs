//! How well the hostile could have guessed, in a run of the real engine, which of their answers are
//! audited.

use std::collections::BTreeMap;

use manyhands_core::id::HostId;
use manyhands_core::time::Timestamp;
use manyhands_core::work_unit::{Test, WorkUnit};

use crate::guesser::{Guesser, Guesses};

/// What hostile hosts of standing answered first, to be told in the order in which they got it.
#[derive(Debug, Default)]
pub(super) struct FirstAnswers(Vec<FirstAnswer>);

#[derive(Debug)]
struct FirstAnswer {
    leased_at: Timestamp,
    host: HostId,
    is_audited: bool,
    /// Whether an accomplice got the unit, too.
    is_seen: bool,
}

/// What a ring knows of one of its own.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    believed: u32,
    since_audit: u32,
}

impl FirstAnswers {
    /// Notes a unit, if its answer rests on the word of a hostile host, and not on a vote.
    pub(super) fn note(&mut self, unit: &WorkUnit, is_hostile: impl Fn(HostId) -> bool) {
        let is_audited = match unit.test {
            Test::None | Test::Second => false,
            Test::Audit => true,
            Test::Vote => return,
        };
        let Some(first) = unit.first_valid().filter(|first| is_hostile(first.host)) else { return };
        let mut others = unit.replicas.iter().filter(|replica| replica.number > first.number);
        let is_seen = others.any(|other| is_hostile(other.host));
        let (leased_at, host) = (first.leased_at, first.host);
        self.0.push(FirstAnswer { leased_at, host, is_audited, is_seen });
    }

    /// What a guesser makes of them who is told afterwards which ones were audited.
    pub(super) fn guessed(mut self) -> Guesses {
        self.0.sort_by_key(|answer| answer.leased_at);
        let mut guesser = Guesser::new();
        let mut known: BTreeMap<HostId, Known> = BTreeMap::new();
        for FirstAnswer { host, is_audited, is_seen, .. } in self.0 {
            let Known { believed, since_audit } = known.entry(host).or_default();
            guesser.guess(*believed, *since_audit, is_audited);
            *believed += 1;
            *since_audit = if is_audited && is_seen { 0 } else { *since_audit + 1 };
        }
        guesser.guesses()
    }
}
