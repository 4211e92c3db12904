//! A swarm's run: one event after the other.

mod links;
mod transfer;

use manyhands_core::swarm::{
    self, Effect, Exchange, Fault, Geometry, GeometryError, Message, PeerId, Pieces, TICK,
};
use manyhands_core::time::Timestamp;

use super::agenda::{Agenda, Arrival, At, Event, LinkAt};
use super::line::Line;
use super::node::{Nature, Node};
use super::outcome::Outcome;
use super::plan::Plan;
use crate::chance::Chance;

/// The origin's place.
const ORIGIN: At = 0;

/// Peers that a tracker names at once.
const NAMED_MAX: usize = 8;

/// A run that takes so many times the bound has failed.
const PATIENCE: f64 = 50.0;

struct World {
    plan: Plan,
    nodes: Vec<Node>,
    /// The two ends of each link, while it lives.
    links: Vec<Option<[At; 2]>>,
    agenda: Agenda,
    chance: Chance,
    now_us: u64,
    /// Peers that should finish and have not.
    waiting: u32,
    caught: Vec<At>,
    events: u64,
}

/// Runs a swarm until all that should have the blob have it, or much too much time is over.
///
/// # Errors
/// If the blob's size is not for a swarm.
pub fn run(plan: &Plan, seed: u64) -> Result<Outcome, GeometryError> {
    let geometry = Geometry::new(plan.size_bytes)?;
    let mut world = World::new(*plan, geometry, &Chance::new(seed));
    let limit_us = micros(plan.bound_s() * PATIENCE);
    while world.waiting > 0
        && let Some((at_us, (host, event))) = world.agenda.take()
        && at_us <= limit_us
    {
        world.now_us = at_us;
        world.events += 1;
        world.happen(host, event);
    }
    Ok(world.outcome())
}

impl World {
    fn new(plan: Plan, geometry: Geometry, chance: &Chance) -> Self {
        let mut world = Self {
            plan,
            nodes: Vec::new(),
            links: Vec::new(),
            agenda: Agenda::default(),
            chance: chance.stream(0),
            now_us: 0,
            waiting: 0,
            caught: Vec::new(),
            events: 0,
        };
        let origin = Line::new(plan.origin_up, plan.down);
        let mut origin =
            Node::new(Nature::Origin, Exchange::origin(geometry), origin, chance.stream(1));
        origin.is_here = true;
        world.nodes.push(origin);
        world.agenda.put(0, (ORIGIN, Event::Tick));
        let hostile = share(plan.peers, plan.poisoners);
        for number in 0..plan.peers + hostile {
            world.populate(number, geometry, chance.stream(2 + u64::from(number)));
        }
        world
    }

    fn populate(&mut self, number: u32, geometry: Geometry, mut chance: Chance) {
        let plan = self.plan;
        let at = number + 1;
        let leaving = share(plan.peers, plan.leaving);
        let nature = match number.checked_sub(plan.peers) {
            Some(hostile) if hostile % 2 == 0 => Nature::Boaster,
            Some(_) => Nature::Sleeper,
            None if number < leaving => Nature::Leaving,
            None => Nature::Honest,
        };
        let pieces = geometry.pieces();
        let is_boaster = nature == Nature::Boaster;
        let held = if is_boaster { Pieces::all(pieces) } else { Pieces::none(pieces) };
        let arrives_at_us = 1_000 * chance.up_to(plan.arrival).0;
        let leaves_at_us = micros(plan.bound_s() * chance.fraction());
        let line = Line::new(plan.up, plan.down);
        let mut node = Node::new(nature, Exchange::peer(geometry, held), line, chance);
        // Of those that stay and those that leave, each share can only dial out.
        node.is_reachable = number % 100 >= share(100, plan.dial_out) || number >= plan.peers;
        if plan.peers < 100 {
            node.is_reachable = number >= share(plan.peers, plan.dial_out);
        }
        self.agenda.put(arrives_at_us, (at, Event::Arrive));
        match nature {
            Nature::Honest => self.waiting += 1,
            Nature::Leaving => {
                self.agenda.put(arrives_at_us.max(leaves_at_us) + 1, (at, Event::Leave));
            }
            Nature::Origin | Nature::Boaster | Nature::Sleeper => {}
        }
        self.nodes.push(node);
    }

    fn outcome(&self) -> Outcome {
        let staying = || self.nodes.iter().filter(|node| node.nature == Nature::Honest);
        let mut times: Vec<u64> = staying().filter_map(|node| node.finished_at_us).collect();
        times.sort_unstable();
        let seconds = |at_us: Option<&u64>| at_us.map_or(f64::NAN, |at_us| *at_us as f64 / 1e6);
        Outcome {
            plan: self.plan,
            staying: u32::try_from(staying().count()).unwrap_or(u32::MAX),
            finished: u32::try_from(times.len()).unwrap_or(u32::MAX),
            median_s: seconds(times.get(times.len() / 2)),
            last_s: seconds(times.last()),
            origin_bytes: self.node(ORIGIN).map_or(0, |origin| origin.line.sent_bytes),
            wasted_bytes: staying().map(|node| node.wasted_bytes).sum(),
            caught: u32::try_from(self.caught.len()).unwrap_or(u32::MAX),
            hostile: share(self.plan.peers, self.plan.poisoners),
            events: self.events,
        }
    }

