//! What a worker still wants, and when to ask the desk for it.

use std::time::Duration;

use manyhands_core::unseen::Looking;
use tokio::time::Instant;

use crate::hub::{Offer, Parked, Seat};

/// A worker's standing wish.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// Leases that the worker would still take.
    pub(super) want: u32,
    /// Whether the desk is being asked.
    is_asking: bool,
    /// The offer on which the desk is being asked.
    offer: Option<Offer>,
    looking: Looking,
    look_at: Option<Instant>,
}

impl Wishes {
    /// How many leases to ask the desk for, if it is to be asked now.
    pub(super) fn ask(&mut self) -> Option<u16> {
        self.look_at = None;
        if !self.may_ask() {
            return None;
        }
        self.is_asking = true;
        Some(u16::try_from(self.want).unwrap_or(u16::MAX))
    }

    /// Whether there is something to ask for, and the desk is not being asked.
    pub(super) fn may_ask(&self) -> bool {
        self.want > 0 && !self.is_asking
    }

    /// The desk granted so many.
    pub(super) fn granted(&mut self, seat: &Seat, granted: u32) {
        self.is_asking = false;
        self.want = self.want.saturating_sub(granted);
        if granted > 0 {
            self.looking.ends();
        }
        if let Some(offer) = self.offer.take() {
            seat.pass_on(offer, granted);
        }
    }

    /// Work is offered: it is taken up, or passed on by a host that can do nothing with it.
    pub(super) fn take_up(&mut self, seat: &Seat, offer: Offer) {
        if !self.may_ask() {
            seat.pass_on(offer, 0);
        } else {
            self.offer = Some(offer);
        }
    }

    /// There was no work at `epoch`: waits in line. True if the desk is to be asked again at once,
    /// because some appeared since, or because there is some that it could not look at or may not give yet
    /// (`has_unseen`): nobody will call for work that is there already.
    ///
    /// Where work for others appears all the time, that would be true all the time; so looks become rarer.
    pub(super) fn wait(&mut self, seat: &Seat, epoch: u64, has_unseen: bool) -> bool {
        if self.want == 0 {
            return false;
        }
        if seat.park(self.want, epoch) == Parked::Waiting && !has_unseen {
            self.looking.ends();
            return false;
        }
        let wait = self.looking.missed();
        self.look_at = wait.map(|wait| Instant::now() + Duration::from_millis(wait.0));
        wait.is_none()
    }

    /// Waits until it is time for another look; for ever, if there is none to be taken.
    pub(super) async fn another_look(&self) {
        match self.look_at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// The worker goes away: what it was offered is for others.
    pub(super) fn give_up(&mut self, seat: &Seat) {
        if let Some(offer) = self.offer.take() {
            seat.pass_on(offer, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use manyhands_core::effect::Effect;
    use manyhands_core::id::{HostId, JobId};

    use super::*;
    use crate::hub::Hub;

    fn work(hub: &Arc<Hub>) {
        hub.release(vec![Effect::WorkReady { job: JobId(1), count: 1 }]);
    }

    #[test]
    fn a_host_for_which_no_work_fits_asks_ever_more_rarely() {
        let hub = Hub::new(1);
        let seat = hub.sit(HostId(1)).unwrap();
        let mut wishes = Wishes { want: 1, ..Wishes::default() };
        assert_eq!((wishes.ask(), wishes.ask()), (Some(1), None));
        let before = seat.epoch();
        work(&hub);
        wishes.granted(&seat, 0);
        assert!(wishes.wait(&seat, before, false), "the first miss is made good at once");
        assert_eq!(wishes.ask(), Some(1));
        wishes.granted(&seat, 0);
        assert!(!wishes.wait(&seat, before, false) && wishes.look_at.is_some());
        assert_eq!(wishes.ask(), Some(1));
        wishes.granted(&seat, 0);
        assert!(!wishes.wait(&seat, seat.epoch(), false) && wishes.look_at.is_none());
    }

    /// Nobody calls for work that was there before and was not seen.
    #[test]
    fn a_host_whose_look_was_cut_short_looks_again() {
        let hub = Hub::new(1);
        let seat = hub.sit(HostId(1)).unwrap();
        let mut wishes = Wishes { want: 1, ..Wishes::default() };
        assert_eq!(wishes.ask(), Some(1));
        wishes.granted(&seat, 0);
        assert!(wishes.wait(&seat, seat.epoch(), true), "once at once");
        for _ in 0..20 {
            assert_eq!(wishes.ask(), Some(1));
            wishes.granted(&seat, 0);
            assert!(!wishes.wait(&seat, seat.epoch(), true) && wishes.look_at.is_some());
        }
        assert_eq!(wishes.ask(), Some(1));
        wishes.granted(&seat, 0);
        assert!(!wishes.wait(&seat, seat.epoch(), false) && wishes.look_at.is_none());
    }

    #[test]
    fn an_offer_that_came_to_nothing_is_passed_on() {
        let hub = Hub::new(2);
        let [mut first, mut second] = [1, 2].map(|host| hub.sit(HostId(host)).unwrap());
        first.park(1, first.epoch());
        second.park(1, second.epoch());
        work(&hub);
        let mut wishes = Wishes { want: 1, ..Wishes::default() };
        let offer = first.offers.try_recv().unwrap();
        wishes.take_up(&first, offer);
        assert_eq!(wishes.ask(), Some(1));
        wishes.give_up(&first);
        assert!(second.offers.try_recv().is_ok());
    }
}
