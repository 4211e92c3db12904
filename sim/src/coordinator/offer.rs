//! Work that appears is offered to hosts that wait for it, the longest waiting first, as the
//! coordinator does it: each is asked at most once for one offer.

use std::collections::BTreeMap;

use manyhands_core::command::{Command, Request};
use manyhands_core::id::HostId;
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::{Leased, Reply};
use manyhands_core::time::Timestamp;

use super::{Coordinator, Fault, confused};
use crate::message::Downlink;

/// Hosts that wait for work, in the order in which they began to wait.
#[derive(Debug, Default)]
pub struct Line {
    waiting: BTreeMap<u64, u32>,
    next_ticket: u64,
}

impl Line {
    /// Puts the host at `place` at the end; the ticket takes it out again.
    fn join(&mut self, place: u32) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiting.insert(ticket, place);
        ticket
    }

    /// Takes a host out.
    pub(super) fn leave(&mut self, ticket: u64) {
        self.waiting.remove(&ticket);
    }

    /// The host that waits longest, if it began to wait before `before`.
    fn next(&mut self, before: u64) -> Option<u32> {
        let first = self.waiting.first_entry()?;
        (*first.key() < before).then(|| first.remove())
    }
}

impl Coordinator {
    /// Offers about `count` leases to those who wait now.
    pub(super) fn offer(&mut self, count: u32, now: Timestamp) -> Result<(), Fault> {
        let before = self.line.next_ticket;
        let mut left = count;
        while left > 0
            && let Some(place) = self.line.next(before)
        {
            self.seat(place).ticket = None;
            let granted = self.serve(place, now)?;
            left = left.saturating_sub(granted);
        }
        Ok(())
    }

    /// Asks the engine for what a host wants, and lets it wait if that was not enough. Returns how
    /// many leases it got.
    pub(super) fn serve(&mut self, place: u32, now: Timestamp) -> Result<u32, Fault> {
        let seat = *self.seat(place);
        let Some(host) = seat.host.filter(|_| seat.connection > 0 && seat.want > 0) else {
            return Ok(0);
        };
        let request = Command::Request(Request { host, count: seat.want });
        match self.decide(request, now)? {
            None => Ok(0),
            Some(Reply::Leased(leased)) => Ok(self.granted(place, host, leased)),
            Some(Reply::Refused(Refusal::HostSuspended { .. })) => {
                self.close(place, true);
                Ok(0)
            }
            Some(Reply::Refused(refusal)) => Err(Fault::Refused { place, refusal }),
            Some(other) => Err(confused(other)),
        }
    }

    fn granted(&mut self, place: u32, host: HostId, leased: Leased) -> u32 {
        let granted = u16::try_from(leased.leases.len()).unwrap_or(u16::MAX);
        let seat = self.seat(place);
        seat.want = seat.want.saturating_sub(granted);
        if seat.want > 0 {
            let ticket = self.line.join(place);
            self.seat(place).ticket = Some(ticket);
        }
        if granted > 0 {
            self.send(host, Downlink::Leases(leased.leases));
        }
        granted.into()
    }
}
