//! How often strangers are dialled, so that a list of addresses is no weapon.

use std::collections::BTreeMap;

use super::super::address::{PeerAddress, Reach, Subnet};
use crate::time::{Span, Timestamp};

/// Dials at once, after a while without any.
const BURST: u64 = 4;
/// In the long run there is one dial in so long.
const EVERY: Span = Span::seconds(1);
/// and one in so long to a public subnet.
const SUBNET_EVERY: Span = Span::seconds(30);

/// What was dialled lately. It holds no more subnets than can be dialled in [`SUBNET_EVERY`].
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// If a dial costs [`EVERY`], all up to here is spent.
    spent_until: Option<Timestamp>,
    subnets: BTreeMap<Subnet, Timestamp>,
}

impl Pace {
    /// Whether any dial may be made now.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        let ahead = self.spent_until.map_or(Span::ZERO, |until| until.since(now));
        ahead.0 <= EVERY.0 * (BURST - 1)
    }

    /// Whether this one may be, if any.
    pub(super) fn allows(&self, address: &PeerAddress, now: Timestamp) -> bool {
        let last = self.subnets.get(&address.subnet());
        address.reach() != Reach::World || last.is_none_or(|at| now.since(*at) >= SUBNET_EVERY)
    }

    /// It is made.
    pub(super) fn spend(&mut self, address: &PeerAddress, now: Timestamp) {
        let from = self.spent_until.map_or(now, |until| until.max(now));
        self.spent_until = Some(from.plus(EVERY));
        self.subnets.retain(|_, at| now.since(*at) < SUBNET_EVERY);
        if address.reach() == Reach::World {
            self.subnets.insert(address.subnet(), now);
        }
    }
}
