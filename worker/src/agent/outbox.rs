//! Reports on their way to the coordinator: in batches, until each is acknowledged.
//!
//! No clock sets the pace. The first report goes at once; while a batch is under way others
//! gather, and go when it is acknowledged, or sooner if they fill a batch. So a lone report waits
//! for nothing, and the more there are, the fewer messages they take.
//!
//! Batches leave here unsigned.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use manyhands_core::id::ReplicaId;
use manyhands_core::limits::BATCH_MAX;
use manyhands_proto::v1;
use prost::Message;

/// Batches under way at once.
const UNDER_WAY_MAX: usize = 4;

/// Bytes of one batch, well below the largest message that a coordinator takes.
const BATCH_BYTES_MAX: usize = 1 << 20;

#[derive(Debug)]
struct Waiting {
    replica: ReplicaId,
    report: v1::Report,
    bytes: usize,
}

/// Reports that are not acknowledged.
#[derive(Debug)]
pub(super) struct Outbox {
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    under_way: BTreeMap<u64, Vec<Waiting>>,
    /// Number of the newest batch.
    batch: u64,
    batch_max: usize,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            under_way: BTreeMap::new(),
            batch: 0,
            batch_max: BATCH_MAX,
        }
    }

    /// Starts a new stream, which takes `batch_max` reports at once, at least 1. What was under way may be lost, and is sent again.
    pub(super) fn attached(&mut self, batch_max: usize) {
        self.batch_max = batch_max;
        for (_, batch) in std::mem::take(&mut self.under_way).into_iter().rev() {
            for waiting in batch.into_iter().rev() {
                self.waiting_bytes += waiting.bytes;
                self.waiting.push_front(waiting);
            }
        }
    }

    pub(super) fn push(&mut self, replica: ReplicaId, report: v1::Report) {
        let bytes = report.encoded_len();
        self.waiting_bytes += bytes;
        self.waiting.push_back(Waiting { replica, report, bytes });
    }

    /// The next batch, if it should go now.
    pub(super) fn next(&mut self) -> Option<v1::Reports> {
        let full = self.waiting.len() >= self.batch_max || self.waiting_bytes >= BATCH_BYTES_MAX;
        let idle = self.under_way.is_empty() && !self.waiting.is_empty();
        if !idle && (!full || self.under_way.len() >= UNDER_WAY_MAX) {
            return None;
        }
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(next) = self.waiting.front() {
            bytes += next.bytes;
            let fits = batch.len() < self.batch_max && bytes <= BATCH_BYTES_MAX;
            if !fits && !batch.is_empty() {
                break;
            }
            batch.extend(self.waiting.pop_front());
        }
        self.waiting_bytes -= batch.iter().map(|waiting| waiting.bytes).sum::<usize>();
        self.batch += 1;
        let reports = batch.iter().map(|waiting| waiting.report.clone()).collect();
        self.under_way.insert(self.batch, batch);
        Some(v1::Reports { batch: self.batch, reports, signature: Bytes::new() })
    }

    /// The replicas of a batch that is acknowledged; none if there is no such batch.
    pub(super) fn acknowledged(&mut self, batch: u64) -> Vec<ReplicaId> {
        let batch = self.under_way.remove(&batch).unwrap_or_default();
        batch.into_iter().map(|waiting| waiting.replica).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use manyhands_core::id::JobId;

    use super::*;

    fn replica(unit: u32) -> ReplicaId {
        JobId(1).unit(unit).replica(0)
    }

    fn report(unit: u32, message: &str) -> v1::Report {
        let error = v1::HostError { message: message.to_owned() };
        v1::Report {
            replica: Some(replica(unit).into()),
            outcome: Some(v1::report::Outcome::HostError(error)),
            ..Default::default()
        }
    }

    fn units(reports: &v1::Reports) -> Vec<u32> {
        reports.reports.iter().map(|report| report.replica.unwrap().unit).collect()
    }

    fn filled(units: std::ops::Range<u32>) -> Outbox {
        let mut outbox = Outbox::new();
        outbox.attached(3);
        for unit in units {
            outbox.push(replica(unit), report(unit, "x"));
        }
        outbox
    }

    #[test]
    fn the_first_goes_at_once_and_the_rest_gather() {
        let mut outbox = filled(0..1);
        assert_eq!(units(&outbox.next().unwrap()), [0]);
        outbox.push(replica(1), report(1, "x"));
        outbox.push(replica(2), report(2, "x"));
        assert_eq!(outbox.next(), None);
        assert_eq!(outbox.acknowledged(1), [replica(0)]);
        assert_eq!(units(&outbox.next().unwrap()), [1, 2]);
        assert_eq!(outbox.acknowledged(2), [replica(1), replica(2)]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn full_batches_do_not_wait_but_are_bounded() {
        let mut outbox = filled(0..20);
        let sent: Vec<_> =
            std::iter::from_fn(|| outbox.next()).map(|batch| units(&batch)).collect();
        assert_eq!(sent, [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]);
    }

    #[test]
    fn what_was_under_way_is_sent_again_in_order() {
        let mut outbox = filled(0..7);
        while outbox.next().is_some() {}
        outbox.acknowledged(2);
        outbox.attached(3);
        assert_eq!(units(&outbox.next().unwrap()), [0, 1, 2]);
        // The old stream's numbers mean nothing any more.
        assert_eq!(outbox.acknowledged(1), []);
        assert_eq!(outbox.acknowledged(3), [0, 1, 2].map(replica));
        assert_eq!(units(&outbox.next().unwrap()), [6]);
    }

    #[test]
    fn large_reports_make_short_batches() {
        let mut outbox = Outbox::new();
        outbox.attached(1000);
        let large = "x".repeat(BATCH_BYTES_MAX / 2);
        for unit in 0..3 {
            outbox.push(replica(unit), report(unit, &large));
        }
        assert_eq!(units(&outbox.next().unwrap()), [0]);
        outbox.push(replica(3), report(3, &large.repeat(3)));
        let rest: Vec<_> = std::iter::from_fn(|| outbox.next()).map(|b| units(&b)).collect();
        assert_eq!(rest, [vec![1], vec![2], vec![3]]);
    }
}
