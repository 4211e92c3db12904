//! Who is linked to whom, and how they find each other.

use manyhands_core::swarm::{self, PeerId, Role};

use super::{At, Event, LinkAt, NAMED_MAX, ORIGIN, World};

impl World {
    /// The tracker names a few peers, and the origin; they are dialled.
    pub(super) fn seek(&mut self, host: At) {
        self.dial(host, ORIGIN);
        let all = self.nodes.len();
        for _try in 0..3 * NAMED_MAX {
            let named = self.node(host).map_or(0, |node| node.links.len());
            if named > NAMED_MAX {
                break;
            }
            let other = u32::try_from(self.chance.index(all)).unwrap_or(0);
            self.dial(host, other);
        }
    }

    pub(super) fn dial(&mut self, host: At, other: At) {
        let (Some(mine), Some(theirs)) = (self.node(host), self.node(other)) else { return };
        let is_possible = theirs.is_reachable && theirs.is_here && mine.is_here;
        // A host that was banned by the other side is not let in.
        let is_new = host != other && !mine.knows(other) && !theirs.knows(host);
        if !is_possible || !is_new {
            return;
        }
        let link = u32::try_from(self.links.len()).unwrap_or(u32::MAX);
        self.links.push(Some([host, other]));
        let at_us = self.now_us + 2_000 * self.plan.latency.0;
        for (end, far) in [(host, other), (other, host)] {
            if let Some(node) = self.node_mut(end) {
                node.links.insert(link, far);
            }
            self.agenda.put(at_us, (end, Event::Linked(link)));
        }
    }

    pub(super) fn linked(&mut self, host: At, link: LinkAt) {
        let Some(other) = self.other_end(host, link) else { return };
        let role = if other == ORIGIN { Role::Origin } else { Role::Peer };
        self.handle(host, swarm::Event::Joined { peer: PeerId(u64::from(link)), role });
    }

    pub(super) fn other_end(&self, host: At, link: LinkAt) -> Option<At> {
        let ends = (*self.links.get(usize::try_from(link).ok()?)?)?;
        ends.into_iter().find(|end| *end != host)
    }

    /// Ends a link; the other side hears of it.
    pub(super) fn cut(&mut self, host: At, link: LinkAt) {
        let other = self.other_end(host, link);
        if let Ok(at) = usize::try_from(link)
            && let Some(ends) = self.links.get_mut(at)
        {
            *ends = None;
        }
        self.let_go(host, link);
        if let Some(other) = other {
            let at_us = self.now_us + 1_000 * self.plan.latency.0;
            self.agenda.put(at_us, (other, Event::Unlinked(link)));
        }
    }

    pub(super) fn unlinked(&mut self, host: At, link: LinkAt) {
        self.let_go(host, link);
        self.handle(host, swarm::Event::Left(PeerId(u64::from(link))));
    }

    pub(super) fn let_go(&mut self, host: At, link: LinkAt) {
        let Some(node) = self.node_mut(host) else { return };
        node.links.remove(&link);
        let peer = PeerId(u64::from(link));
        node.line.stop_all(peer);
        node.parts.retain(|(from, _), _| *from != peer);
    }
}
