//! Work that appears is offered to hosts that wait for it, the longest waiting first, as the
//! coordinator does it: each is asked at most once for one offer. A host for which the engine could not
//! look at everything looks again: nobody will call for work that is there already.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use manyhands_core::command::{Command, Request};
use manyhands_core::id::HostId;
use manyhands_core::outlook::Outlook;
use manyhands_core::refusal::Refusal;
use manyhands_core::reply::{Leased, Reply};
use manyhands_core::time::Timestamp;
use manyhands_core::unseen::{self, Looking};

use super::{Coordinator, Fault, Outgoing, confused};
use crate::message::{Downlink, Ending};

/// Hosts for which the engine could not look at everything, by their places. They are few.
#[derive(Debug, Default)]
pub struct Looks(BTreeMap<u32, Look>);

#[derive(Clone, Copy, Debug, Default)]
struct Look {
    looking: Looking,
    /// When it looks again.
    at: Option<Timestamp>,
}

impl Looks {
    /// The host got something, or is gone.
    pub(super) fn forget(&mut self, place: u32) {
        self.0.remove(&place);
    }

    /// The host asks now, whatever it had planned.
    fn ask(&mut self, place: u32) {
        if let Some(look) = self.0.get_mut(&place) {
            look.at = None;
        }
    }

    /// Whether the host is to look now.
    fn is_due(&self, place: u32, now: Timestamp) -> bool {
        self.0.get(&place).is_some_and(|look| look.at == Some(now))
    }

    /// The host looked in vain and not everywhere. When it is to look again: at once the first time.
    fn missed(&mut self, place: u32, now: Timestamp) -> Option<Timestamp> {
        let look = self.0.entry(place).or_default();
        look.at = look.looking.missed().map(|wait| now.plus(wait));
        look.at
    }
}

/// Hosts that wait for work, in the order in which they began to wait.
#[derive(Debug)]
pub struct Line {
    waiting: BTreeMap<NonZeroU64, u32>,
    next_ticket: NonZeroU64,
}

impl Default for Line {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), next_ticket: NonZeroU64::MIN }
    }
}

impl Line {
    /// Puts the host at `place` at the end; the ticket takes it out again.
    fn join(&mut self, place: u32) -> NonZeroU64 {
        let ticket = self.next_ticket;
        self.next_ticket = ticket.saturating_add(1);
        self.waiting.insert(ticket, place);
        ticket
    }

    /// Takes a host out.
    pub(super) fn leave(&mut self, ticket: NonZeroU64) {
        self.waiting.remove(&ticket);
    }

    /// The host that waits longest, if it began to wait before `before`.
    fn next(&mut self, before: NonZeroU64) -> Option<u32> {
        let first = self.waiting.first_entry()?;
        (*first.key() < before).then(|| first.remove())
    }
}

impl Coordinator {
    /// It is a host's turn: it gets one lease more than it wanted.
    pub(super) fn call(&mut self, host: HostId, now: Timestamp) -> Result<(), Fault> {
        let Some(place) = self.place(host) else { return Ok(()) };
        if self.seat(place).host != Some(host) {
            return Ok(());
        }
        self.leave_line(place);
        let seat = self.seat(place);
        seat.want = seat.want.saturating_add(1);
        self.serve(place, now).map(drop)
    }

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

    /// A host looks again, if it still wants to.
    ///
    /// # Errors
    /// If the engine does what it must not.
    pub fn look(&mut self, place: u32, now: Timestamp) -> Result<(), Fault> {
        if self.looks.is_due(place, now) {
            self.leave_line(place);
            self.serve(place, now)?;
        }
        self.do_effects(now)
    }

    /// Asks the engine for what a host wants until it gets no more, and lets it wait if that was not
    /// enough. Returns how many leases it got.
    pub(super) fn serve(&mut self, place: u32, now: Timestamp) -> Result<u32, Fault> {
        let mut sum: u32 = 0;
        loop {
            let before = sum;
            let asks_again = match self.ask(place, now)? {
                None => false,
                Some((host, leased)) => {
                    sum = sum.saturating_add(self.granted(place, &leased));
                    let has_unseen = unseen::is_some_left(leased.idle);
                    if sum > before {
                        self.send(host, Downlink::Leases(leased.leases));
                    }
                    self.seat(place).want > 0
                        && (sum > before || self.waits(place, has_unseen, now))
                }
            };
            if !asks_again {
                return Ok(sum);
            }
        }
    }

    /// One request for all that a host wants; nothing if it wants nothing, or is not there any more.
    fn ask(&mut self, place: u32, now: Timestamp) -> Result<Option<(HostId, Leased)>, Fault> {
        let seat = *self.seat(place);
        let Some(host) = seat.host.filter(|_| seat.connection > 0 && seat.want > 0) else {
            return Ok(None);
        };
        self.looks.ask(place);
        let outlook = self.outlooks.get(&place).copied().unwrap_or(Outlook::ALWAYS);
        let request = Request { host, count: seat.want, block: seat.block, outlook };
        let request = Command::Request(request);
        match self.decide(request, now)? {
            None => Ok(None),
            Some(Reply::Leased(leased)) => Ok(Some((host, leased))),
            Some(Reply::Refused(Refusal::HostSuspended { rest, .. })) => {
                self.close(place, Ending::Suspended { rest });
                Ok(None)
            }
            Some(Reply::Refused(refusal)) => Err(Fault::Refused { place, refusal }),
            Some(other) => Err(confused(other)),
        }
    }

    fn granted(&mut self, place: u32, leased: &Leased) -> u32 {
        let granted = u16::try_from(leased.leases.len()).unwrap_or(u16::MAX);
        let seat = self.seat(place);
        seat.want = seat.want.saturating_sub(granted);
        if granted > 0 {
            self.looks.forget(place);
        }
        granted.into()
    }

    /// There was nothing for a host: whether it looks again at once. Else it waits in line, and may
    /// look again later.
    fn waits(&mut self, place: u32, has_unseen: bool, now: Timestamp) -> bool {
        let look_at = if has_unseen {
            let Some(at) = self.looks.missed(place, now) else { return true };
            Some(at)
        } else {
            self.looks.forget(place);
            None
        };
        let ticket = self.line.join(place);
        self.seat(place).ticket = Some(ticket);
        self.out.extend(look_at.map(|at| Outgoing::Look { place, at }));
        false
    }
}