    fn node(&self, at: At) -> Option<&Node> {
        self.nodes.get(usize::try_from(at).ok()?)
    }

    fn node_mut(&mut self, at: At) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(at).ok()?)
    }

    fn happen(&mut self, host: At, event: Event) {
        match event {
            Event::Arrive => self.arrive(host),
            Event::Leave => self.leave(host),
            Event::Tick => {
                self.agenda.put(self.now_us + 1_000 * TICK.0, (host, Event::Tick));
                self.handle(host, swarm::Event::Tick);
            }
            Event::LineFree => self.line_free(host),
            Event::Linked(link) => self.linked(host, link),
            Event::Unlinked(link) => self.unlinked(host, link),
            Event::Said(link, message) => {
                let peer = PeerId(u64::from(link));
                self.handle(host, swarm::Event::Heard { peer, message: *message });
            }
            Event::Part(link, arrival) => self.part(host, link, arrival),
            Event::Accused { by, host: accused } => self.accused(host, by, accused),
        }
    }

    fn arrive(&mut self, host: At) {
        let tick_at_us = self.now_us + self.chance.below(1_000 * TICK.0);
        self.agenda.put(tick_at_us, (host, Event::Tick));
        if let Some(node) = self.node_mut(host) {
            node.is_here = true;
        }
        self.seek(host);
    }

    fn leave(&mut self, host: At) {
        let Some(node) = self.node_mut(host) else { return };
        node.is_here = false;
        let links: Vec<LinkAt> = node.links.keys().copied().collect();
        links.into_iter().for_each(|link| self.cut(host, link));
    }

    /// Lets a host's exchange take note of something, and does what it says.
    fn handle(&mut self, host: At, event: swarm::Event) {
        let now = Timestamp(self.now_us / 1_000);
        let Some(node) = self.node_mut(host).filter(|node| node.is_here) else { return };
        let effects = node.exchange.handle(event, now, &mut node.chance);
        for effect in effects {
            self.perform(host, effect);
        }
        self.start_line(host);
    }

    fn perform(&mut self, host: At, effect: Effect) {
        match effect {
            Effect::Tell { peer, message } => self.tell(host, peer, message),
            Effect::Upload { to, piece } => {
                let Some(node) = self.node_mut(host) else { return };
                let bytes = node.exchange.geometry().bytes_of(piece);
                node.line.begin(to, piece, bytes);
            }
            Effect::Stop { to, piece } => {
                if let Some(node) = self.node_mut(host) {
                    node.line.stop(to, piece);
                }
            }
            Effect::Drop { peer, fault } => self.drop_peer(host, peer, fault),
            Effect::Seek => self.seek(host),
            Effect::Finished => self.finished(host),
        }
    }

    fn tell(&mut self, host: At, peer: PeerId, message: Message) {
        let Some(link) = link_of(peer) else { return };
        let Some(other) = self.other_end(host, link) else { return };
        let now_us = self.now_us;
        let leaves_at_us = self.node(host).map_or(now_us, |node| node.line.says_at(now_us));
        let at_us = leaves_at_us + 1_000 * self.plan.latency.0;
        self.agenda.put(at_us, (other, Event::Said(link, Box::new(message))));
    }

    fn drop_peer(&mut self, host: At, peer: PeerId, fault: Fault) {
        let Some(link) = link_of(peer) else { return };
        if fault.is_blamed()
            && let Some(other) = self.other_end(host, link)
        {
            if let Some(node) = self.node_mut(host) {
                node.banned.push(other);
            }
            if !self.caught.contains(&other) {
                self.caught.push(other);
            }
            let at_us = self.now_us + 1_000 * self.plan.latency.0;
            self.agenda.put(at_us, (ORIGIN, Event::Accused { by: host, host: other }));
        }
        self.cut(host, link);
    }

    fn accused(&mut self, host: At, by: At, accused: At) {
        let Some(node) = self.node(host) else { return };
        let peer = |of: At| {
            let link = node.links.iter().find(|(_, at)| **at == of).map(|(link, _)| *link);
            link.map(|link| PeerId(u64::from(link)))
        };
        if let (Some(by), Some(peer)) = (peer(by), peer(accused)) {
            self.handle(host, swarm::Event::Accused { by, peer });
        }
    }

    fn finished(&mut self, host: At) {
        let now_us = self.now_us;
        let Some(node) = self.node_mut(host) else { return };
        node.finished_at_us = Some(now_us);
        if node.nature == Nature::Honest {
            self.waiting -= 1;
        }
    }
}

fn link_of(peer: PeerId) -> Option<LinkAt> {
    u32::try_from(peer.0).ok()
}

/// So many of `of`, rounded.
fn share(of: u32, share: f64) -> u32 {
    rounded(f64::from(of) * share)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and no share is negative"
)]
fn rounded(number: f64) -> u32 {
    number.round() as u32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and no time is negative"
)]
fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}
