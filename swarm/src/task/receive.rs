//! What comes from neighbours.

use std::sync::Arc;
use std::time::Instant;

use manyhands_core::swarm::{Event, Fault, Message, NEIGHBOURS_MAX, PeerId, Role};
use manyhands_proto::identity::PublicKey;
use manyhands_proto::link::Endpoint;
use tokio::task::spawn_blocking;

use super::{DIALS_MAX, NAMED_EVERY, Neighbour, Newcomer, Note, STALLED_REST, Task};
use crate::blob::BlobError;
use crate::dial::{Target, dial};
use crate::link::listen;
use crate::names::{named_to, record};
use crate::wire::{self, Heard, Part, Record};

impl Task {
    /// A stream is open. One neighbour for each key, none who was blamed, and none who has just stalled.
    pub(super) fn join(&mut self, newcomer: Newcomer) {
        let Newcomer { key, role, address, outbox, incoming } = newcomer;
        self.dialling.remove(&key);
        if self.is_shunned(&key) || self.neighbours.len() > NEIGHBOURS_MAX {
            return;
        }
        let peer = PeerId(self.next_peer);
        self.next_peer += 1;
        let pieces = self.exchange.geometry().pieces();
        let listener = self.jobs.spawn(listen(peer, pieces, incoming, self.notes.clone()));
        let neighbour = Neighbour { key, address, role, outbox, listener, named_at: None };
        self.neighbours.insert(peer, neighbour);
        self.name_peers_to(peer);
        self.name_to_those_who_only_dial(peer);
        self.handle(Event::Joined { peer, role });
    }

    /// Whether there is to be no link to this key now.
    fn is_shunned(&self, key: &PublicKey) -> bool {
        let is_neighbour = self.neighbours.values().any(|neighbour| neighbour.key == *key);
        let is_resting = |at: &Instant| at.elapsed() < STALLED_REST;
        let is_resting = self.stalled.get(key).is_some_and(is_resting);
        is_neighbour
            || is_resting
            || self.blamed.contains(key)
            || self.identity.public_key() == *key
    }

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
            Heard::Seek => self.name_peers_to(peer),
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
        self.handle(Event::Part { from, piece, is_first: offset == 0 });
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

    /// The coordinator named others.
    fn named(&mut self, by: PeerId, records: Vec<Record>) {
        let is_origin = |neighbour: &Neighbour| neighbour.role == Role::Origin;
        if !self.neighbours.get(&by).is_some_and(is_origin) {
            self.nonsense(by);
            return;
        }
        for Record { key, address } in records {
            let endpoint = Endpoint::Pinned { address, key };
            self.dial(Target { key, endpoint, role: Role::Peer });
        }
    }

    pub(super) fn dial_sources(&mut self) {
        let sources = self.sources.clone();
        sources.into_iter().for_each(|source| self.dial(source));
    }

    fn dial(&mut self, target: Target) {
        let is_full = self.neighbours.len() + self.dialling.len() >= NEIGHBOURS_MAX;
        let is_busy = self.dialling.len() >= DIALS_MAX;
        if is_full || is_busy || self.is_shunned(&target.key) || !self.dialling.insert(target.key) {
            return;
        }
        let identity = self.identity.clone();
        self.jobs.spawn(dial(target, identity, self.open, self.notes.clone()));
    }

    /// An origin names some peers to a neighbour, not too often.
    fn name_peers_to(&mut self, peer: PeerId) {
        let records = named_to(peer, &self.neighbours, &mut self.rng);
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        let is_early = neighbour.named_at.is_some_and(|at| at.elapsed() < NAMED_EVERY);
        if !self.exchange.is_origin() || is_early || records.is_empty() {
            return;
        }
        neighbour.named_at = Some(Instant::now());
        neighbour.outbox.say(wire::records(&records));
    }

    /// Who can only dial out has to hear of those who come later, or would never meet them.
    fn name_to_those_who_only_dial(&self, newcomer: PeerId) {
        let Some(record) = self.neighbours.get(&newcomer).and_then(record) else { return };
        if !self.exchange.is_origin() {
            return;
        }
        for neighbour in self.neighbours.values().filter(|other| other.address.is_none()) {
            neighbour.outbox.say(wire::records(std::slice::from_ref(&record)));
        }
    }
}
