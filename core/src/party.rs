//! Who stands behind a voice: what "another volunteer" means, in the one place where it is said.

use std::collections::BTreeSet;

use crate::block::Block;
use crate::host::Host;
use crate::id::{HostId, VolunteerId};
use crate::replica::Replica;

/// Who stands behind a voice, as far as a coordinator can see. Where different people are wanted, for
/// a quorum, an audit, a dispute or a comparison, no two voices are of one party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Who lends the host.
    pub volunteer: VolunteerId,
    /// From which public block it came; none on the operator's own networks, which are no party.
    pub block: Option<Block>,
}

impl Party {
    /// Whether both count as one: the same volunteer, or the same block.
    #[must_use]
    pub fn is_one_with(self, other: Self) -> bool {
        self.volunteer == other.volunteer || self.shares_block_with(other)
    }

    /// Whether both came from the same public block.
    #[must_use]
    pub fn shares_block_with(self, other: Self) -> bool {
        self.block.is_some() && self.block == other.block
    }
}

impl Host {
    /// Who stands behind what it will say from where it is now.
    #[must_use]
    pub fn party(&self) -> Party {
        Party { volunteer: self.volunteer, block: self.block }
    }
}

impl Replica {
    /// Who stood behind it when it was leased. A host that has moved since is another party for new
    /// voices, and the same for this one, or moving would make two of one.
    #[must_use]
    pub fn party(&self) -> Party {
        Party { volunteer: self.volunteer, block: self.block }
    }
}

/// How many different parties a set of hosts can be at most: no more than it has volunteers, and no
/// more than it has places. A place is a block, or a host that is in none.
///
/// Which volunteer has a host in which block does not matter: whoever has so many names and so many
/// blocks can arrange them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parties {
    volunteers: BTreeSet<VolunteerId>,
    blocks: BTreeSet<Block>,
    elsewhere: BTreeSet<HostId>,
}

impl Parties {
    /// One host more.
    pub fn add(&mut self, host: &Host) {
        self.volunteers.insert(host.volunteer);
        match host.block {
            Some(block) => self.blocks.insert(block),
            None => self.elsewhere.insert(host.id),
        };
    }

    /// How many parties there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.volunteers.len().min(self.blocks.len() + self.elsewhere.len())
    }

    /// How many volunteers there are, wherever they are.
    #[must_use]
    pub fn volunteers(&self) -> usize {
        self.volunteers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::rows;

    fn party(volunteer: u64, block: Option<u8>) -> Party {
        let block = block.map(|last| Block::V4([198, 51, last]));
        Party { volunteer: VolunteerId(volunteer), block }
    }

    #[test]
    fn a_volunteer_or_a_block_makes_one_party_and_an_own_network_makes_none() {
        let check = |a: Party, b: Party, is_one| {
            assert_eq!(a.is_one_with(b), is_one, "{a:?} {b:?}");
            assert_eq!(b.is_one_with(a), is_one, "{b:?} {a:?}");
        };
        check(party(1, Some(1)), party(1, Some(2)), true);
        check(party(1, Some(1)), party(1, None), true);
        check(party(1, Some(1)), party(2, Some(1)), true);
        check(party(1, Some(1)), party(2, Some(2)), false);
        check(party(1, Some(1)), party(2, None), false);
        check(party(1, None), party(2, None), false);
    }

    #[test]
    fn there_are_no_more_parties_than_volunteers_or_places() {
        let mut parties = Parties::default();
        let mut add = |id, volunteer, block| {
            let Party { volunteer, block } = party(volunteer, block);
            parties.add(&Host { volunteer, block, ..rows::host(id, &[]) });
            (parties.count(), parties.volunteers())
        };
        assert_eq!(add(1, 1, Some(1)), (1, 1));
        assert_eq!(add(2, 2, Some(1)), (1, 2));
        assert_eq!(add(3, 3, None), (2, 3));
        assert_eq!(add(4, 4, None), (3, 4));
        assert_eq!(add(5, 1, Some(2)), (4, 4));
        assert_eq!(add(6, 1, Some(3)), (4, 4));
    }
}
