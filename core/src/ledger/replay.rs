//! Replaying a ledger from its first row: whether it is whole, and what each host has by its end.

use std::collections::BTreeMap;

use super::{BrokenChain, Entry, Head, Kind, LedgerRow};
use crate::credit::MicroCredits;
use crate::id::{HostId, ReplicaId, VolunteerId};

/// What one host, or one volunteer, was granted and gave back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// All that was ever granted.
    pub granted: MicroCredits,
    /// What of it was taken back.
    pub taken_back: MicroCredits,
}

impl Account {
    /// What stands.
    #[must_use]
    pub fn standing(&self) -> MicroCredits {
        self.granted.minus(self.taken_back)
    }

    fn book(&mut self, entry: &Entry) {
        let side = match entry.kind {
            Kind::Grant => &mut self.granted,
            Kind::TakeBack => &mut self.taken_back,
        };
        *side = side.plus(entry.amount);
    }
}

/// A ledger as far as it was read. It remembers every grant that stands, some 60 bytes each: only
/// so can it tell that nobody is paid twice.
#[derive(Clone, Debug)]
pub struct Replay {
    head: Head,
    standing: BTreeMap<ReplicaId, (HostId, MicroCredits)>,
    hosts: BTreeMap<HostId, (VolunteerId, Account)>,
}

/// A row that no honest ledger has in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// It does not follow the row before.
    #[error(transparent)]
    Chain(#[from] BrokenChain),
    /// The replica has a grant that stands.
    #[error("it pays for replica {0} a second time")]
    PaidTwice(ReplicaId),
    /// There is nothing to be taken back.
    #[error("it takes back what replica {0} does not have")]
    NotPaid(ReplicaId),
    /// Another host got it, or another amount.
    #[error(
        "it takes {amount} for replica {replica} from host {host}, and host {from} got {paid} for it"
    )]
    OtherGrant {
        /// The replica.
        replica: ReplicaId,
        /// From whom it is taken.
        host: HostId,
        /// How much.
        amount: MicroCredits,
        /// Who got it.
        from: HostId,
        /// How much it was.
        paid: MicroCredits,
    },
    /// A host changed hands, which none ever does.
    #[error("it says that host {host} belongs to volunteer {now}, an earlier row says to {before}")]
    OtherVolunteer {
        /// The host.
        host: HostId,
        /// Whose it is by this row.
        now: VolunteerId,
        /// Whose it was before.
        before: VolunteerId,
    },
}

impl Default for Replay {
    fn default() -> Self {
        Self { head: Head::EMPTY, standing: BTreeMap::new(), hosts: BTreeMap::new() }
    }
}

impl Replay {
    /// Goes on by one row.
    ///
    /// # Errors
    /// What is wrong with it. What was read before it stays as it was.
    pub fn follow(&mut self, row: &LedgerRow) -> Result<(), RowError> {
        let entry = &row.entry;
        let mut head = self.head;
        head.follow(row)?;
        self.check(entry)?;
        match entry.kind {
            Kind::Grant => self.standing.insert(entry.replica, (entry.host, entry.amount)),
            Kind::TakeBack => self.standing.remove(&entry.replica),
        };
        let none = (entry.volunteer, Account::default());
        self.hosts.entry(entry.host).or_insert(none).1.book(entry);
        self.head = head;
        Ok(())
    }

    fn check(&self, entry: &Entry) -> Result<(), RowError> {
        let Entry { kind, replica, host, volunteer, amount, .. } = *entry;
        match (kind, self.standing.get(&replica)) {
            (Kind::Grant, Some(_)) => return Err(RowError::PaidTwice(replica)),
            (Kind::TakeBack, None) => return Err(RowError::NotPaid(replica)),
            (Kind::TakeBack, Some(&(from, paid))) if (from, paid) != (host, amount) => {
                return Err(RowError::OtherGrant { replica, host, amount, from, paid });
            }
            (Kind::Grant, None) | (Kind::TakeBack, Some(_)) => {}
        }
        match self.hosts.get(&host) {
            Some(&(before, _)) if before != volunteer => {
                Err(RowError::OtherVolunteer { host, now: volunteer, before })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// Every host that the ledger names, with who lends it.
    #[must_use]
    pub fn hosts(&self) -> &BTreeMap<HostId, (VolunteerId, Account)> {
        &self.hosts
    }

    /// Every volunteer that the ledger names.
    #[must_use]
    pub fn volunteers(&self) -> BTreeMap<VolunteerId, Account> {
        let mut volunteers: BTreeMap<VolunteerId, Account> = BTreeMap::new();
        for (volunteer, account) in self.hosts.values() {
            let sum = volunteers.entry(*volunteer).or_default();
            sum.granted = sum.granted.plus(account.granted);
            sum.taken_back = sum.taken_back.plus(account.taken_back);
        }
        volunteers
    }
}
