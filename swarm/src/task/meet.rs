//! Whom to dial, whom to let in, and whom to name.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use manyhands_core::key::Key;
use manyhands_core::peer::{Asker, Name, Naming, Reach, SignedRecord};
use manyhands_core::swarm::{Event, NEIGHBOURS_MAX, NEIGHBOURS_MIN, PeerId, Role};
use manyhands_proto::identity::PublicKey;
use manyhands_proto::link::Endpoint;

use super::{DIALS_MAX, NEAR_PATIENCE, Neighbour, Newcomer, STALLED_REST, Task, Undialled};
use crate::dial::{Target, dial};
use crate::known::core_key;
use crate::link::listen;
use crate::pace::Pace;
use crate::wire;

impl Task {
    /// Others on this network are asked first, so that what one of them has need not come from outside. Without any, the
    /// sources are.
    pub(super) fn begin(&mut self) {
        if !self.exchange.held().is_full() {
            for key in self.known.near() {
                self.candidates.known(key);
            }
        }
        if self.candidates.is_empty() {
            self.dial_sources();
        } else {
            self.near_until = Some(Instant::now() + NEAR_PATIENCE);
            self.dial_others();
        }
    }

    /// The sources' turn has come when nothing comes from nearby.
    pub(super) fn turn_to_sources(&mut self) {
        let Some(until) = self.near_until else { return };
        if self.exchange.load().fetches > 0 {
            self.near_until = Some(Instant::now() + NEAR_PATIENCE);
        } else if self.is_alone() || Instant::now() >= until {
            self.near_until = None;
            self.dial_sources();
        }
    }

    /// Whether nobody is here, and nobody is being dialled.
    pub(super) fn is_alone(&self) -> bool {
        self.neighbours.is_empty() && self.dialling.is_empty()
    }

    /// A stream is open. One neighbour for each key, none who was blamed, and none who has just stalled.
    pub(super) fn join(&mut self, newcomer: Newcomer) {
        let Newcomer { key, role, reach, source, dial, is_ours, outbox, incoming } = newcomer;
        self.dialling.remove(&key);
        if let Some(dial) = dial {
            self.known.linked(&dial, &self.identity);
        }
        if self.is_shunned(&key) || self.neighbours.len() > NEIGHBOURS_MAX {
            return;
        }
        if let Some((old, is_old_ours)) = self.neighbour_of(&key) {
            // If both dial at once, both keep the link of the lower key. A link that is made again takes the old one's place.
            let is_lower = self.identity.public_key() < key;
            if is_ours != is_old_ours && is_ours != is_lower {
                return;
            }
            self.lose(old);
        }
        let peer = PeerId(self.next_peer);
        self.next_peer += 1;
        let pieces = self.exchange.geometry().pieces();
        let listener = self.jobs.spawn(listen(peer, pieces, incoming, self.notes.clone()));
        let naming = Naming::default();
        // Only the way to other networks is narrow.
        let way = (reach == Reach::World).then(|| Pace::way(&self.pace)).flatten();
        let neighbour = Neighbour {
            key,
            role,
            reach,
            is_ours,
            outbox,
            listener,
            source,
            naming,
            way: way.map(Arc::new),
            answered_at: None,
        };
        self.dealings.met(key, role, reach);
        if role == Role::Origin {
            // Those who were caught before it was here.
            for liar in &self.blamed {
                neighbour.outbox.say(wire::accuse(liar));
            }
        }
        self.neighbours.insert(peer, neighbour);
        if self.exchange.is_origin() {
            self.name_others_to(peer);
        }
        self.name_to_those_who_only_dial(peer);
        if !self.exchange.held().is_full() && self.neighbours.len() < NEIGHBOURS_MIN {
            self.ask_for_others(peer);
        }
        self.handle(Event::Joined { peer, role });
    }

    /// Whether there is to be no link to this key now.
    fn is_shunned(&self, key: &PublicKey) -> bool {
        let is_resting = |at: &Instant| at.elapsed() < STALLED_REST;
        let is_resting = self.stalled.get(key).is_some_and(is_resting);
        is_resting
            || self.blamed.contains(key)
            || self.dealings.is_blamed(key)
            || self.identity.public_key() == *key
    }

    fn neighbour_of(&self, key: &PublicKey) -> Option<(PeerId, bool)> {
        let found = self.neighbours.iter().find(|(_, neighbour)| neighbour.key == *key);
        found.map(|(peer, neighbour)| (*peer, neighbour.is_ours))
    }

    pub(super) fn undialled(&mut self, undialled: &Undialled) {
        self.dialling.remove(&undialled.key);
        match &undialled.dial {
            Some(dial) if undialled.has_answered => self.known.linked(dial, &self.identity),
            Some(dial) => self.known.failed(dial, &mut self.rng),
            None => {}
        }
        self.turn_to_sources();
        self.tell_status();
    }

