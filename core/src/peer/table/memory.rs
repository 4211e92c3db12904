//! What a host still knows after it was switched off.

use super::super::address::PeerAddress;
use super::super::record::{Record, SignedRecord};
use super::choice::Dial;
use super::entry::{Entry, Linked};
use super::room::TRIED_MAX;
use super::{Name, TRIED_LIFE, Table};
use crate::key::Key;
use crate::time::Timestamp;

/// A peer that has answered, as a host writes it down. Its own experience: nobody's signature is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Who.
    pub key: Key,
    /// Where it last answered.
    pub address: PeerAddress,
    /// When.
    pub linked_at: Timestamp,
    /// What it said of itself, if it said anything.
    pub record: Option<SignedRecord>,
}

impl Table {
    /// What to write down: the peers that are kept, at most [`TRIED_MAX`].
    pub fn remembered(&self) -> impl Iterator<Item = Remembered> {
        let tried = self.entries.iter().filter(|(_, entry)| entry.is_tried);
        tried.filter_map(|(name, entry)| {
            let Linked { at, address } = entry.linked?;
            Some(Remembered { key: name.key, address, linked_at: at, record: entry.record.clone() })
        })
    }

    /// Takes up what was written down, also by an older clock, or by somebody who changed the file: what
    /// is too old, of another project or too much is left out.
    pub fn remember(&mut self, peers: impl IntoIterator<Item = Remembered>, now: Timestamp) {
        for peer in peers.into_iter().take(TRIED_MAX) {
            let Remembered { key, address, linked_at, record } = peer;
            let name = Name { key, reach: address.reach() };
            let is_over = linked_at > now || now.since(linked_at) > TRIED_LIFE;
            if key == self.own || is_over || self.entries.contains_key(&name) {
                continue;
            }
            let record = record.filter(|it| self.is_of(it.record(), name, now));
            let addresses = record.as_ref().map_or(&[][..], |it| it.record().addresses());
            let has_room = self.check_subnets(name, addresses).is_ok()
                && self.may_be_tried(&Dial { name, address });
            if has_room {
                let linked = Linked { at: linked_at, address };
                self.entries.insert(name, Entry::remembered(record, linked, now));
            }
        }
    }

    fn is_of(&self, record: &Record, name: Name, now: Timestamp) -> bool {
        let is_named = *record.key() == name.key && record.reach() == name.reach;
        is_named && record.check(&self.project, now).is_ok()
    }
}
