//! Where a project's coordinators are: what its key signs, and any peer may carry.

use std::collections::BTreeSet;

use super::SKEW_MAX;
use crate::digest::Digest;
use crate::key::{Key, Signature};
use crate::time::{Span, Timestamp};

/// Most coordinators of a project.
pub const COORDINATORS_MAX: usize = 8;
/// Most addresses of a coordinator.
pub const COORDINATOR_ADDRESSES_MAX: usize = 4;
/// Longest address: a host name of 253 bytes, a colon and a port.
pub const COORDINATOR_ADDRESS_BYTES_MAX: usize = 259;
/// Longest time from signing a coordinator record to its end. The key may be kept offline, so this is
/// much longer than for peers.
pub const COORDINATOR_LIFE_MAX: Span = Span::hours(400 * 24);

/// One coordinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoordinatorAt {
    /// The key that it must prove.
    pub key: Key,
    /// Where it listens, as `host:port`, the best one first. It may be a name, and any port: whoever
    /// has the project's key may send its hosts wherever it likes.
    pub addresses: Vec<String>,
}

/// All coordinators of a project, by the word of the project's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoordinatorRecord {
    project: Key,
    coordinators: Vec<CoordinatorAt>,
    seq: u64,
    expires_at: Timestamp,
}

/// Why something is no coordinator record, or none that counts now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoordinatorsError {
    /// None, or too many.
    #[error("coordinators: has {0} items where 1 to {COORDINATORS_MAX} are allowed")]
    Coordinators(usize),
    /// One has none, or too many.
    #[error("addresses: has {0} items where 1 to {COORDINATOR_ADDRESSES_MAX} are allowed")]
    Addresses(usize),
    /// One is empty or too long.
    #[error("addresses: has {0} bytes where 1 to {COORDINATOR_ADDRESS_BYTES_MAX} are allowed")]
    AddressBytes(usize),
    /// There is one way to write a list of coordinators.
    #[error("coordinators: are not in ascending order of their keys, each once")]
    Order,
    /// Another project's coordinators have nothing to say here.
    #[error("project: is another one")]
    Project,
    /// Its end has come.
    #[error("expires_at: is {0} in the past")]
    Expired(Span),
    /// It would be believed long after its coordinators have gone.
    #[error("expires_at: is {0} ahead where at most {COORDINATOR_LIFE_MAX} is allowed")]
    LivesTooLong(Span),
    /// A newer one is known, or another one of the same number.
    #[error("seq: is {seq} where {known} is known")]
    Replayed {
        /// Of the newest record that is known.
        known: u64,
        /// Of this one.
        seq: u64,
    },
}

impl CoordinatorRecord {
    /// A record, if it is written as one is.
    ///
    /// # Errors
    /// [`CoordinatorsError`]: the first rule that it breaks.
    pub fn new(
        project: Key,
        coordinators: Vec<CoordinatorAt>,
        seq: u64,
        expires_at: Timestamp,
    ) -> Result<Self, CoordinatorsError> {
        if coordinators.is_empty() || coordinators.len() > COORDINATORS_MAX {
            return Err(CoordinatorsError::Coordinators(coordinators.len()));
        }
        if !coordinators.is_sorted_by(|a, b| a.key < b.key) {
            return Err(CoordinatorsError::Order);
        }
        for CoordinatorAt { addresses, .. } in &coordinators {
            if addresses.is_empty() || addresses.len() > COORDINATOR_ADDRESSES_MAX {
                return Err(CoordinatorsError::Addresses(addresses.len()));
            }
            let is_bad = |bytes: &usize| *bytes == 0 || *bytes > COORDINATOR_ADDRESS_BYTES_MAX;
            if let Some(bytes) = addresses.iter().map(String::len).find(is_bad) {
                return Err(CoordinatorsError::AddressBytes(bytes));
            }
        }
        Ok(Self { project, coordinators, seq, expires_at })
    }

    /// The project, whose key signs it.
    #[must_use]
    pub fn project(&self) -> &Key {
        &self.project
    }

    /// The coordinators, in the order of their keys.
    #[must_use]
    pub fn coordinators(&self) -> &[CoordinatorAt] {
        &self.coordinators
    }

