//! How fast a host sends to other networks: as its owner allows, and not so that others on its line wait.
//!
//! `UPLINK.md` says what this promises and why it is built so.

mod path;

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU64;

use crate::time::{Span, Timestamp};

use self::path::Path;

/// One way over which parts are sent: a stream to another network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathId(pub u64);

/// How much the owner of a host lets it send to other networks, all streams together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadLimit {
    /// So many bytes a second.
    Fixed(NonZeroU64),
    /// Half of what the line was seen to carry.
    HalfOfMeasured,
}

/// Where measuring begins, in bytes a second; until there is a measurement nothing else is known.
const RATE_FIRST: u64 = 64 << 10;
/// What is sent at least, or transfers would fail of slowness: bytes a second.
const RATE_MIN: u64 = 32 << 10;
/// A line that carries so many bytes a second is not measured further.
const MEASURED_MAX: u64 = 12_500_000;

/// What waits on the line may be late by so much because of this host.
const DELAY_TARGET: Span = Span(100);
/// How often the rate is set anew.
const STEP: Span = Span(250);
/// What a full line carries is counted over so long.
const WEIGHED_OVER: Span = Span::seconds(1);
/// After so long a line that is used is measured again.
const MEASURE_EVERY: Span = Span::minutes(30);
/// The best of so many measurements counts: others may have used the line in one of them.
const MEASURES_KEPT: usize = 3;

/// Largest and smallest part, in bytes: one that takes longer than [`PART_TIME`] is felt by others.
const PART_BYTES: std::ops::RangeInclusive<u64> = super::PART_BYTES_MIN..=super::PART_BYTES_MAX;
/// At the rate at which it is sent, a part lasts so long at most, if it need not be smaller than the smallest.
const PART_TIME: Span = Span(60);

/// What is known of the line, and the rate that follows.
#[derive(Clone, Debug)]
pub struct Uplink {
    limit: UploadLimit,
    phase: Phase,
    rate: u64,
    /// What the line carried, in the last measurements.
    measured: VecDeque<u64>,
    paths: BTreeMap<PathId, Path>,
    stepped_at: Timestamp,
    /// Bytes handed over since then,
    used: u64,
    /// and in all.
    sent: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The rate rises until the line is full.
    Rising,
    /// The line is full, so what it carries can be counted.
    Weighing {
        /// Since when.
        since: Timestamp,
    },
    /// What may be used is known.
    Using {
        /// Since when.
        since: Timestamp,
    },
}

impl Uplink {
    /// Nothing is known of the line.
    #[must_use]
    pub fn new(limit: UploadLimit, now: Timestamp) -> Self {
        let (phase, rate) = match limit {
            UploadLimit::Fixed(rate) => (Phase::Using { since: now }, rate.get()),
            UploadLimit::HalfOfMeasured => (Phase::Rising, RATE_FIRST),
        };
        let (measured, paths) = (VecDeque::new(), BTreeMap::new());
        Self { limit, phase, rate, measured, paths, stepped_at: now, used: 0, sent: 0 }
    }

    /// Bytes that may be sent in a second now.
    #[must_use]
    pub fn bytes_per_s(&self) -> u64 {
        self.rate
    }

    /// Bytes a second that the line was seen to carry; none if that was not measured.
    #[must_use]
    pub fn measured(&self) -> Option<u64> {
        self.measured.iter().copied().max()
    }

    /// The most that may be sent in a second, in bytes, if nobody else uses the line; none while that is being
    /// measured for the first time.
    #[must_use]
    pub fn most(&self) -> Option<u64> {
        match self.limit {
            UploadLimit::Fixed(rate) => Some(rate.get()),
            UploadLimit::HalfOfMeasured => Some((self.measured()? / 2).max(RATE_MIN)),
        }
    }

    /// How many bytes the next part should have.
    #[must_use]
    pub fn part_bytes(&self) -> u64 {
        let most = self.rate.saturating_mul(PART_TIME.0) / 1_000;
        let rounded = 1 << most.max(1).ilog2();
        rounded.clamp(*PART_BYTES.start(), *PART_BYTES.end())
    }

