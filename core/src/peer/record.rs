//! What a peer says of itself, and what others say who were there.

use super::address::{PeerAddress, Reach};
use super::{ADDRESSES_MAX, RECORD_LIFE_MAX, SKEW_MAX, VISIT_LIFE_MAX, WITNESSES_MAX};
use crate::digest::Digest;
use crate::key::{Key, Signature};
use crate::time::Timestamp;

/// Where one host of a project takes calls, by its own word.
///
/// All addresses have one [`Reach`]: what is private has no business outside, and a signature cannot be
/// cut in two. A host that takes calls from inside and from outside signs two records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    project: Key,
    key: Key,
    addresses: Vec<PeerAddress>,
    reach: Reach,
    seq: u64,
    expires_at: Timestamp,
}

/// Why something is no record, or none that counts now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// None, or too many.
    #[error("addresses: has {0} items where 1 to {ADDRESSES_MAX} are allowed")]
    Addresses(usize),
    /// There is one way to write a list of addresses.
    #[error("addresses: are not in ascending order, each once")]
    Order,
    /// See [`Record`].
    #[error("addresses: are partly public and partly not; sign two records")]
    Mixed,
    /// Too many counter-signatures.
    #[error("witnesses: has {0} items where at most {WITNESSES_MAX} are allowed")]
    Witnesses(usize),
    /// One of another address, of the peer itself, or one twice.
    #[error("witnesses: are not of this record's addresses, by others, each once")]
    Witness,
    /// A peer of one project is none of another.
    #[error("project: is another one")]
    Project,
    /// Nobody listens to it any longer.
    #[error("expires_at: is {} in the past", .0)]
    Expired(crate::time::Span),
    /// It would be believed long after its peer has gone.
    #[error("expires_at: is {} ahead where at most {RECORD_LIFE_MAX} is allowed", .0)]
    LivesTooLong(crate::time::Span),
}

impl Record {
    /// A record, if it is written as one is.
    ///
    /// # Errors
    /// [`RecordError`]: the first rule that it breaks.
    pub fn new(
        project: Key,
        key: Key,
        addresses: Vec<PeerAddress>,
        seq: u64,
        expires_at: Timestamp,
    ) -> Result<Self, RecordError> {
        let first = addresses.first().filter(|_| addresses.len() <= ADDRESSES_MAX);
        let reach = first.ok_or(RecordError::Addresses(addresses.len()))?.reach();
        if !addresses.is_sorted_by(|a, b| a < b) {
            return Err(RecordError::Order);
        }
        if addresses.iter().any(|address| address.reach() != reach) {
            return Err(RecordError::Mixed);
        }
        Ok(Self { project, key, addresses, reach, seq, expires_at })
    }

    /// Whether it counts for a host of `project` at `now`. Clocks may be apart by [`SKEW_MAX`].
    ///
    /// # Errors
    /// [`RecordError`]: why it does not.
    pub fn check(&self, project: &Key, now: Timestamp) -> Result<(), RecordError> {
        if self.project != *project {
            return Err(RecordError::Project);
        }
        if self.has_expired(now) {
            return Err(RecordError::Expired(now.since(self.expires_at)));
        }
        let ahead = self.expires_at.since(now);
        if ahead.0 > RECORD_LIFE_MAX.0.saturating_add(SKEW_MAX.0) {
            return Err(RecordError::LivesTooLong(ahead));
        }
        Ok(())
    }

    /// Whether it has ended, even by a clock that is late.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now > self.expires_at.plus(SKEW_MAX)
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> &Key {
        &self.project
    }

    /// Whose it is.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Where it takes calls, in ascending order.
    #[must_use]
    pub fn addresses(&self) -> &[PeerAddress] {
        &self.addresses
    }

    /// How far all of its addresses are.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Which of its peer's records it is: the highest stands.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// What the peer signs. Every field has its length or one length, so no two records have the same.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"manyhands peer record v1\0");
        hasher.update(self.project.as_bytes());
        hasher.update(self.key.as_bytes());
        self.addresses.iter().for_each(|address| address.hash_into(&mut hasher));
        hasher.update(&[0]);
        hasher.update(&self.seq.to_le_bytes());
        hasher.update(&self.expires_at.0.to_le_bytes());
        Digest(hasher.finalize().into())
    }
}