    /// Somebody named others: a coordinator as it likes, a peer only when it was asked. Whom to dial, the table decides.
    pub(super) fn named(&mut self, by: PeerId, records: Vec<SignedRecord>) {
        let Some(neighbour) = self.neighbours.get_mut(&by) else { return };
        let is_origin = neighbour.role == Role::Origin;
        if !neighbour.naming.answered() && !is_origin {
            self.nonsense(by);
            return;
        }
        let (teller, source, link) = (core_key(&neighbour.key), neighbour.source, neighbour.reach);
        for record in records {
            let key = *record.record().key();
            let is_known = self.known.hear(record, source, link);
            if is_origin {
                self.candidates.known(key);
            } else if is_known {
                self.candidates.told(key, teller);
            }
        }
        self.dial_others();
    }

    pub(super) fn dial_sources(&mut self) {
        if self.near_until.is_some() {
            return;
        }
        for source in self.sources.clone() {
            if self.neighbour_of(&source.key).is_none() {
                self.dial(source);
            }
        }
    }

    /// Dials some of those who were named. Whoever holds all of the blob tries each only once.
    pub(super) fn dial_others(&mut self) {
        let is_full = self.exchange.held().is_full();
        let now = self.now();
        let is_free = |key: &Key| {
            let key = PublicKey::from_bytes(key.as_bytes());
            key.is_ok_and(|key| !self.is_shunned(&key) && self.neighbour_of(&key).is_none())
        };
        let due = self.candidates.due(is_full, now);
        let mut due: BTreeSet<Key> = due.filter(|key| is_free(key)).copied().collect();
        while self.dialling.len() < DIALS_MAX {
            let farthest = if self.is_near_only { Reach::Site } else { Reach::World };
            let wanted = |name: &Name| name.reach <= farthest && due.contains(&name.key);
            let Some(dial) = self.known.next_dial(wanted, &mut self.rng) else { return };
            due.remove(&dial.name.key);
            self.candidates.dialled(&dial.name.key, now);
            let Ok(key) = PublicKey::from_bytes(dial.name.key.as_bytes()) else { continue };
            let endpoint = Endpoint::Pinned { address: dial.address.socket_addr().into(), key };
            self.dial(Target { key, endpoint, role: Role::Peer, dial: Some(dial) });
        }
    }

    fn dial(&mut self, target: Target) {
        let is_full = self.neighbours.len() + self.dialling.len() >= NEIGHBOURS_MAX;
        if is_full || self.is_shunned(&target.key) || !self.dialling.insert(target.key) {
            return;
        }
        let identity = self.identity.clone();
        self.jobs.spawn(dial(target, identity, self.open, self.notes.clone()));
    }

    /// Asks a neighbour who else takes part.
    pub(super) fn ask_for_others(&mut self, peer: PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if neighbour.outbox.say(wire::seek()) {
            neighbour.naming.ask();
        }
    }

    /// Names some of those who take part to a neighbour, not too often. A coordinator names whom it has dialled back to; a
    /// peer, whom it has been linked to itself.
    pub(super) fn name_others_to(&mut self, peer: PeerId) {
        let now = self.now();
        let Some(neighbour) = self.neighbours.get(&peer) else { return };
        if !neighbour.naming.may_tell(now) {
            return;
        }
        let others = self.neighbours.values().map(|other| core_key(&other.key)).collect();
        let records = self.known.named(&others, asker(neighbour), &mut self.rng);
        let Some(neighbour) = self.neighbours.get_mut(&peer).filter(|_| !records.is_empty()) else {
            return;
        };
        neighbour.naming.told(now);
        neighbour.outbox.say(wire::records(records));
    }

    /// Who can only dial out has to hear of those who come later, or would never meet them.
    fn name_to_those_who_only_dial(&mut self, newcomer: PeerId) {
        let Some(key) = self.neighbours.get(&newcomer).map(|it| it.key) else { return };
        if !self.exchange.is_origin() || !self.known.is_reachable(&key) {
            return;
        }
        let newcomer = BTreeSet::from([core_key(&key)]);
        for neighbour in self.neighbours.values().filter(|it| !self.known.is_reachable(&it.key)) {
            let records = self.known.named(&newcomer, asker(neighbour), &mut self.rng);
            if !records.is_empty() {
                neighbour.outbox.say(wire::records(records));
            }
        }
    }
}

fn asker(neighbour: &Neighbour) -> Asker {
    Asker { key: core_key(&neighbour.key), reach: neighbour.reach }
}
