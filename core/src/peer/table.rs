//! The peers that a host knows: what it keeps of all that it hears.

mod choice;
mod entry;
mod memory;
mod pace;
mod room;
mod share;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng;

use self::entry::{Entry, Linked};
use self::pace::Pace;
use super::address::{PeerAddress, Reach, Subnet};
use super::record::{RecordError, SignedRecord, Witness};
use crate::backoff::pause;
use crate::key::Key;
use crate::time::{Span, Timestamp};

pub use self::choice::Dial;
pub use self::memory::Remembered;
pub use self::room::{
    COORDINATOR_MAX, LAN_IP_MAX, LAN_MAX, PEERS_MAX, SOURCE_MAX, SUBNET_MAX, TRIED_MAX,
};
pub use self::share::Asker;
pub use self::view::{Acquaintance, Why};

/// The pause after the first dial in vain, and the longest.
const DIAL_REST: Span = Span::seconds(30);
const DIAL_REST_MAX: Span = Span::hours(1);
/// A peer that was only heard of is forgotten after so many dials in vain,
const FAILURES_MAX: u32 = 3;
/// and one that has answered before, after so many.
const TRIED_FAILURES_MAX: u32 = 10;
/// A peer that was linked to is worth a try for so long, whatever became of its record.
const TRIED_LIFE: Span = Span::hours(30 * 24);
/// What is seen on the LAN and not seen again is forgotten.
const SIGHTING_LIFE: Span = Span::hours(1);

/// A peer as somebody who takes calls from so far away. One that does from inside its site and from
/// outside has two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Its key.
    pub key: Key,
    /// How far its addresses are.
    pub reach: Reach,
}

/// Who told. All hosts of a subnet are one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A coordinator of the project.
    Coordinator,
    /// A peer, by where its link comes from.
    Peer(Subnet),
    /// A service announced on this network, by nobody in particular.
    Lan,
}

/// What became of a record that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A peer that was not known.
    New,
    /// A newer record of one that was.
    Newer,
    /// The same record; perhaps with more witnesses.
    Same,
}

/// Why a record is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// It does not count here or now.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It is the host's own.
    #[error("it is this host's own record")]
    Own,
    /// A stranger does not know what is on this network, but may want it dialled.
    #[error("addresses: are nearer than whoever told of them")]
    TooNear,
    /// A newer one is known, or another one of the same number.
    #[error("seq: is {seq} where {known} is known")]
    Replayed {
        /// Of the newest record that is known.
        known: u64,
        /// Of this one.
        seq: u64,
    },
    /// Nobody who is believed says that the peer answers there.
    #[error("witnesses: nobody who is believed here was answered at any of its addresses")]
    Unvouched,
    /// So many peers of one subnet are known already.
    #[error("addresses: {SUBNET_MAX} peers of one subnet are known already")]
    SubnetFull,
    /// The sources of this kind fill all that they may, and none has more than this one.
    #[error("there is no room for more of what this source tells")]
    Full,
}

/// The peers that one host of one project knows. Its size is bounded, whatever it is told: see
/// `PEERS.md`.
#[derive(Clone, Debug)]
pub struct Table {
    own: Key,
    project: Key,
    coordinators: BTreeSet<Key>,
    entries: BTreeMap<Name, Entry>,
    pace: Pace,
}

impl Table {
    /// Nobody is known yet to the host with the key `own`.
    #[must_use]
    pub fn new(own: Key, project: Key) -> Self {
        let (coordinators, entries) = (BTreeSet::new(), BTreeMap::new());
        Self { own, project, coordinators, entries, pace: Pace::default() }
    }

    /// The project's key.
    #[must_use]
    pub fn project(&self) -> Key {
        self.project
    }

    /// The project turns out to have this key. What peers said as those of another one counts no more; that they have answered,
    /// or were sighted, does.
    pub fn set_project(&mut self, project: Key) {
        if self.project != project {
            self.project = project;
            self.entries.retain(|_, entry| {
                entry.record = None;
                !entry.has_nothing()
            });
        }
    }

    /// Whose word counts alone: the coordinators that the project's key names.
    pub fn set_coordinators(&mut self, coordinators: BTreeSet<Key>) {
        self.coordinators = coordinators;
    }

    /// A record was heard over a link that comes from as far as `link`. Its signatures are checked.
    ///
    /// # Errors
    /// Why it is not kept. What was known stays.
    pub fn hear(
        &mut self,
        heard: SignedRecord,
        source: Source,
        link: Reach,
        now: Timestamp,
    ) -> Result<Heard, Unheard> {
        let record = heard.record();
        record.check(&self.project, now)?;
        if *record.key() == self.own {
            return Err(Unheard::Own);
        }
        if record.reach() < link {
            return Err(Unheard::TooNear);
        }
        let name = Name { key: *record.key(), reach: record.reach() };
        let known = self.record(&name).map(SignedRecord::record);
        let is_same = known == Some(record);
        if let Some(known) = known.filter(|known| !is_same && record.seq() <= known.seq()) {
            return Err(Unheard::Replayed { known: known.seq(), seq: record.seq() });
        }
        let joined = self.joined(name, heard, now);
        if !joined.record().addresses().iter().any(|at| self.is_vouched(&joined, *at, now)) {
            return Err(Unheard::Unvouched);
        }
        if !is_same {
            self.check_subnets(name, joined.record().addresses())?;
        }
        if let Some(entry) = self.entries.get_mut(&name) {
            entry.record = Some(joined);
            entry.heard_at = now;
            return Ok(if is_same { Heard::Same } else { Heard::Newer });
        }
        self.make_room(source)?;
        self.entries.insert(name, Entry::heard(joined, source, now));
        Ok(Heard::New)
    }

