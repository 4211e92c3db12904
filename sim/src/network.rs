//! The network: messages are late, lost, doubled and overtake each other, until all is calm.

use manyhands_core::time::Span;

use crate::chance::Chance;
use crate::scenario::NetworkPlan;

/// What lies between hosts and coordinator.
#[derive(Debug)]
pub struct Network {
    plan: NetworkPlan,
    chance: Chance,
    is_calm: bool,
    /// Messages sent, those that were lost included.
    pub sent: u64,
    /// Messages that never arrived.
    pub lost: u64,
}

impl Network {
    /// A network that behaves as planned.
    #[must_use]
    pub fn new(plan: NetworkPlan, chance: Chance) -> Self {
        Self { plan, chance, is_calm: false, sent: 0, lost: 0 }
    }

    /// From now on nothing is lost, doubled or late.
    pub fn calm(&mut self) {
        self.is_calm = true;
    }

    /// How long one message takes; nothing if it is lost, twice if it is doubled.
    pub fn send(&mut self) -> impl Iterator<Item = Span> + use<> {
        self.sent += 1;
        if self.happens(self.plan.lost.get()) {
            self.lost += 1;
            return [None, None].into_iter().flatten();
        }
        let first = Some(self.delay());
        let second = self.happens(self.plan.duplicated.get()).then(|| self.delay());
        [first, second].into_iter().flatten()
    }

    fn delay(&mut self) -> Span {
        let mut delay = self.plan.latency.span().0 + self.chance.up_to(self.plan.jitter.span()).0;
        if self.happens(self.plan.late.get()) {
            delay += self.chance.up_to(self.plan.late_by.span()).0;
        }
        Span(delay)
    }

    fn happens(&mut self, probability: f64) -> bool {
        !self.is_calm && self.chance.happens(probability)
    }
}