    /// Which of the project's records it is: the highest stands.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// What the project's key signs. Every list and text is preceded by its length.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        let length = |of: usize| (of as u64).to_le_bytes();
        hasher.update(b"manyhands coordinators v1\0");
        hasher.update(self.project.as_bytes());
        hasher.update(&length(self.coordinators.len()));
        for CoordinatorAt { key, addresses } in &self.coordinators {
            hasher.update(key.as_bytes()).update(&length(addresses.len()));
            for address in addresses {
                hasher.update(&length(address.len())).update(address.as_bytes());
            }
        }
        hasher.update(&self.seq.to_le_bytes()).update(&self.expires_at.0.to_le_bytes());
        Digest(hasher.finalize().into())
    }

    fn check(&self, project: &Key, now: Timestamp) -> Result<(), CoordinatorsError> {
        if self.project != *project {
            return Err(CoordinatorsError::Project);
        }
        if now > self.expires_at.plus(SKEW_MAX) {
            return Err(CoordinatorsError::Expired(now.since(self.expires_at)));
        }
        let ahead = self.expires_at.since(now);
        if ahead.0 > COORDINATOR_LIFE_MAX.0.saturating_add(SKEW_MAX.0) {
            return Err(CoordinatorsError::LivesTooLong(ahead));
        }
        Ok(())
    }
}

/// A coordinator record with the project's signature, which was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCoordinators {
    /// What the project says.
    pub record: CoordinatorRecord,
    /// Its signature of [`CoordinatorRecord::digest`].
    pub signature: Signature,
}

/// Where a host believes the coordinators of its project to be.
#[derive(Clone, Debug)]
pub struct Coordinators {
    project: Key,
    newest: Option<SignedCoordinators>,
}

impl Coordinators {
    /// Nothing was heard yet.
    #[must_use]
    pub fn new(project: Key) -> Self {
        Self { project, newest: None }
    }

    /// What was known before, as this machine's own disk has it.
    #[must_use]
    pub fn restored(kept: SignedCoordinators) -> Self {
        Self { project: *kept.record.project(), newest: Some(kept) }
    }

    /// Whose word counts.
    #[must_use]
    pub fn project(&self) -> &Key {
        &self.project
    }

    /// The newest record, also one that counts no more.
    #[must_use]
    pub fn record(&self) -> Option<&SignedCoordinators> {
        self.newest.as_ref()
    }

    /// A record was heard, from anybody. True if it is news, to be written down and passed on.
    ///
    /// The number never goes back, not even when what is known has expired: whoever wants hosts to
    /// believe an old place again must have the key.
    ///
    /// # Errors
    /// Why it is not believed. What was known stays.
    pub fn hear(
        &mut self,
        heard: SignedCoordinators,
        now: Timestamp,
    ) -> Result<bool, CoordinatorsError> {
        heard.record.check(&self.project, now)?;
        if let Some(known) = &self.newest {
            if known.record == heard.record {
                return Ok(false);
            }
            let (known, seq) = (known.record.seq, heard.record.seq);
            if seq <= known {
                return Err(CoordinatorsError::Replayed { known, seq });
            }
        }
        self.newest = Some(heard);
        Ok(true)
    }

    /// The newest record, to be passed on while it counts.
    #[must_use]
    pub fn newest(&self, now: Timestamp) -> Option<&SignedCoordinators> {
        self.newest.as_ref().filter(|it| it.record.check(&self.project, now).is_ok())
    }

    /// What to tell somebody who asks for records of `project` above the number `seq`.
    #[must_use]
    pub fn newer(&self, project: &Key, seq: u64, now: Timestamp) -> Option<&SignedCoordinators> {
        let newest = self.newest(now).filter(|it| it.record.project() == project);
        newest.filter(|it| it.record.seq() > seq)
    }

    /// The coordinators to try. Those of a record that has expired are better than none.
    #[must_use]
    pub fn known(&self) -> &[CoordinatorAt] {
        self.newest.as_ref().map_or(&[], |it| it.record.coordinators())
    }

    /// Their keys, for [`Table::set_coordinators`](super::Table::set_coordinators); none of a record
    /// that has expired, because a key that the project no longer names must not vouch for anybody.
    #[must_use]
    pub fn believed(&self, now: Timestamp) -> BTreeSet<Key> {
        let newest = self.newest(now).map(|it| it.record.coordinators());
        newest.unwrap_or_default().iter().map(|it| it.key).collect()
    }
}

#[cfg(test)]
mod tests;