    /// A peer announced itself on this network. Nobody signed that: it is dialled once in a while and
    /// never passed on, until it has proved its key.
    ///
    /// # Errors
    /// Why it is not kept.
    pub fn sight(&mut self, key: Key, address: PeerAddress, now: Timestamp) -> Result<(), Unheard> {
        if key == self.own {
            return Err(Unheard::Own);
        }
        if address.reach() == Reach::World {
            // Whoever shouts on a LAN could aim its hosts at anybody.
            return Err(Unheard::Unvouched);
        }
        let name = Name { key, reach: address.reach() };
        if let Some(entry) = self.entries.get_mut(&name) {
            entry.sighting = Some(address);
            entry.heard_at = now;
            return Ok(());
        }
        self.make_room_on_lan(address)?;
        self.entries.insert(name, Entry::sighted(address, now));
        Ok(())
    }

    /// The host dialled a peer, and the peer proved its key.
    pub fn linked(&mut self, dial: &Dial, now: Timestamp) {
        let may_be_tried = self.may_be_tried(dial);
        let Some(entry) = self.entries.get_mut(&dial.name) else { return };
        entry.linked = Some(Linked { at: now, address: dial.address });
        entry.failures = 0;
        entry.rests_until = now;
        entry.is_tried |= may_be_tried;
    }

    /// The host adds its own signature to a peer's record, after [`Self::linked`].
    pub fn witness(&mut self, name: &Name, witness: Witness, now: Timestamp) {
        let Some(mut record) = self.record(name).cloned() else { return };
        record.join(&[witness], |it| self.counts(it, now));
        if let Some(entry) = self.entries.get_mut(name) {
            entry.record = Some(record);
        }
    }

    /// The host dialled a peer in vain, or somebody else answered.
    pub fn failed(&mut self, dial: &Dial, now: Timestamp, rng: &mut impl Rng) {
        let Some(entry) = self.entries.get_mut(&dial.name) else { return };
        if entry.sighting == Some(dial.address) {
            // Anybody may have announced that. It says nothing of a peer that is known otherwise.
            entry.sighting = None;
            if entry.record.is_some() || entry.is_tried {
                return;
            }
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.rests_until = now.plus(pause(DIAL_REST, DIAL_REST_MAX, entry.failures, rng));
        let failures_max = if entry.is_tried { TRIED_FAILURES_MAX } else { FAILURES_MAX };
        if entry.failures >= failures_max || entry.has_nothing() {
            self.entries.remove(&dial.name);
        }
    }

    /// Forgets whoever has not been heard of for too long.
    pub fn forget(&mut self, now: Timestamp) {
        self.entries.retain(|_, entry| !entry.is_over(now));
    }

    /// How many peers are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whom this host was linked to: others that are likely to be there.
    #[must_use]
    pub fn tried_keys(&self) -> BTreeSet<Key> {
        let tried = self.entries.iter().filter(|(_, entry)| entry.is_tried);
        let peers = tried.map(|(name, _)| name.key);
        peers.filter(|key| !self.coordinators.contains(key)).collect()
    }

    /// The newest record of a peer that is known.
    #[must_use]
    pub fn record(&self, name: &Name) -> Option<&SignedRecord> {
        self.entries.get(name)?.record.as_ref()
    }

    /// What was heard, with the witnesses of what was known of the same peer before.
    fn joined(&self, name: Name, heard: SignedRecord, now: Timestamp) -> SignedRecord {
        let counts = |witness: &Witness| self.counts(witness, now);
        let (mut joined, witnesses) = heard.stripped();
        // What is known comes first, so that nobody displaces it.
        if let Some(known) = self.record(&name) {
            joined.join(known.witnesses(), counts);
        }
        joined.join(&witnesses, counts);
        joined
    }

    /// Whether a witness says anything to this host: it was there lately, and is a coordinator, this
    /// host, or a peer that this host has been linked to and keeps.
    fn counts(&self, witness: &Witness, now: Timestamp) -> bool {
        witness.is_fresh(now)
            && (self.is_believed(&witness.by) || self.tried(&witness.by).is_some())
    }

    /// Whose word is enough.
    fn is_believed(&self, key: &Key) -> bool {
        *key == self.own || self.coordinators.contains(key)
    }

    /// What is kept of a peer that has answered.
    fn tried(&self, key: &Key) -> Option<&Entry> {
        let from = Name { key: *key, reach: Reach::Machine };
        let to = Name { key: *key, reach: Reach::World };
        self.entries.range(from..=to).map(|(_, entry)| entry).find(|entry| entry.is_tried)
    }

    /// Whether a peer is known to answer at an address of its record: a coordinator says so, or this
    /// host was there, or two peers were that this host was linked to, of different subnets where that
    /// means different places.
    fn is_vouched(&self, of: &SignedRecord, address: PeerAddress, now: Timestamp) -> bool {
        let mut keys = BTreeSet::new();
        let mut subnets = BTreeSet::new();
        for witness in of.witnesses().iter().filter(|it| it.address == address && it.is_fresh(now))
        {
            if self.is_believed(&witness.by) {
                return true;
            }
            let Some(linked) = self.tried(&witness.by).and_then(|entry| entry.linked) else {
                continue;
            };
            keys.insert(witness.by);
            subnets.insert(linked.address.subnet());
        }
        let voices = if address.reach() == Reach::World { subnets.len() } else { keys.len() };
        voices >= 2
    }
}

#[cfg(test)]
mod tests;
