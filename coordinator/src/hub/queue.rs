//! Hosts that wait for work, in the order in which they began to wait.
//!
//! When work appears it is offered to as many hosts as it takes, the longest waiting first, not to
//! all: a thousand idle hosts and one free unit cost one question to the engine. A host that
//! cannot use its share passes it on to those who waited before the offer was made, so that each
//! of them is asked at most once for one offer and none is passed over.

use std::collections::BTreeMap;

use manyhands_core::id::HostId;

/// Work that a host may ask for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    /// About how many leases.
    pub(crate) share: u32,
    /// Only those who began to wait before this may still get it.
    pub(super) before: u64,
}

/// The line of waiting hosts.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<u64, (HostId, u32)>,
    next_ticket: u64,
}

impl Queue {
    /// Puts a host that would take `want` leases at the end; the ticket takes it out again.
    pub(super) fn join(&mut self, host: HostId, want: u32) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiting.insert(ticket, (host, want));
        ticket
    }

    /// Takes a host out.
    pub(super) fn leave(&mut self, ticket: u64) {
        self.waiting.remove(&ticket);
    }

    /// New work, for everyone who waits now.
    pub(super) fn offer(&self, share: u32) -> Offer {
        Offer { share, before: self.next_ticket }
    }

    /// The next host for what is left of an offer; its own part of it, and the rest.
    pub(super) fn next(&mut self, offer: Offer) -> Option<(HostId, Offer, Offer)> {
        let ticket = *self.waiting.keys().next()?;
        if offer.share == 0 || ticket >= offer.before {
            return None;
        }
        let (host, want) = self.waiting.remove(&ticket)?;
        let part = want.min(offer.share);
        let rest = offer.share - part;
        Some((host, Offer { share: part, ..offer }, Offer { share: rest, ..offer }))
    }
}
