//! What is known of one way over which parts are sent.

use std::collections::VecDeque;

use crate::time::{Span, Timestamp};

/// How often the other end is asked how late things are.
const ASK_EVERY: Span = Span(100);
/// Questions that wait for an answer; older ones are given up.
const ASKED_MAX: usize = 32;
/// An answer tells of the line for so long.
const FRESH: Span = Span::seconds(2);
/// The smallest of so many delays counts: a single one may be late for another reason than the line.
const DELAYS_KEPT: usize = 2;
/// The least delay is looked for in the last one or two spans of this length: clocks drift by some milliseconds in
/// them.
const BASE_SPAN: Span = Span::minutes(3);

/// A question, when it was asked, and how many bytes had been handed over by then on all paths.
#[derive(Clone, Copy, Debug)]
struct Asked {
    number: u32,
    at: Timestamp,
    sent: u64,
}

/// A question that was answered.
#[derive(Clone, Copy, Debug)]
struct Answer {
    asked: Asked,
    at: Timestamp,
    /// Between both clocks, so only differences of it mean anything.
    delay: u32,
}

/// The least of what was seen in the span that goes on, and in the one before.
#[derive(Clone, Copy, Debug)]
struct Base {
    /// Of delays from clock to clock.
    delay: [u32; 2],
    /// Of times until an answer was here.
    round: [Span; 2],
    since: Timestamp,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    next: u32,
    /// Questions that were not answered yet, also those that were given up.
    owed: u32,
    asked_at: Option<Timestamp>,
    asked: VecDeque<Asked>,
    answers: VecDeque<Answer>,
    base: Option<Base>,
}

impl Path {
    /// The number of the question to be asked before a part that is sent now, if it is time for one; `sent` bytes were
    /// handed over before.
    pub(super) fn ask(&mut self, sent: u64, now: Timestamp) -> Option<u32> {
        if self.asked_at.is_some_and(|last| now.since(last) < ASK_EVERY) {
            return None;
        }
        if self.asked.len() >= ASKED_MAX {
            self.asked.pop_front();
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.owed = self.owed.saturating_add(1);
        self.asked_at = Some(now);
        self.asked.push_back(Asked { number, at: now, sent });
        Some(number)
    }

    /// Takes up an answer to what was asked, once; false if none is owed.
    pub(super) fn answered(&mut self, number: u32, heard_at_ms: u32, now: Timestamp) -> bool {
        let Some(owed) = self.owed.checked_sub(1) else { return false };
        self.owed = owed;
        self.take_up(number, heard_at_ms, now);
        true
    }

    fn take_up(&mut self, number: u32, heard_at_ms: u32, now: Timestamp) {
        let Some(at) = self.asked.iter().position(|asked| asked.number == number) else { return };
        let Some(asked) = self.asked.drain(..=at).next_back() else { return };
        let delay = heard_at_ms.wrapping_sub(low(asked.at));
        self.answers.retain(|answer| now.since(answer.at) < FRESH);
        self.answers.push_back(Answer { asked, at: now, delay });
        let round = now.since(asked.at);
        let base = self.base.unwrap_or(Base { delay: [delay; 2], round: [round; 2], since: now });
        self.base = Some(base.with(delay, round, now));
    }

    /// How much later than it could be what is sent arrives, as far as is known.
    pub(super) fn delay(&self, now: Timestamp) -> Option<Span> {
        let base = self.base?;
        let fresh = |answer: &&Answer| now.since(answer.at) < FRESH;
        let last = self.answers.iter().rev().filter(fresh).take(DELAYS_KEPT);
        let least = base.delay.into_iter().reduce(least).unwrap_or_default();
        let told = last.map(|answer| Span(answer.delay.wrapping_sub(least).into())).min();
        // Of a line that holds everything up nothing is told for as long.
        let awaited = self.asked.front().map(|asked| {
            let round = base.round.into_iter().min().unwrap_or_default();
            Span(now.since(asked.at).0.saturating_sub(round.0))
        });
        told.max(awaited)
    }

    /// How many bytes a second the line carried of what was handed over from `since` on, if it was full: parts and
    /// questions stand in one queue, so what lies between two questions came within the time between them.
    pub(super) fn carried(&self, since: Timestamp) -> Option<u64> {
        let mut answers = self.answers.iter().filter(|answer| answer.asked.at >= since);
        let (first, last) = (answers.next()?, answers.next_back()?);
        let asked = last.asked.at.since(first.asked.at).0;
        let later = u64::from(last.delay.wrapping_sub(least(first.delay, last.delay)));
        let sooner = u64::from(first.delay.wrapping_sub(least(first.delay, last.delay)));
        // Nobody is believed that it came in less than half of the time in which it was sent.
        let took = (asked + later).saturating_sub(sooner).max(asked / 2).max(1);
        Some((last.asked.sent - first.asked.sent).saturating_mul(1_000) / took)
    }
}

impl Base {
    fn with(self, delay: u32, round: Span, now: Timestamp) -> Self {
        if now.since(self.since) >= BASE_SPAN {
            let (delay, round) = ([delay, self.delay[0]], [round, self.round[0]]);
            return Self { delay, round, since: now };
        }
        let delay = [least(self.delay[0], delay), self.delay[1]];
        Self { delay, round: [self.round[0].min(round), self.round[1]], since: self.since }
    }
}

/// The part of a time that clocks of both ends have.
fn low(at: Timestamp) -> u32 {
    u32::try_from(at.0 & u64::from(u32::MAX)).unwrap_or_default()
}

/// The lesser of two delays between the same two clocks, wherever these stand to each other.
fn least(one: u32, other: u32) -> u32 {
    let is_less = one.wrapping_sub(other) > u32::MAX / 2;
    if is_less { one } else { other }
}
