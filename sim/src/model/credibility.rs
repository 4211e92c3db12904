//! Sarmenta's credibility-based voting with spot checks and a blacklist ("Sabotage-tolerance
//! mechanisms for volunteer computing systems", Future Generation Computer Systems 18, 2002).
//!
//! A host that passed `k` checks is credible with probability 1 - f / ((1 - f) k e); before the first
//! one, 1 - f. A group of equal answers is credible as follows from its members' credibilities and
//! those of the other groups. A unit gets copies until a group is credible enough. Whoever fails a
//! check is out for good, and all their votes with them, also on units that seemed done. The rule
//! is told the true f, which nobody knows in the field.
//!
//! Copies are handed out in rounds over all units that are not done, as an eager scheduler does.

use std::f64::consts::E;

use super::{Lying, Model, Outcome, Vote};
use crate::chance::Chance;

/// Most rounds over all units.
const ROUNDS_MAX: usize = 100;

struct Host {
    checks_passed: u32,
    is_caught: bool,
}

pub(super) fn run(model: &Model, error: f64, checks: f64, mut chance: Chance) -> Outcome {
    let fresh = |_| Host { checks_passed: 0, is_caught: false };
    let mut hosts: Vec<Host> = (0..model.hosts).map(fresh).collect();
    let mut units: Vec<Vec<Vote>> = (0..model.units).map(|_| Vec::new()).collect();
    let mut outcome = Outcome::default();
    for _ in 0..ROUNDS_MAX {
        let mut is_done = true;
        for (unit, votes) in (0..).zip(&mut units) {
            if credible(model, votes, &hosts, error).is_some() {
                continue;
            }
            is_done = false;
            let host = assign(model, votes, &mut hosts, (checks, &mut chance), &mut outcome);
            let Some(host) = host else { continue };
            votes.push(say(model, host, unit, votes));
            outcome.copies += 1;
        }
        if is_done {
            break;
        }
    }
    for votes in &units {
        credible(model, votes, &hosts, error).into_iter().for_each(|vote| outcome.accept(vote));
    }
    outcome
}

/// Picks a host that has not voted and is not caught, after the checks that it gets on the way.
fn assign(
    model: &Model,
    votes: &[Vote],
    hosts: &mut [Host],
    (checks, chance): (f64, &mut Chance),
    outcome: &mut Outcome,
) -> Option<u32> {
    // Bounded, for the case that everyone was caught or has voted.
    for _ in 0..10 * model.hosts {
        let host = model.pick(&[], chance);
        let record = &mut hosts[at(host)];
        if record.is_caught || votes.iter().any(|vote| vote.host == host) {
            continue;
        }
        if !chance.happens(checks) {
            return Some(host);
        }
        outcome.copies += 1;
        // A check looks like a unit: it is lied on as often.
        let lies = match model.lying {
            Lying::Alone(share) | Lying::Together(share) => chance.happens(share),
            Lying::Betraying(from) => record.checks_passed >= from,
            Lying::Owning => false,
        };
        if model.is_liar(host) && lies {
            record.is_caught = true;
        } else {
            record.checks_passed += 1;
        }
    }
    None
}

fn say(model: &Model, host: u32, unit: u32, earlier: &[Vote]) -> Vote {
    let lies_on = |share| Model::is_chosen(unit, share);
    match model.lying {
        _ if !model.is_liar(host) => Vote::truth(host),
        Lying::Alone(share) if lies_on(share) => Vote::own_lie(host),
        Lying::Together(share) if lies_on(share) => Vote::shared_lie(host),
        Lying::Betraying(_) => Vote::shared_lie(host),
        // Nobody knows how many copies there will be: the ring lies where all others are its own.
        Lying::Owning if !earlier.is_empty() && earlier.iter().all(|v| model.is_liar(v.host)) => {
            Vote::shared_lie(host)
        }
        Lying::Alone(_) | Lying::Together(_) | Lying::Owning => Vote::truth(host),
    }
}

/// The answer that is credible enough, if one is.
fn credible(model: &Model, votes: &[Vote], hosts: &[Host], error: f64) -> Option<Vote> {
    let f = f64::from(model.liars) / f64::from(model.hosts);
    let mut groups: Vec<(Vote, f64, f64)> = Vec::new();
    for vote in votes {
        let host = &hosts[at(vote.host)];
        if host.is_caught {
            continue;
        }
        let right = credibility(f, host.checks_passed);
        match groups.iter_mut().find(|(first, ..)| first.says == vote.says) {
            Some((_, good, bad)) => {
                *good *= right;
                *bad *= 1.0 - right;
            }
            None => groups.push((*vote, right, 1.0 - right)),
        }
    }
    let all_bad: f64 = groups.iter().map(|(_, _, bad)| bad).product();
    // That one group is right and all others wrong; not divided by the group's own `bad`, which may
    // be too small for that.
    let only = |at: usize| -> f64 {
        let parts = groups.iter().enumerate();
        parts.map(|(other, (_, good, bad))| if other == at { *good } else { *bad }).product()
    };
    let total: f64 = all_bad + (0..groups.len()).map(only).sum::<f64>();
    let best = (0..groups.len()).find(|group| only(*group) >= (1.0 - error) * total)?;
    Some(groups[best].0)
}

fn credibility(f: f64, checks_passed: u32) -> f64 {
    if checks_passed == 0 {
        return 1.0 - f;
    }
    (1.0 - f / ((1.0 - f) * f64::from(checks_passed) * E)).max(1.0 - f)
}

fn at(host: u32) -> usize {
    usize::try_from(host).unwrap_or(usize::MAX)
}
