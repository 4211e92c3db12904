//! What follows from time alone: stalls, rests, and the last resort.

use rand_core::Rng;

use super::{Cx, Effect, Exchange, Fault, Neighbour, PeerId};
use crate::swarm::neighbour::Fetch;
use crate::swarm::{NEIGHBOURS_MIN, PATIENCE, QUEUE_MAX, SEEK_EVERY, STALL_MAX};
use crate::time::Timestamp;

impl Exchange {
    pub(super) fn tick(&mut self, cx: &mut Cx<'_, impl Rng>) {
        self.drop_stalled(cx);
        self.move_waiting(cx);
        self.ask_all(cx);
        self.notice_being_stranded(cx);
        self.seek(cx);
        self.serve(cx);
    }

    /// Ends links on which a transfer does not move.
    fn drop_stalled(&mut self, cx: &mut Cx<'_, impl Rng>) {
        let now = cx.now;
        let has_stalled = |neighbour: &Neighbour| {
            let is_old = |since: Timestamp| now.since(since) >= STALL_MAX;
            neighbour.fetches.iter().any(|fetch| fetch.has_begun && is_old(fetch.since))
                || neighbour.requests.iter().filter_map(|r| r.sending_since).any(is_old)
        };
        for peer in self.neighbours_that(has_stalled) {
            self.judge(peer, Err(Fault::Stalled), cx);
        }
    }

    /// Asks others for what a neighbour has not begun to send.
    fn move_waiting(&mut self, cx: &mut Cx<'_, impl Rng>) {
        let now = cx.now;
        let is_late = |fetch: &Fetch| !fetch.has_begun && now.since(fetch.since) >= QUEUE_MAX;
        for peer in self.neighbours_that(|n| n.fetches.iter().any(is_late)) {
            let Some(neighbour) = self.neighbours.get_mut(&peer) else { continue };
            neighbour.rest(now);
            let late: Vec<u32> =
                neighbour.fetches.iter().filter(|f| is_late(f)).map(|f| f.piece).collect();
            late.into_iter().for_each(|piece| self.cancel(peer, piece, cx));
        }
    }

    /// Whoever has waited long enough with nothing on its way turns to the origin.
    fn notice_being_stranded(&mut self, cx: &mut Cx<'_, impl Rng>) {
        if self.held.is_full() || !self.busy.is_empty() {
            return;
        }
        let since = *self.idle_since.get_or_insert(cx.now);
        if cx.now.since(since) >= PATIENCE {
            self.is_stranded = true;
            self.ask_all(cx);
        }
    }

    fn seek(&mut self, cx: &mut Cx<'_, impl Rng>) {
        let is_lonely = self.neighbours.len() < NEIGHBOURS_MIN || self.is_stranded;
        let is_due = |at: Timestamp| cx.now.since(at) >= SEEK_EVERY;
        if is_lonely && !self.held.is_full() && self.sought_at.is_none_or(is_due) {
            self.sought_at = Some(cx.now);
            cx.effects.push(Effect::Seek);
        }
    }

    fn neighbours_that(&self, is_so: impl Fn(&Neighbour) -> bool) -> Vec<PeerId> {
        self.neighbours.iter().filter(|(_, n)| is_so(n)).map(|(peer, _)| *peer).collect()
    }
}