/// Somebody dialled a peer at an address, and the peer answered with its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Of which project both are.
    pub project: Key,
    /// Who answered.
    pub key: Key,
    /// Where.
    pub address: PeerAddress,
    /// When.
    pub seen_at: Timestamp,
}

impl Visit {
    /// What the visitor signs.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"manyhands peer visit v1\0");
        hasher.update(self.project.as_bytes());
        hasher.update(self.key.as_bytes());
        self.address.hash_into(&mut hasher);
        hasher.update(&self.seen_at.0.to_le_bytes());
        Digest(hasher.finalize().into())
    }
}

/// A visit, signed by the visitor. Whose signatures count, each host decides for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The visitor.
    pub by: Key,
    /// Where the peer answered.
    pub address: PeerAddress,
    /// When.
    pub seen_at: Timestamp,
    /// The visitor's, of [`Visit::digest`].
    pub signature: Signature,
}

impl Witness {
    /// Whether the visit was lately, whoever made it.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.seen_at <= now.plus(SKEW_MAX)
            && now.since(self.seen_at).0 <= VISIT_LIFE_MAX.0.saturating_add(SKEW_MAX.0)
    }
}

/// A record with its peer's signature, and signatures of those who were there. All of them were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRecord {
    record: Record,
    signature: Signature,
    witnesses: Vec<Witness>,
}

impl SignedRecord {
    /// Puts a record together with its signatures.
    ///
    /// # Errors
    /// When there are too many witnesses, or some that have no business here.
    pub fn new(
        record: Record,
        signature: Signature,
        witnesses: Vec<Witness>,
    ) -> Result<Self, RecordError> {
        if witnesses.len() > WITNESSES_MAX {
            return Err(RecordError::Witnesses(witnesses.len()));
        }
        let order = |witness: &Witness| (witness.address, witness.by);
        let is_once = witnesses.is_sorted_by(|a, b| order(a) < order(b));
        let is_foreign = |witness: &Witness| {
            witness.by == record.key || !record.addresses.contains(&witness.address)
        };
        if !is_once || witnesses.iter().any(is_foreign) {
            return Err(RecordError::Witness);
        }
        Ok(Self { record, signature, witnesses })
    }

    /// What the peer says.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The peer's signature of [`Record::digest`].
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Who was there, in the order of addresses and keys.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The visit that a witness signed.
    #[must_use]
    pub fn visit(&self, witness: &Witness) -> Visit {
        Visit {
            project: self.record.project,
            key: self.record.key,
            address: witness.address,
            seen_at: witness.seen_at,
        }
    }

    /// The record alone, and its witnesses.
    pub(super) fn stripped(mut self) -> (Self, Vec<Witness>) {
        let witnesses = std::mem::take(&mut self.witnesses);
        (self, witnesses)
    }

    /// Takes the witnesses of another copy, of whom `counts` is true; each visitor's last visit of an
    /// address stands. One that counts is never displaced by one that came later; those that no longer
    /// count go. Witnesses of addresses that the record has not are left out.
    pub(super) fn join(&mut self, others: &[Witness], counts: impl Fn(&Witness) -> bool) {
        self.witnesses.retain(&counts);
        for other in others.iter().filter(|other| counts(other)) {
            let order = |witness: &Witness| (witness.address, witness.by);
            match self.witnesses.binary_search_by_key(&order(other), order) {
                Ok(at) if self.witnesses[at].seen_at < other.seen_at => self.witnesses[at] = *other,
                Ok(_) => {}
                Err(at) => {
                    let is_here = self.record.addresses.contains(&other.address);
                    if is_here
                        && other.by != self.record.key
                        && self.witnesses.len() < WITNESSES_MAX
                    {
                        self.witnesses.insert(at, *other);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
