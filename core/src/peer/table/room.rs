//! Who may fill how much of the table.
//!
//! Bitcoin's address manager hashes what it hears into buckets, so that a source reaches few of them.
//! A table of hundreds can count instead, and promise what hashing makes likely: a newcomer displaces
//! something of its own source, or of a source that has more.

use std::collections::BTreeMap;

use super::super::address::{PeerAddress, Reach, Subnet};
use super::choice::Dial;
use super::{Entry, Name, Source, Table, Unheard};

/// Most peers that are known from coordinators alone.
pub const COORDINATOR_MAX: usize = 96;
/// Most peers that are known from other peers alone,
pub const PEERS_MAX: usize = 96;
/// and of these from peers of one subnet.
pub const SOURCE_MAX: usize = 16;
/// Most peers that are known from announcements on this network alone,
pub const LAN_MAX: usize = 64;
/// and of these at one IP address.
pub const LAN_IP_MAX: usize = 4;
/// Most peers that are kept because they have answered.
pub const TRIED_MAX: usize = 64;
/// Most peers with an address in one public subnet, wherever they are known from,
pub const SUBNET_MAX: usize = 4;
/// and of these that are kept because they have answered.
const TRIED_SUBNET_MAX: usize = 2;

impl Table {
    /// Whether a peer may have these addresses, beside all others that are known.
    pub(super) fn check_subnets(
        &self,
        name: Name,
        addresses: &[PeerAddress],
    ) -> Result<(), Unheard> {
        let is_full = |address: &PeerAddress| {
            let others = self.entries.iter().filter(|(other, _)| **other != name);
            others.filter(|(_, entry)| is_in(entry, address.subnet())).count() >= SUBNET_MAX
        };
        // All machines of a lab are in one subnet, and nobody outside can be harmed there.
        if name.reach == Reach::World && addresses.iter().any(is_full) {
            return Err(Unheard::SubnetFull);
        }
        Ok(())
    }

    /// Makes room for one peer more from this source.
    pub(super) fn make_room(&mut self, source: Source) -> Result<(), Unheard> {
        let counts = self.counts_beside(source);
        let own = counts.get(&source).copied().unwrap_or(0);
        let sum: usize = counts.values().sum();
        let (pool_max, source_max) = match source {
            Source::Coordinator => (COORDINATOR_MAX, COORDINATOR_MAX),
            Source::Peer(_) => (PEERS_MAX, SOURCE_MAX),
            Source::Lan => (LAN_MAX, LAN_MAX),
        };
        if own >= source_max {
            self.drop_oldest_of(source);
        } else if sum >= pool_max {
            let largest = counts.iter().max_by_key(|(_, count)| **count);
            // Equals do not displace each other, or two of them could do so for ever.
            let larger = largest.filter(|(_, count)| **count > own + 1).ok_or(Unheard::Full)?;
            self.drop_oldest_of(*larger.0);
        }
        Ok(())
    }

    /// Makes room for an announcement. Nobody stands for these, so the first ones stay until they
    /// are dialled in vain: a flood does not wash away what was there before.
    pub(super) fn make_room_on_lan(&self, address: PeerAddress) -> Result<(), Unheard> {
        let is_here = |entry: &&Entry| entry.source == Source::Lan && !entry.is_tried;
        let on_lan = || self.entries.values().filter(is_here);
        let at_ip = |entry: &&Entry| entry.sighting.is_some_and(|it| it.ip() == address.ip());
        if on_lan().count() >= LAN_MAX || on_lan().filter(at_ip).count() >= LAN_IP_MAX {
            return Err(Unheard::Full);
        }
        Ok(())
    }

    /// Whether a peer that answered may be kept, whatever others tell from now on. Nobody who is kept
    /// leaves for it: an attacker that answers must not push out honest peers that are away for a while.
    pub(super) fn may_be_tried(&self, dial: &Dial) -> bool {
        let tried = || self.entries.values().filter(|entry| entry.is_tried);
        let subnet = dial.address.subnet();
        let is_near = |entry: &&Entry| entry.linked.is_some_and(|it| it.address.subnet() == subnet);
        let has_room =
            dial.name.reach != Reach::World || tried().filter(is_near).count() < TRIED_SUBNET_MAX;
        has_room && tried().count() < TRIED_MAX
    }

    /// How many peers are known from each source of the same kind, those that are kept left out.
    fn counts_beside(&self, source: Source) -> BTreeMap<Source, usize> {
        let mut counts = BTreeMap::new();
        let is_new = |entry: &&Entry| !entry.is_tried && is_same_kind(entry.source, source);
        for entry in self.entries.values().filter(is_new) {
            *counts.entry(entry.source).or_default() += 1;
        }
        counts
    }

    /// Forgets the peer of this source that was not heard of for longest.
    fn drop_oldest_of(&mut self, source: Source) {
        let of_source = self.entries.iter().filter(|(_, it)| it.source == source && !it.is_tried);
        let oldest = of_source.min_by_key(|(_, entry)| entry.heard_at).map(|(name, _)| *name);
        oldest.and_then(|name| self.entries.remove(&name));
    }
}

fn is_in(entry: &Entry, subnet: Subnet) -> bool {
    entry.addresses().iter().any(|address| address.subnet() == subnet)
}

fn is_same_kind(a: Source, b: Source) -> bool {
    match a {
        Source::Coordinator => b == Source::Coordinator,
        Source::Peer(_) => matches!(b, Source::Peer(_)),
        Source::Lan => b == Source::Lan,
    }
}
