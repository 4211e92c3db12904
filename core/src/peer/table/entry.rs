//! One peer of the table.

use super::super::address::PeerAddress;
use super::super::record::SignedRecord;
use super::{SIGHTING_LIFE, Source, TRIED_LIFE};
use crate::time::Timestamp;

/// What is known of a peer.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// What it says of itself; nothing yet if it was only sighted.
    pub(super) record: Option<SignedRecord>,
    /// Where it was announced on this network.
    pub(super) sighting: Option<PeerAddress>,
    /// Who told of it first. Whoever tells later takes nothing from anybody's share.
    pub(super) source: Source,
    /// When it was last heard of.
    pub(super) heard_at: Timestamp,
    /// When and where it last answered this host's dial.
    pub(super) linked: Option<Linked>,
    /// It is kept, whatever others tell.
    pub(super) is_tried: bool,
    /// This host knows it from before it was switched off.
    pub(super) is_remembered: bool,
    /// Dials in vain since it last answered.
    pub(super) failures: u32,
    /// It is not dialled before this.
    pub(super) rests_until: Timestamp,
}

/// A dial that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Linked {
    pub(super) at: Timestamp,
    pub(super) address: PeerAddress,
}

impl Entry {
    pub(super) fn heard(record: SignedRecord, source: Source, now: Timestamp) -> Self {
        Self::new(Some(record), None, source, now)
    }

    pub(super) fn sighted(address: PeerAddress, now: Timestamp) -> Self {
        Self::new(None, Some(address), Source::Lan, now)
    }

    /// One that has answered before this host was switched off.
    pub(super) fn remembered(record: Option<SignedRecord>, linked: Linked, now: Timestamp) -> Self {
        let source = Source::Peer(linked.address.subnet());
        let entry = Self::new(record, None, source, now);
        Self { linked: Some(linked), is_tried: true, is_remembered: true, ..entry }
    }

    fn new(
        record: Option<SignedRecord>,
        sighting: Option<PeerAddress>,
        source: Source,
        now: Timestamp,
    ) -> Self {
        Self {
            record,
            sighting,
            source,
            heard_at: now,
            linked: None,
            is_tried: false,
            is_remembered: false,
            failures: 0,
            rests_until: now,
        }
    }

    /// The addresses of its record.
    pub(super) fn addresses(&self) -> &[PeerAddress] {
        self.record.as_ref().map_or(&[], |record| record.record().addresses())
    }

    /// Whether there is no address at which it could be.
    pub(super) fn has_nothing(&self) -> bool {
        self.record.is_none() && self.sighting.is_none() && self.linked.is_none()
    }

    /// Whether nothing that is known of it is worth anything any longer.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        let has_record = self.record.as_ref().is_some_and(|it| !it.record().has_expired(now));
        let is_here = self.sighting.is_some() && now.since(self.heard_at) <= SIGHTING_LIFE;
        let has_answered = self.linked.filter(|_| self.is_tried);
        let is_remembered = has_answered.is_some_and(|link| now.since(link.at) <= TRIED_LIFE);
        !has_record && !is_here && !is_remembered
    }
}
