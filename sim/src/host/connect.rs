//! The connection to the coordinator: dial, greet, try again.

use manyhands_core::id::HostId;
use manyhands_core::time::{Span, Timestamp};

use super::power::Power;
use super::{Around, Host};
use crate::message::Uplink;
use crate::scenario::Time;

/// How long a host waits for an answer before it says it again.
pub(super) const ANSWER_MS: Span = Span::seconds(30);

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// There is none.
    None {
        /// When to try.
        dial_at: Timestamp,
    },
    /// The host said Hello.
    Dialing {
        /// How long it waits for a Welcome.
        until: Timestamp,
    },
    /// It is open.
    Up,
}

impl Host {
    /// Opens the connection, if it is time.
    pub(super) fn connect(&mut self, around: &mut Around<'_>) {
        match self.link {
            Link::None { dial_at } if dial_at <= around.now => {}
            Link::Dialing { until } if until <= around.now => return self.disconnected(around),
            Link::None { .. } | Link::Dialing { .. } | Link::Up => return,
        }
        self.connection += 1;
        self.wished = 0;
        self.link = Link::Dialing { until: around.now.plus(ANSWER_MS) };
        let held = self.held.iter().filter(|held| !held.is_chosen());
        let held = held.map(|held| held.replica).collect();
        around.out.push(Uplink::Hello { key: self.key(), held });
    }

    /// The connection is open: whatever was not acknowledged is told again.
    pub(super) fn welcomed(&mut self, id: HostId, around: &mut Around<'_>) {
        if self.id.is_none() {
            around.tally.identities += 1;
        }
        self.id = Some(id);
        self.link = Link::Up;
        self.retry.worked();
        self.choosing.begins_anew();
        self.beat_at = around.now.plus(self.chance.up_to(around.heartbeat));
        self.forget_sent();
    }

    /// The connection has ended, or could not be opened.
    pub(super) fn disconnected(&mut self, around: &Around<'_>) {
        let pause = self.retry.failed(&mut self.chance);
        self.link = Link::None { dial_at: around.now.plus(pause) };
        self.wished = 0;
    }

    /// It gets no work under this identity for some time or ever. Most wait, or leave; a liar may come
    /// back as somebody else.
    pub(super) fn suspended(&mut self, rest: Option<Span>, around: &mut Around<'_>) {
        around.tally.suspended += 1;
        let returns_after = around.population.attack.returns_after;
        let Some(pause) = returns_after.map(Time::span).or(rest) else {
            return self.leave(around);
        };
        self.forget_all(around);
        if let Some(ring) = around.rings.of(self.population.into(), self.place) {
            ring.forget(self.place);
        }
        if returns_after.is_some() {
            self.rebirths += 1;
            self.id = None;
        }
        self.accepted = 0;
        self.gambled = 0;
        self.wished = 0;
        self.power = Power::On { until: self.leaves_at };
        self.link = Link::None { dial_at: around.now.plus(pause) };
    }
}
