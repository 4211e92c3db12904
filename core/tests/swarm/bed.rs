//! A few hosts and the wires between them. What is said on one wire stays in order; what is said on
//! different wires comes in any order.

use std::collections::{BTreeMap, VecDeque};

use manyhands_core::backoff::below;
use manyhands_core::swarm::{Effect, Event, Exchange, Fault, Message, PeerId, Pieces, Role, TICK};
use manyhands_core::time::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use crate::watch::Watch;

/// Something on a wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Said(Message),
    Part { piece: u32, is_first: bool, is_good: bool },
}

/// A host, and what it does beside its exchange.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) exchange: Exchange,
    pub(crate) is_here: bool,
    pub(crate) sends_bad_bytes: bool,
    pub(crate) is_origin: bool,
    /// How often it said that all is there.
    pub(crate) finished: usize,
    pub(crate) dropped: Vec<(PeerId, Fault)>,
}

/// Hosts and wires.
pub(crate) struct Bed {
    pub(crate) hosts: Vec<Host>,
    pub(crate) wires: BTreeMap<(usize, usize), VecDeque<Item>>,
    pub(crate) watch: Watch,
    pub(crate) now: Timestamp,
    pub(crate) rng: ChaCha8Rng,
}

impl Bed {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            hosts: Vec::new(),
            wires: BTreeMap::new(),
            watch: Watch::default(),
            now: Timestamp(0),
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    pub(crate) fn add(&mut self, exchange: Exchange) -> usize {
        self.hosts.push(Host {
            exchange,
            is_here: true,
            sends_bad_bytes: false,
            is_origin: false,
            finished: 0,
            dropped: Vec::new(),
        });
        self.hosts.len() - 1
    }

    pub(crate) fn chance(&mut self, bound: usize) -> usize {
        usize::try_from(below(bound as u64, &mut self.rng)).unwrap()
    }

    pub(crate) fn link(&mut self, a: usize, b: usize) {
        if a == b || self.wires.contains_key(&(a, b)) {
            return;
        }
        for (here, there) in [(a, b), (b, a)] {
            self.wires.insert((here, there), VecDeque::new());
        }
        for (here, there) in [(a, b), (b, a)] {
            let role = if self.hosts[there].is_origin { Role::Origin } else { Role::Peer };
            self.handle(here, Event::Joined { peer: peer(there), role });
        }
    }

    /// A host goes away without a word.
    pub(crate) fn leave(&mut self, host: usize) {
        self.hosts[host].is_here = false;
        for other in 0..self.hosts.len() {
            self.cut(other, host);
        }
    }

    fn cut(&mut self, here: usize, there: usize) {
        let was_linked = self.wires.remove(&(here, there)).is_some();
        self.wires.remove(&(there, here));
        if was_linked {
            self.watch.left(here, peer(there));
            self.watch.left(there, peer(here));
            self.handle(here, Event::Left(peer(there)));
            self.handle(there, Event::Left(peer(here)));
        }
    }

    /// Delivers one item of some wire, or lets a second pass when nothing is under way. Returns
    /// whether anything was under way.
    pub(crate) fn step(&mut self) -> bool {
        let full: Vec<(usize, usize)> =
            self.wires.iter().filter(|(_, items)| !items.is_empty()).map(|(w, _)| *w).collect();
        if full.is_empty() {
            self.tick();
            return false;
        }
        let wire = full[self.chance(full.len())];
        let item = self.wires.get_mut(&wire).unwrap().pop_front().unwrap();
        self.deliver(wire, item);
        true
    }

    pub(crate) fn tick(&mut self) {
        self.now = self.now.plus(TICK);
        for host in 0..self.hosts.len() {
            self.handle(host, Event::Tick);
        }
    }

    fn deliver(&mut self, (from, to): (usize, usize), item: Item) {
        let sender = peer(from);
        match item {
            Item::Said(message) => {
                self.watch.heard(to, sender, &message);
                self.handle(to, Event::Heard { peer: sender, message });
            }
            Item::Part { piece, is_first, is_good } => {
                self.handle(to, Event::Part { from: sender, piece, is_first });
                if is_first || !self.hosts[to].exchange.expects(sender, piece) {
                    return;
                }
                self.watch.ended(to, sender, piece);
                let event = match is_good {
                    true => Event::Arrived { from: sender, piece },
                    false => Event::Corrupt { from: sender, piece },
                };
                self.handle(to, event);
            }
        }
    }

    pub(crate) fn handle(&mut self, host: usize, event: Event) {
        if !self.hosts[host].is_here {
            return;
        }
        let effects = self.hosts[host].exchange.handle(event, self.now, &mut self.rng);
        let exchange = &self.hosts[host].exchange;
        self.watch.check(host, exchange, &effects);
        for effect in effects {
            self.perform(host, effect);
        }
    }

    fn perform(&mut self, host: usize, effect: Effect) {
        match effect {
            Effect::Tell { peer, message } => self.put(host, number(peer), Item::Said(message)),
            Effect::Upload { to, piece } => {
                let is_good = !self.hosts[host].sends_bad_bytes;
                for is_first in [true, false] {
                    self.put(host, number(to), Item::Part { piece, is_first, is_good });
                }
                self.handle(host, Event::Sent { to, piece });
            }
            Effect::Stop { to, piece } => {
                let is_of =
                    |item: &Item| matches!(item, Item::Part { piece: p, .. } if *p == piece);
                if let Some(wire) = self.wires.get_mut(&(host, number(to))) {
                    wire.retain(|item| !is_of(item));
                }
            }
            Effect::Drop { peer, fault } => {
                self.hosts[host].dropped.push((peer, fault));
                self.cut(host, number(peer));
            }
            Effect::Seek => {}
            Effect::Finished => self.hosts[host].finished += 1,
        }
    }

    fn put(&mut self, from: usize, to: usize, item: Item) {
        if let Some(wire) = self.wires.get_mut(&(from, to)) {
            wire.push_back(item);
        }
    }

    /// Runs until everybody has everything, for at most so many steps and seconds of silence.
    pub(crate) fn run(&mut self) {
        for _step in 0..200_000 {
            let is_done = |host: &Host| !host.is_here || host.exchange.held().is_full();
            if self.hosts.iter().all(is_done) || self.now > Timestamp(3_600_000) {
                return;
            }
            self.step();
        }
    }

    pub(crate) fn unfinished(&self) -> Vec<(usize, u32)> {
        let hosts = self.hosts.iter().enumerate().filter(|(_, host)| host.is_here);
        let missing = |host: &Host| host.exchange.held().count() - host.exchange.held().len();
        hosts.map(|(at, host)| (at, missing(host))).filter(|(_, missing)| *missing > 0).collect()
    }
}

/// How other hosts call this one.
pub(crate) fn peer(host: usize) -> PeerId {
    PeerId(host as u64)
}

fn number(peer: PeerId) -> usize {
    usize::try_from(peer.0).unwrap()
}

/// The set of these pieces.
pub(crate) fn set(count: u32, pieces: impl IntoIterator<Item = u32>) -> Pieces {
    let mut set = Pieces::none(count);
    for piece in pieces {
        set.insert(piece);
    }
    set
}
