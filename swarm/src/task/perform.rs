//! What the exchange says is to be done.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use manyhands_core::swarm::{Effect, Event, Fault, Message, PART_BYTES_MAX, PeerId, Role};
use tokio::task::spawn_blocking;

use super::{Neighbour, Note, STALLED_REST, Task};
use crate::wire;

impl Task {
    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Tell { peer, message } => {
                if let Message::Cancel(piece) = &message {
                    self.buffers.remove(&(peer, *piece));
                }
                let said = wire::said(&message);
                if self.neighbours.get(&peer).is_some_and(|n| !n.outbox.say(said)) {
                    self.lose(peer);
                }
            }
            Effect::Upload { to, piece } => self.upload(to, piece),
            Effect::Stop { to, piece } => {
                if let Some(upload) = self.uploads.remove(&(to, piece)) {
                    upload.abort();
                }
            }
            Effect::Drop { peer, fault } => self.end(peer, fault),
            Effect::Seek => self.seek(),
            Effect::Finished => self.finished(),
        }
    }

    /// Sends a piece beside the task, part by part, as fast as the transport takes it.
    fn upload(&mut self, to: PeerId, piece: u32) {
        let Some(neighbour) = self.neighbours.get(&to) else { return };
        let (outbox, notes) = (neighbour.outbox.clone(), self.notes.clone());
        let (blob, dealings) = (Arc::clone(&self.blob), Arc::clone(&self.dealings));
        let (key, way) = (neighbour.key, neighbour.way.clone());
        let upload = self.jobs.spawn(async move {
            let encoded = match spawn_blocking(move || blob.encode(piece)).await {
                Ok(Ok(encoded)) => Bytes::from(encoded),
                Ok(Err(error)) => {
                    drop(notes.send(Note::Unreadable { to, error }).await);
                    return;
                }
                Err(_stopped) => return,
            };
            let mut begin = 0;
            while begin < encoded.len() {
                let most = way.as_ref().map_or(PART_BYTES_MAX, |way| way.part_bytes());
                let bytes = most.min((encoded.len() - begin) as u64);
                if let Some(way) = &way
                    && let Some(question) = way.turn(bytes).await
                {
                    outbox.say(wire::when(question));
                }
                let is_sent = outbox.send(wire::part(piece, &encoded, begin, bytes)).await;
                dealings.sent(&key, bytes);
                if !is_sent || notes.send(Note::Sent { to, piece }).await.is_err() {
                    return;
                }
                begin = begin.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX));
            }
        });
        self.uploads.insert((to, piece), upload);
    }

    /// A stream is gone.
    pub(super) fn lose(&mut self, peer: PeerId) {
        self.let_go(peer);
        self.handle(Event::Left(peer));
    }

    /// Ends a stream, and names its other end if it lied.
    pub(super) fn end(&mut self, peer: PeerId, fault: Fault) {
        let Some(neighbour) = self.let_go(peer) else { return };
        if fault == Fault::Stalled && neighbour.role == Role::Peer {
            self.stalled.retain(|_, at| at.elapsed() < STALLED_REST);
            self.stalled.insert(neighbour.key, Instant::now());
        }
        if !fault.is_blamed() {
            tracing::debug!(key = %neighbour.key, %fault, "a neighbour was let go");
            return;
        }
        tracing::warn!(key = %neighbour.key, %fault, "a peer is not dialled again");
        self.blamed.insert(neighbour.key);
        self.dealings.blame(&neighbour.key);
        if matches!(fault, Fault::Corrupt { .. }) {
            for origin in self.origins() {
                origin.outbox.say(wire::accuse(&neighbour.key));
            }
        }
    }

    /// Forgets a stream and all that was under way on it.
    fn let_go(&mut self, peer: PeerId) -> Option<Neighbour> {
        let neighbour = self.neighbours.remove(&peer)?;
        neighbour.listener.abort();
        self.buffers.retain(|(from, _), _| *from != peer);
        self.uploads.retain(|(to, _), upload| {
            if *to == peer {
                upload.abort();
            }
            *to != peer
        });
        Some(neighbour)
    }

    fn origins(&self) -> impl Iterator<Item = &Neighbour> {
        self.neighbours.values().filter(|neighbour| neighbour.role == Role::Origin)
    }

    /// Asks all neighbours for others, and looks for a coordinator if there is none.
    fn seek(&mut self) {
        let neighbours: Vec<PeerId> = self.neighbours.keys().copied().collect();
        neighbours.into_iter().for_each(|peer| self.ask_for_others(peer));
        self.dial_sources();
    }

    fn finished(&mut self) {
        let blob = Arc::clone(&self.blob);
        // What is not on the disk after a power cut is checked again before it is used.
        self.jobs.spawn(async move {
            if let Ok(Err(error)) = spawn_blocking(move || blob.sync()).await {
                tracing::warn!(%error, "cannot put a blob on the disk for good");
            }
        });
    }
}
