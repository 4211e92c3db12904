//! A coordinator that comes back at another address: some hosts hear where it is, and the others ask them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use manyhands_core::agent::looking::Looking;
use manyhands_core::agent::retry::{Retry, return_within};
use manyhands_core::time::Span;

use super::{AFTER, AWAY_AT, Contacts, HEARTBEAT, Outcome};
use crate::chance::Chance;

/// How long nobody finds it.
const AWAY: Span = Span::minutes(10);

/// Peers that a host asks in one look.
const ASKED: u32 = 3;

/// What a host does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// Asks a few others, if it does not know yet.
    Look,
    /// Dials where the coordinator is now.
    Dial,
    /// Renews.
    Renew,
}

#[derive(Debug)]
struct Host {
    retry: Retry,
    looking: Looking,
    knows: bool,
}

/// All lose the coordinator at once. When it is back, one in `one_in` hears of it by itself in the same moment, and then whoever asks
/// one of those who have heard.
pub(super) fn run(name: &'static str, hosts: u32, one_in: u32, seed: u64) -> Outcome {
    let mut chance = Chance::new(seed);
    let spread = return_within(hosts.into(), HEARTBEAT);
    let back_at = AWAY_AT.plus(AWAY);
    let end_at = back_at.plus(AFTER);
    let mut agenda = BinaryHeap::new();
    let mut all = Vec::new();
    for index in 0..hosts {
        let mut retry = Retry::default();
        retry.return_within(spread);
        let mut host = Host { retry, looking: Looking::default(), knows: index % one_in == 0 };
        let first = if host.knows {
            (back_at.plus(host.retry.heard(&mut chance)), Next::Dial, index)
        } else {
            (host.looking.next_at(AWAY_AT, &mut chance), Next::Look, index)
        };
        agenda.push(Reverse(first));
        all.push(host);
    }
    let mut contacts = Contacts::default();
    let mut returns = Vec::new();
    while let Some(Reverse((now, next, index))) = agenda.pop().filter(|it| it.0.0 < end_at) {
        let has_heard = next == Next::Look && now >= back_at && ask(&all, &mut chance);
        let Some(host) = all.get_mut(index as usize) else { continue };
        let then = match next {
            Next::Look if has_heard && host.looking.heeds(now) => {
                host.knows = true;
                (now.plus(host.retry.heard(&mut chance)), Next::Dial)
            }
            Next::Look => {
                host.looking.looked(now, &mut chance);
                (host.looking.next_at(now, &mut chance), Next::Look)
            }
            Next::Dial | Next::Renew => {
                if next == Next::Dial {
                    returns.push(now.since(back_at));
                }
                contacts.count(now);
                (now.plus(HEARTBEAT), Next::Renew)
            }
        };
        agenda.push(Reverse((then.0, then.1, index)));
    }
    Outcome::new(name, AWAY, hosts, &contacts, returns)
}

/// Whether one of a few others, whoever that is, knows.
fn ask(all: &[Host], chance: &mut Chance) -> bool {
    (0..ASKED).any(|_| all.get(chance.index(all.len())).is_some_and(|host| host.knows))
}