    /// So many bytes are handed to a path's transport now. Gives the number of the question how late they
    /// are, if that is to be asked before them.
    pub fn sends(&mut self, path: PathId, bytes: u64, now: Timestamp) -> Option<u32> {
        self.step(now);
        let question = self.paths.entry(path).or_default().ask(self.sent, now);
        self.used = self.used.saturating_add(bytes);
        self.sent = self.sent.saturating_add(bytes);
        question
    }

    /// The other end heard a question, by its own clock then. False if it owes no answer.
    pub fn answered(
        &mut self,
        path: PathId,
        question: u32,
        heard_at_ms: u32,
        now: Timestamp,
    ) -> bool {
        let Some(path) = self.paths.get_mut(&path) else { return false };
        let is_owed = path.answered(question, heard_at_ms, now);
        self.step(now);
        is_owed
    }

    /// A path is no more.
    pub fn left(&mut self, path: PathId) {
        self.paths.remove(&path);
    }

    /// Sets the rate anew, if it is time.
    fn step(&mut self, now: Timestamp) {
        let elapsed = now.since(self.stepped_at).0;
        if elapsed < STEP.0 {
            return;
        }
        self.stepped_at = now;
        let used = std::mem::take(&mut self.used).saturating_mul(1_000) / elapsed;
        let Some(delay) = self.delay(now) else { return };
        // Where there is little to send, a low delay says nothing about higher rates, and a high one nothing about the line.
        let is_used = used >= self.rate / 4 * 3;
        match self.phase {
            Phase::Rising => self.rise(delay, is_used, now),
            Phase::Weighing { .. } if used < self.rate / 2 => self.phase = Phase::Rising,
            Phase::Weighing { since } => self.weigh(since, now),
            Phase::Using { since } => self.follow(since, delay, is_used, now),
        }
    }

    fn rise(&mut self, delay: Span, is_used: bool, now: Timestamp) {
        if delay >= DELAY_TARGET && is_used {
            // It need not become fuller.
            self.rate = (self.rate / 8 * 5).max(RATE_MIN);
            self.phase = Phase::Weighing { since: now };
        } else if delay >= DELAY_TARGET {
            self.yield_some();
        } else if is_used && self.rate >= MEASURED_MAX {
            self.phase = Phase::Weighing { since: now };
        } else if is_used {
            // What is told of the line is old by some steps.
            let part = if delay.0 * 4 < DELAY_TARGET.0 { 8 } else { 32 };
            self.rate = (self.rate + self.rate / part).min(MEASURED_MAX);
        }
    }

    fn weigh(&mut self, since: Timestamp, now: Timestamp) {
        if now.since(since) < WEIGHED_OVER {
            return;
        }
        let carried = self.paths.values().filter_map(|path| path.carried(since)).collect();
        match median(carried) {
            Some(carried) => self.end_measuring(carried, now),
            // Nobody has answered.
            None => self.phase = Phase::Rising,
        }
    }

    fn end_measuring(&mut self, carried: u64, now: Timestamp) {
        if self.measured.len() >= MEASURES_KEPT {
            self.measured.pop_front();
        }
        self.measured.push_back(carried.min(MEASURED_MAX));
        self.phase = Phase::Using { since: now };
        self.rate = self.most().unwrap_or(RATE_MIN);
    }

    /// Down fast while others wait, and up again slowly.
    fn follow(&mut self, since: Timestamp, delay: Span, is_used: bool, now: Timestamp) {
        let most = self.most().unwrap_or(RATE_MIN);
        if delay >= DELAY_TARGET {
            self.yield_some();
            self.rate = self.rate.min(most);
            return;
        }
        let is_due = now.since(since) >= MEASURE_EVERY;
        if is_used && is_due && self.rate == most && self.limit == UploadLimit::HalfOfMeasured {
            self.phase = Phase::Rising;
        } else if is_used {
            let room = DELAY_TARGET.0 - delay.0;
            let more = (most / 16).max(1).saturating_mul(room) / DELAY_TARGET.0;
            self.rate = self.rate.saturating_add(more.max(1)).min(most);
        }
    }

    fn yield_some(&mut self) {
        self.rate = (self.rate / 4 * 3).max(RATE_MIN);
    }

    /// How much later than it could be what is sent arrives: the median of what paths say that were asked just now.
    fn delay(&self, now: Timestamp) -> Option<Span> {
        median(self.paths.values().filter_map(|path| path.delay(now)).collect())
    }
}

/// The lower one of two.
fn median<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests;
