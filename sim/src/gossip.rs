//! How quickly news reaches a swarm, and how often it comes twice.

use std::fmt;

use manyhands_core::digest::Digest;
use manyhands_core::key::{Key, Signature};
use manyhands_core::peer::gossip::{Event, Gossip, Message, News, Send, UNASKED, WANT_MAX};
use manyhands_core::time::{Span, Timestamp};

use crate::chance::Chance;
use crate::timeline::Timeline;

/// Each peer dials so many others, so it has twice as many neighbours on average.
const DIALS: usize = 4;
/// To so many peers the coordinator tells it.
const TOLD_FIRST: usize = 3;
/// One way between two peers, at least and at most.
const WAY_MIN: Span = Span(10);
const WAY_MAX: Span = Span(150);
/// The clock of the run does not begin at the world's beginning, so that nothing is old or early.
const START: Timestamp = Timestamp(1_000_000_000);
/// Nothing takes this long.
const END: Span = Span::minutes(2);

/// A swarm to try.
#[derive(Clone, Copy, Debug)]
struct Plan {
    name: &'static str,
    peers: usize,
    /// Peers that offer all that they hear of, and send nothing.
    silent: f64,
    /// Two halves that have no link until this long after the news.
    apart: Option<Span>,
    unasked: usize,
}

/// What was measured, of the peers that are not silent.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    plan: Plan,
    reached: f64,
    /// When 95 of 100 knew it, from the news or from the halves' first link; nothing if they never did.
    most: Option<Span>,
    /// How often the news came to a peer that it reached.
    copies: f64,
    /// Offers and wants that came to such a peer.
    notices: f64,
}

/// Some swarms, each with one piece of news.
#[derive(Clone, Debug)]
pub struct Table(Vec<Outcome>);

/// Lets news pass through swarms of this many peers.
#[must_use]
pub fn table(peers: usize, seed: u64) -> Table {
    let calm = Plan { name: "calm", peers, silent: 0.0, apart: None, unasked: UNASKED };
    let silent = Plan { name: "a tenth offers and sends nothing", silent: 0.1, ..calm };
    let apart = Plan { name: "halves apart for 30 s", apart: Some(Span::seconds(30)), ..calm };
    let ways = [0, 2, 3].map(|unasked| Plan { name: "calm", unasked, ..calm });
    let plans = [calm, silent, apart].into_iter().chain(ways);
    Table(plans.map(|plan| World::new(plan, seed).run()).collect())
}

/// What arrives.
#[derive(Debug)]
enum Arrival {
    Message { from: usize, to: usize, message: Message },
    Tick(usize),
    Meet,
}

#[derive(Debug)]
struct World {
    plan: Plan,
    chance: Chance,
    hosts: Vec<Gossip>,
    is_silent: Vec<bool>,
    learned_at: Vec<Option<Timestamp>>,
    agenda: Timeline<Timestamp, Arrival>,
    copies: u64,
    notices: u64,
}

impl World {
    fn new(plan: Plan, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let is_silent = (0..plan.peers).map(|_| chance.happens(plan.silent)).collect();
        let mut world = Self {
            plan,
            chance,
            hosts: (0..plan.peers).map(|_| Gossip::new(plan.unasked)).collect(),
            is_silent,
            learned_at: vec![None; plan.peers],
            agenda: Timeline::default(),
            copies: 0,
            notices: 0,
        };
        world.link_all();
        world
    }

    fn link_all(&mut self) {
        let half = self.plan.peers / 2;
        for a in 0..self.plan.peers {
            for _ in 0..DIALS {
                let b = match self.plan.apart {
                    None => self.chance.index(self.plan.peers),
                    Some(_) if a < half => self.chance.index(half),
                    Some(_) => half + self.chance.index(self.plan.peers - half),
                };
                if a != b {
                    self.link(START, a, b);
                }
            }
        }
    }

    fn link(&mut self, now: Timestamp, a: usize, b: usize) {
        self.happens(now, a, Event::Joined(key(b)));
        self.happens(now, b, Event::Joined(key(a)));
    }

    fn run(mut self) -> Outcome {
        let news = news();
        for at in 0..self.plan.peers {
            self.agenda.put(START.plus(WANT_MAX), Arrival::Tick(at));
        }
        if let Some(apart) = self.plan.apart {
            self.agenda.put(START.plus(apart), Arrival::Meet);
        }
        for _ in 0..TOLD_FIRST {
            let first = self.chance.index(self.plan.peers / 2);
            self.happens(START, first, Event::Found(news.clone()));
        }
        while let Some((at, arrival)) = self.agenda.take() {
            if at > START.plus(END) {
                break;
            }
            match arrival {
                Arrival::Message { from, to, message } => self.arrives(at, from, to, message),
                Arrival::Tick(host) => {
                    let sends = self.hosts[host].tick(at);
                    self.send(at, host, sends);
                    self.agenda.put(at.plus(WANT_MAX), Arrival::Tick(host));
                }
                Arrival::Meet => self.meet(at),
            }
        }
        self.outcome()
    }

