//! Pieces on their way, part by part.

use manyhands_core::swarm::{self, PART_BYTES_MAX, PeerId};

use super::{Arrival, At, Event, LinkAt, World, link_of};

impl World {
    pub(super) fn start_line(&mut self, host: At) {
        let now_us = self.now_us;
        let Some(node) = self.node_mut(host) else { return };
        if let Some(at_us) = node.line.start(now_us) {
            self.agenda.put(at_us, (host, Event::LineFree));
        }
    }

    /// A part has been sent; it is on its way, and the next one begins.
    pub(super) fn line_free(&mut self, host: At) {
        let now_us = self.now_us;
        let Some(node) = self.node_mut(host) else { return };
        let is_bad = node.is_hostile();
        let Some((sent, bytes, is_last)) = node.line.finish() else {
            self.start_line(host);
            return;
        };
        let other = link_of(sent.to).and_then(|link| Some((link, self.other_end(host, link)?)));
        if let Some((link, other)) = other
            && let Some(receiver) = self.node_mut(other)
        {
            let arrival = Arrival { piece: sent.piece, part: sent.next_part, is_last, is_bad };
            let down_at_us = receiver.line.receive(now_us, bytes);
            let at_us = down_at_us + 1_000 * self.plan.latency.0;
            self.agenda.put(at_us, (other, Event::Part(link, arrival)));
        }
        self.handle(host, swarm::Event::Sent { to: sent.to, piece: sent.piece });
    }

    pub(super) fn part(&mut self, host: At, link: LinkAt, arrival: Arrival) {
        let Arrival { piece, part, is_last, is_bad } = arrival;
        let from = PeerId(u64::from(link));
        self.handle(host, swarm::Event::Part { from, piece, is_first: part == 0 });
        let Some(node) = self.node_mut(host) else { return };
        let bytes = node.exchange.geometry().bytes_of(piece).min(PART_BYTES_MAX);
        let known = node.parts.get(&(from, piece)).copied().unwrap_or(0);
        // A part of an upload that was cancelled meanwhile fits nothing.
        if !node.exchange.expects(from, piece) || known != part {
            node.parts.remove(&(from, piece));
            node.wasted_bytes += bytes;
            return;
        }
        if !is_last {
            node.parts.insert((from, piece), part + 1);
            return;
        }
        node.parts.remove(&(from, piece));
        if is_bad {
            node.wasted_bytes += node.exchange.geometry().bytes_of(piece);
            self.handle(host, swarm::Event::Corrupt { from, piece });
        } else {
            self.handle(host, swarm::Event::Arrived { from, piece });
        }
    }
}
