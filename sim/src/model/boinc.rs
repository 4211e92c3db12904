//! BOINC's adaptive replication, as its scheduler has it (`set_trust` of `sched/sched_send.cpp`,
//! `CONS_VALID_UNREPLICATED` of `sched/sched_config.h`, and `sched/validator.cpp`).
//!
//! A host has a count of consecutive valid answers, which only replicated units raise and any
//! invalid one sets to zero. From ten on the host is trusted with probability 1 - 1/count, anew for
//! each request; here a request is for one unit, which is kinder to the rule than the up to fifty
//! that share one throw of the coin in the field. A trusted host's answer to a unit that nobody else
//! has is accepted as it is; else two must agree.

use super::{Lying, Model, Outcome, Vote, voting};
use crate::chance::Chance;

/// Below this count a host is never trusted.
const TRUSTED_FROM: u32 = 10;

/// Answers that must agree where a host is not trusted.
const QUORUM: u8 = 2;

struct Record {
    valid_in_a_row: u32,
    is_betraying: bool,
}

pub(super) fn run(model: &Model, mut chance: Chance) -> Outcome {
    let mut outcome = Outcome::default();
    let mut records: Vec<Record> =
        (0..model.hosts).map(|_| Record { valid_in_a_row: 0, is_betraying: false }).collect();
    for unit in 0..model.units {
        let first = model.pick(&[], &mut chance);
        let is_trusted = is_trusted(&records[at(first)], &mut chance);
        let mut votes = vec![Vote::truth(first)];
        if !is_trusted {
            votes.push(Vote::truth(model.pick(&votes, &mut chance)));
        }
        let is_owned = !is_trusted && votes.iter().all(|vote| model.is_liar(vote.host));
        for vote in &mut votes {
            *vote = say(model, vote.host, unit, (is_owned, &records[at(vote.host)]));
        }
        let needed = if is_trusted { 1 } else { QUORUM };
        let accepted = loop {
            if let Some(vote) = voting::reached(&votes, needed) {
                break vote;
            }
            let host = model.pick(&votes, &mut chance);
            let ring_lies = votes.iter().any(|vote| vote.says == super::SHARED_LIE);
            votes.push(say(model, host, unit, (ring_lies, &records[at(host)])));
        };
        outcome.copies += votes.len() as u64;
        outcome.accept(accepted);
        if !is_trusted {
            votes.iter().for_each(|vote| note(model, &mut records[at(vote.host)], *vote, accepted));
        }
    }
    outcome
}

fn is_trusted(record: &Record, chance: &mut Chance) -> bool {
    let count = record.valid_in_a_row;
    count >= TRUSTED_FROM && !chance.happens(1.0 / f64::from(count))
}

/// What came of a replicated answer goes into its host's record.
fn note(model: &Model, record: &mut Record, vote: Vote, accepted: Vote) {
    if vote.says != accepted.says {
        *record = Record { valid_in_a_row: 0, is_betraying: false };
        return;
    }
    record.valid_in_a_row += 1;
    if let Lying::Betraying(from) = model.lying {
        record.is_betraying |= record.valid_in_a_row >= from;
    }
}

fn say(model: &Model, host: u32, unit: u32, (is_owned, record): (bool, &Record)) -> Vote {
    let lies_on = |share| Model::is_chosen(unit, share);
    match model.lying {
        _ if !model.is_liar(host) => Vote::truth(host),
        Lying::Alone(share) if lies_on(share) => Vote::own_lie(host),
        Lying::Together(share) if lies_on(share) => Vote::shared_lie(host),
        Lying::Owning if is_owned => Vote::shared_lie(host),
        Lying::Betraying(_) if record.is_betraying || is_owned => Vote::shared_lie(host),
        Lying::Alone(_) | Lying::Together(_) | Lying::Owning | Lying::Betraying(_) => {
            Vote::truth(host)
        }
    }
}

fn at(host: u32) -> usize {
    usize::try_from(host).unwrap_or(usize::MAX)
}
