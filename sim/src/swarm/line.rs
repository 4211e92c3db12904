//! A host's line: parts go up one after the other, in turn for all pieces that are being sent.

use std::collections::VecDeque;

use manyhands_core::swarm::{PART_BYTES_MAX, PeerId};

/// A piece that is being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sending {
    pub(super) to: PeerId,
    pub(super) piece: u32,
    pub(super) next_part: u32,
    pub(super) left_bytes: u64,
}

/// Both directions of a host's access.
#[derive(Debug)]
pub(super) struct Line {
    up_bytes_per_us: f64,
    down_bytes_per_us: f64,
    sending: VecDeque<Sending>,
    /// What is on the line now, and how much of it.
    current: Option<(Sending, u64)>,
    up_free_at_us: u64,
    down_free_at_us: u64,
    /// All that was sent.
    pub(super) sent_bytes: u64,
}

impl Line {
    /// A line of so many megabits per second up and down.
    pub(super) fn new(up: f64, down: f64) -> Self {
        Self {
            up_bytes_per_us: up / 8.0,
            down_bytes_per_us: down / 8.0,
            sending: VecDeque::new(),
            current: None,
            up_free_at_us: 0,
            down_free_at_us: 0,
            sent_bytes: 0,
        }
    }

    pub(super) fn begin(&mut self, to: PeerId, piece: u32, bytes: u64) {
        self.sending.push_back(Sending { to, piece, next_part: 0, left_bytes: bytes });
    }

    /// Sends no more of a piece; the part that is on the line still arrives.
    pub(super) fn stop(&mut self, to: PeerId, piece: u32) {
        self.sending.retain(|sending| (sending.to, sending.piece) != (to, piece));
        if let Some((current, bytes)) = &mut self.current
            && (current.to, current.piece) == (to, piece)
        {
            current.left_bytes = current.left_bytes.min(*bytes + 1);
            current.next_part = u32::MAX;
        }
    }

    /// Sends nothing more to somebody.
    pub(super) fn stop_all(&mut self, to: PeerId) {
        self.sending.retain(|sending| sending.to != to);
        if let Some((current, _)) = &mut self.current
            && current.to == to
        {
            current.next_part = u32::MAX;
        }
    }

    /// Begins the next part if the line is free; says when it will have been sent.
    pub(super) fn start(&mut self, now_us: u64) -> Option<u64> {
        if self.current.is_some() {
            return None;
        }
        let next = self.sending.pop_front()?;
        let bytes = next.left_bytes.min(PART_BYTES_MAX);
        self.current = Some((next, bytes));
        self.up_free_at_us = now_us + micros(bytes, self.up_bytes_per_us);
        Some(self.up_free_at_us)
    }

    /// The part that was on the line has been sent: which it was, its size, and whether it was the
    /// last of its piece. Nothing if it was stopped meanwhile.
    pub(super) fn finish(&mut self) -> Option<(Sending, u64, bool)> {
        let (sent, bytes) = self.current.take()?;
        self.sent_bytes += bytes;
        if sent.next_part == u32::MAX {
            return None;
        }
        let left_bytes = sent.left_bytes - bytes;
        if left_bytes > 0 {
            self.sending.push_back(Sending { next_part: sent.next_part + 1, left_bytes, ..sent });
        }
        Some((sent, bytes, left_bytes == 0))
    }

    /// When something that is said now leaves: after the part that is on the line.
    pub(super) fn says_at(&self, now_us: u64) -> u64 {
        now_us.max(self.up_free_at_us)
    }

    /// When a part has come down that was sent completely at `sent_at_us`.
    pub(super) fn receive(&mut self, sent_at_us: u64, bytes: u64) -> u64 {
        let earliest = self.down_free_at_us + micros(bytes, self.down_bytes_per_us);
        self.down_free_at_us = sent_at_us.max(earliest);
        self.down_free_at_us
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and no rate is negative"
)]
fn micros(bytes: u64, bytes_per_us: f64) -> u64 {
    (bytes as f64 / bytes_per_us).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_take_turns_part_by_part() {
        let mut line = Line::new(8.0, 8.0);
        line.begin(PeerId(1), 10, 2 * PART_BYTES_MAX);
        line.begin(PeerId(2), 20, PART_BYTES_MAX + 1);
        let mut sent = Vec::new();
        let mut now_us = 0;
        while let Some(at_us) = line.start(now_us) {
            now_us = at_us;
            let (sending, bytes, is_last) = line.finish().unwrap();
            sent.push((sending.piece, sending.next_part, bytes, is_last));
        }
        let whole = PART_BYTES_MAX;
        let expected =
            [(10, 0, whole, false), (20, 0, whole, false), (10, 1, whole, true), (20, 1, 1, true)];
        assert_eq!(sent, expected);
        assert_eq!(now_us, 3 * PART_BYTES_MAX + 1);
    }

    #[test]
    fn what_is_stopped_is_not_sent_on() {
        let mut line = Line::new(8.0, 8.0);
        line.begin(PeerId(1), 10, 2 * PART_BYTES_MAX);
        assert!(line.start(0).is_some());
        line.stop(PeerId(1), 10);
        assert_eq!(line.finish(), None);
        assert_eq!(line.start(0), None);
    }
}
