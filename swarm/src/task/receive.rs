//! What comes from neighbours.

use std::sync::Arc;

use manyhands_core::swarm::{Event, Fault, Message, PART_BYTES_MAX, PeerId};
use manyhands_core::time::Span;
use tokio::task::spawn_blocking;

use super::{Note, Task};
use crate::blob::BlobError;
use crate::wire::{self, Heard, Part};

/// Questions when they are read are answered this often at most.
const ANSWER_EVERY: Span = Span(50);

impl Task {
    pub(super) fn heard(&mut self, peer: PeerId, heard: Heard) {
        if !self.neighbours.contains_key(&peer) {
            return;
        }
        match heard {
            Heard::Message(message) => {
                if let Message::Refuse(piece) = &message {
                    self.buffers.remove(&(peer, *piece));
                }
                self.handle(Event::Heard { peer, message });
            }
            Heard::Part(part) => self.part(peer, part),
            Heard::Records(records) => self.named(peer, records),
            Heard::Seek => self.name_others_to(peer),
            Heard::When(question) => self.say_when(peer, question),
            Heard::ReadAt { question, at_ms } => self.was_read(peer, question, at_ms),
            Heard::Accused(key) => {
                let mut neighbours = self.neighbours.iter();
                let accused = neighbours.find(|(_, neighbour)| neighbour.key == key);
                if let Some(accused) = accused.map(|(accused, _)| *accused) {
                    tracing::info!(%key, "a peer is said to send bytes that do not match");
                    self.handle(Event::Accused { by: peer, peer: accused });
                }
            }
        }
    }

    /// Nobody honest says this. The exchange forgets the neighbour without another word.
    pub(super) fn nonsense(&mut self, peer: PeerId) {
        self.end(peer, Fault::Nonsense);
        self.handle(Event::Left(peer));
    }

    /// Some bytes of a piece: kept if they are expected, and in order.
    fn part(&mut self, from: PeerId, part: Part) {
        let Part { piece, offset, is_last, data } = part;
        if let Some(neighbour) = self.neighbours.get(&from) {
            self.dealings.received(&neighbour.key, data.len() as u64);
        }
        if is_step(offset, data.len()) {
            self.handle(Event::Part { from, piece, is_first: offset == 0 });
        }
        let is_here = self.checking.contains(&(from, piece));
        if is_here || !self.exchange.expects(from, piece) {
            self.buffers.remove(&(from, piece));
            return;
        }
        let buffer = self.buffers.entry((from, piece)).or_default();
        if offset == 0 {
            buffer.clear();
        }
        if offset != buffer.len() {
            // The rest of what was cancelled.
            self.buffers.remove(&(from, piece));
            return;
        }
        if buffer.len() + data.len() > self.blob.encoded_bytes_max(piece) {
            self.buffers.remove(&(from, piece));
            self.handle(Event::Corrupt { from, piece });
            return;
        }
        buffer.extend_from_slice(&data);
        if is_last {
            let encoded = self.buffers.remove(&(from, piece)).unwrap_or_default();
            self.check(from, piece, encoded);
        }
    }

    /// Says when a question was read. Of one that comes too soon after another the asker learns nothing that matters.
    fn say_when(&mut self, peer: PeerId, question: u32) {
        let now = self.now();
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if neighbour.answered_at.is_some_and(|last| now.since(last) < ANSWER_EVERY) {
            return;
        }
        neighbour.answered_at = Some(now);
        let at_ms = u32::try_from(now.0 & u64::from(u32::MAX)).unwrap_or_default();
        neighbour.outbox.say(wire::read_at(question, at_ms));
    }

    fn was_read(&mut self, peer: PeerId, question: u32, at_ms: u32) {
        let way = self.neighbours.get(&peer).and_then(|neighbour| neighbour.way.as_ref());
        if !way.is_some_and(|way| way.answered(question, at_ms)) {
            self.nonsense(peer);
        }
    }

    /// Checks a piece beside the task, since that may wait for the disk.
    fn check(&mut self, from: PeerId, piece: u32, encoded: Vec<u8>) {
        self.checking.insert((from, piece));
        let (blob, notes) = (Arc::clone(&self.blob), self.notes.clone());
        self.jobs.spawn(async move {
            let store = move || blob.store(piece, &encoded);
            let Ok(outcome) = spawn_blocking(store).await else { return };
            // If the task is gone there is nobody to tell.
            drop(notes.send(Note::Checked { from, piece, outcome }).await);
        });
    }

    pub(super) fn checked(&mut self, from: PeerId, piece: u32, outcome: Result<(), BlobError>) {
        self.checking.remove(&(from, piece));
        match outcome {
            Ok(()) => self.handle(Event::Arrived { from, piece }),
            Err(BlobError::Corrupt { .. }) => self.handle(Event::Corrupt { from, piece }),
            Err(error) => {
                // Not its fault; it is asked for the piece again when the link is there again.
                tracing::error!(%error, piece, "cannot keep a piece");
                self.lose(from);
            }
        }
    }
}

/// Whether these bytes of a piece count as progress: the first do, and each full measure of more. A sender may cut its
/// parts smaller, but keeps no transfer alive with crumbs.
fn is_step(offset: usize, bytes: usize) -> bool {
    let measures = |bytes: usize| bytes as u64 / PART_BYTES_MAX;
    offset == 0 || measures(offset) != measures(offset.saturating_add(bytes))
}
