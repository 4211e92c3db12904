//! What a host tells its owner of the peers that it knows.

use super::super::address::PeerAddress;
use super::{Name, Source, Table};
use crate::time::Timestamp;

/// How a host came to know a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was told by somebody, or saw it on this network.
    Told(Source),
    /// It has been linked to it before it was switched off.
    Remembered,
}

/// A peer, as an owner may want to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquaintance {
    /// Who, and how far away.
    pub name: Name,
    /// How it came to be known.
    pub why: Why,
    /// Where it last answered, or else where it is said to be.
    pub address: Option<PeerAddress>,
    /// When it last answered this host's dial.
    pub linked_at: Option<Timestamp>,
    /// Dials in vain since.
    pub failures: u32,
}

impl Table {
    /// Everybody who is known.
    pub fn acquaintances(&self) -> impl Iterator<Item = Acquaintance> {
        self.entries.iter().map(|(name, entry)| {
            let said = entry.sighting.or_else(|| entry.addresses().first().copied());
            Acquaintance {
                name: *name,
                why: if entry.is_remembered { Why::Remembered } else { Why::Told(entry.source) },
                address: entry.linked.map(|link| link.address).or(said),
                linked_at: entry.linked.map(|link| link.at),
                failures: entry.failures,
            }
        })
    }
}