    /// One in a hundred peers finds a neighbour in the other half.
    fn meet(&mut self, now: Timestamp) {
        let half = self.plan.peers / 2;
        for _ in 0..self.plan.peers.div_ceil(100) {
            let (a, b) = (self.chance.index(half), half + self.chance.index(half));
            self.link(now, a, b);
        }
    }

    fn arrives(&mut self, now: Timestamp, from: usize, to: usize, message: Message) {
        if !self.is_silent[to] {
            match message {
                Message::Tell(_) => self.copies += 1,
                Message::Offer(_) | Message::Want(_) => self.notices += 1,
            }
        }
        self.happens(now, to, Event::Heard { from: key(from), message });
    }

    fn happens(&mut self, now: Timestamp, at: usize, event: Event) {
        let sends = self.hosts[at].handle(event, now, &mut self.chance);
        if self.learned_at[at].is_none() && self.hosts[at].news().next().is_some() {
            self.learned_at[at] = Some(now);
        }
        self.send(now, at, sends);
    }

    fn send(&mut self, now: Timestamp, from: usize, sends: Vec<Send>) {
        for Send { to, message } in sends {
            let message = match message {
                // Told to nobody, so that those who are offered it wait in vain.
                Message::Tell(news) if self.is_silent[from] => Message::Offer(vec![news.id()]),
                message => message,
            };
            let way = WAY_MIN.0 + self.chance.up_to(Span(WAY_MAX.0 - WAY_MIN.0)).0;
            self.agenda
                .put(now.plus(Span(way)), Arrival::Message { from, to: index(&to), message });
        }
    }

    fn outcome(self) -> Outcome {
        let from = START.plus(self.plan.apart.unwrap_or(Span::ZERO));
        let honest = || self.learned_at.iter().zip(&self.is_silent).filter(|(_, silent)| !**silent);
        let sum = honest().count();
        let mut learned: Vec<Span> =
            honest().filter_map(|(at, _)| Some(at.as_ref()?.since(from))).collect();
        learned.sort_unstable();
        let most = (sum * 95).div_ceil(100).saturating_sub(1);
        let reached = learned.len().max(1) as f64;
        Outcome {
            plan: self.plan,
            reached: learned.len() as f64 / sum.max(1) as f64,
            most: learned.get(most).copied(),
            copies: self.copies as f64 / reached,
            notices: self.notices as f64 / reached,
        }
    }
}

fn news() -> News {
    let coordinator = Key([200; 32]);
    let blobs = vec![Digest([1; 32])];
    News::new(Key([9; 32]), coordinator, blobs, START, Signature([0; 64]))
        .expect("it names one blob")
}

fn key(index: usize) -> Key {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(index as u64).to_be_bytes());
    Key(bytes)
}

fn index(key: &Key) -> usize {
    let [a, b, c, d, e, f, g, h, ..] = *key.as_bytes();
    usize::try_from(u64::from_be_bytes([a, b, c, d, e, f, g, h])).unwrap_or(usize::MAX)
}

impl fmt::Display for Table {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            to,
            "{:>6} {:>8} {:>9} {:>8} {:>7} {:>8}  swarm",
            "peers", "unasked", "reached", "95 %", "copies", "notices"
        )?;
        for Outcome { plan, reached, most, copies, notices } in &self.0 {
            let most = most.map_or("never".to_owned(), |most| format!("{} ms", most.0));
            let Plan { peers, unasked, name, .. } = plan;
            let reached = reached * 100.0;
            writeln!(
                to,
                "{peers:>6} {unasked:>8} {reached:>7.1} % {most:>8} {copies:>7.2} {notices:>8.1}  {name}"
            )?;
        }
        let most = |at: usize| {
            self.0.get(at).and_then(|it| it.most).map_or(f64::INFINITY, |it| it.0 as f64 / 1_000.0)
        };
        let copies = self.0.first().map_or(f64::NAN, |it| it.copies);
        writeln!(to, "figure gossip_95_s {:.2} s", most(0))?;
        writeln!(to, "figure gossip_95_silent_s {:.2} s", most(1))?;
        writeln!(to, "figure gossip_95_after_merge_s {:.2} s", most(2))?;
        writeln!(to, "figure gossip_copies {copies:.2} x")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bounds that are promised for 500 peers, whatever the seed.
    #[test]
    fn news_reaches_five_hundred_in_seconds_and_seldom_twice() {
        for seed in 1..4 {
            for outcome in table(500, seed).0.iter().take(3) {
                assert!(outcome.most.is_some_and(|it| it <= Span::seconds(5)), "{outcome:?}");
                assert!(outcome.copies <= 3.0, "{outcome:?}");
            }
        }
    }
}
