//! Where a slot's process hears wishes to the run under way.
//!
//! Its first thread does nothing else. Wishes come by a channel of their own, so that a run begins and ends
//! without a word to this thread: to wake it would take longer than to start a guest. Hence a wish may be
//! heard before the order of its run, or after the end, and bears the number of the run that it is for.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use manyhands_proto::slot::v1;

use crate::sandbox::Requests;
use crate::slots::frame;

/// The latest run that anything was heard of.
#[derive(Debug, Default)]
pub(super) struct Ear(Mutex<Latest>);

#[derive(Debug, Default)]
struct Latest {
    number: u64,
    requests: Arc<Requests>,
}

impl Ear {
    /// Where wishes to a run are left, for whoever hears of it; `None` if a later one is known.
    pub(super) fn requests(&self, number: u64) -> Option<Arc<Requests>> {
        // Whoever panics ends the process.
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if number > latest.number {
            *latest = Latest { number, requests: Arc::default() };
        }
        (number == latest.number).then(|| Arc::clone(&latest.requests))
    }

    /// Listens until the worker is gone.
    pub(super) fn listen(&self, wishes: &mut impl Read) -> io::Result<()> {
        while let Some(v1::Wish { run, wish }) = frame::read(wishes)? {
            let wish = wish.ok_or_else(|| io::Error::other("an unknown wish"))?;
            // A run that has ended needs nothing any more.
            let Some(requests) = self.requests(run) else { continue };
            match wish {
                v1::wish::Wish::CheckpointNow(v1::CheckpointNow {}) => requests.checkpoint(),
                v1::wish::Wish::Drain(v1::Drain {}) => requests.drain(),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(run: u64, wish: v1::wish::Wish) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, &v1::Wish { run, wish: Some(wish) }).unwrap();
        bytes
    }

    fn drain(run: u64) -> Vec<u8> {
        wish(run, v1::wish::Wish::Drain(v1::Drain {}))
    }

    /// The order of a run and a wish to it come by different ways, and the wish may be faster.
    #[test]
    fn a_wish_that_is_heard_before_its_order() {
        let ear = Ear::default();
        ear.listen(&mut drain(1).as_slice()).unwrap();
        assert!(ear.requests(1).unwrap().wants_drain());
    }

    #[test]
    fn a_wish_to_the_run_under_way() {
        let ear = Ear::default();
        let requests = ear.requests(1).unwrap();
        let now = wish(1, v1::wish::Wish::CheckpointNow(v1::CheckpointNow {}));
        ear.listen(&mut now.as_slice()).unwrap();
        assert!(requests.take_checkpoint() && !requests.wants_drain());
    }

    #[test]
    fn a_wish_to_a_run_that_has_ended_is_not_the_next_ones() {
        let ear = Ear::default();
        let first = ear.requests(1).unwrap();
        let second = ear.requests(2).unwrap();
        ear.listen(&mut drain(1).as_slice()).unwrap();
        assert!(!first.wants_drain() && !second.wants_drain());
        assert!(ear.requests(1).is_none());
    }
}
