//! The first answer that enough hosts give: with a quorum of two what BOINC does by default
//! (`min_quorum` and `target_nresults` of 2), with more what Sarmenta calls m-first voting
//! ("Sabotage-tolerance mechanisms for volunteer computing systems", 2002). `m` copies are made at
//! first, and further ones one after the other.

use super::{Lying, Model, Outcome, Vote};
use crate::chance::Chance;

/// Most copies of a unit.
const COPIES_MAX: usize = 100;

pub(super) fn run(model: &Model, quorum: u8, mut chance: Chance) -> Outcome {
    let mut outcome = Outcome::default();
    let copies_max = COPIES_MAX.min(usize::try_from(model.hosts).unwrap_or(COPIES_MAX));
    for unit in 0..model.units {
        let mut votes = first_copies(model, quorum, unit, &mut chance);
        let accepted = loop {
            if let Some(vote) = reached(&votes, quorum) {
                break Some(vote);
            }
            if votes.len() >= copies_max {
                break None;
            }
            let host = model.pick(&votes, &mut chance);
            votes.push(later_copy(model, host, unit, &votes));
        };
        outcome.copies += votes.len() as u64;
        accepted.into_iter().for_each(|vote| outcome.accept(vote));
    }
    outcome
}

/// The answer that enough votes give, if one is.
pub(super) fn reached(votes: &[Vote], quorum: u8) -> Option<Vote> {
    let count = |says| votes.iter().filter(|vote| vote.says == says).count();
    votes.iter().copied().find(|vote| count(vote.says) >= usize::from(quorum))
}

/// The copies that are made at once: here liars see whether all are theirs.
fn first_copies(model: &Model, quorum: u8, unit: u32, chance: &mut Chance) -> Vec<Vote> {
    let mut votes: Vec<Vote> = Vec::with_capacity(quorum.into());
    for _ in 0..quorum {
        let host = model.pick(&votes, chance);
        votes.push(Vote::truth(host));
    }
    let is_owned = votes.iter().all(|vote| model.is_liar(vote.host));
    for vote in &mut votes {
        *vote = say(model, vote.host, unit, is_owned);
    }
    votes
}

fn later_copy(model: &Model, host: u32, unit: u32, earlier: &[Vote]) -> Vote {
    let ring_lies = earlier.iter().any(|vote| vote.says == super::SHARED_LIE);
    say(model, host, unit, ring_lies)
}

fn say(model: &Model, host: u32, unit: u32, is_owned: bool) -> Vote {
    let lies_on = |share| Model::is_chosen(unit, share);
    match model.lying {
        _ if !model.is_liar(host) => Vote::truth(host),
        Lying::Alone(share) if lies_on(share) => Vote::own_lie(host),
        Lying::Together(share) if lies_on(share) => Vote::shared_lie(host),
        Lying::Owning if is_owned => Vote::shared_lie(host),
        // There are no records here: whoever betrays does so from the beginning.
        Lying::Betraying(_) => Vote::shared_lie(host),
        Lying::Alone(_) | Lying::Together(_) | Lying::Owning => Vote::truth(host),
    }
}
