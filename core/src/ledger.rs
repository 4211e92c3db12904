//! The ledger: what was granted for which replica, and what was taken back, as a chain of hashes.
//!
//! Rows are only appended. Each carries a hash over the hash before it and its own bytes, so that
//! whoever knows the last hash notices if any row was changed, dropped, added or moved. A grant that
//! turns out to be for nothing is taken back by another row; nothing is ever erased.

mod replay;

use std::fmt;

use crate::credit::MicroCredits;
use crate::digest::Digest;
use crate::id::{HostId, ReplicaId, VolunteerId};
use crate::time::Timestamp;

pub use replay::{Account, Replay, RowError};

/// What the hash of a row is for. A new layout of rows gets a new name.
const CHAIN: &str = "manyhands 2026 row of the ledger v1";

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The host gets the amount.
    Grant,
    /// What the host got for this replica is taken back.
    TakeBack,
}

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it does.
    pub kind: Kind,
    /// For what.
    pub replica: ReplicaId,
    /// To which host, or from which.
    pub host: HostId,
    /// Who lends it.
    pub volunteer: VolunteerId,
    /// How much.
    pub amount: MicroCredits,
    /// When.
    pub at: Timestamp,
}

/// An entry in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// What it says.
    pub entry: Entry,
    /// Names this row and all before it.
    pub chain: Digest,
}

/// Where a ledger ends: this names all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many rows it has.
    pub rows: u64,
    /// The chain of the last one.
    pub chain: Digest,
}

impl Head {
    /// The head of a ledger without rows.
    pub const EMPTY: Self = Self { rows: 0, chain: Digest([0; 32]) };

    /// The row that an entry becomes; the head is then that row's.
    pub fn append(&mut self, entry: Entry) -> LedgerRow {
        self.rows = self.rows.saturating_add(1);
        self.chain = chain(&self.chain, self.rows, &entry);
        LedgerRow { seq: self.rows, entry, chain: self.chain }
    }

    /// Goes on to `row`, if it is the next one.
    ///
    /// # Errors
    /// When its number or its hash is another; the head then stays.
    pub fn follow(&mut self, row: &LedgerRow) -> Result<(), BrokenChain> {
        let mut next = *self;
        let expected = next.append(row.entry);
        if row.seq != expected.seq {
            return Err(BrokenChain::Seq { found: row.seq, expected: expected.seq });
        }
        if row.chain != expected.chain {
            return Err(BrokenChain::Hash);
        }
        *self = next;
        Ok(())
    }
}

/// A row that does not follow the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// It has another number.
    #[error("it has number {found} where {expected} is next: rows are missing or were moved")]
    Seq {
        /// Its number.
        found: u64,
        /// The next number.
        expected: u64,
    },
    /// It has another hash.
    #[error("its chain is not the hash of this row and all before it: it was changed")]
    Hash,
}

/// BLAKE3 over the hash before, the number and every field, each in its full width, lowest byte
/// first: as no field can borrow bytes of another, different rows have different bytes.
fn chain(before: &Digest, seq: u64, entry: &Entry) -> Digest {
    let Entry { kind, replica, host, volunteer, amount, at } = entry;
    let kind = match kind {
        Kind::Grant => 0,
        Kind::TakeBack => 1,
    };
    let mut hasher = blake3::Hasher::new_derive_key(CHAIN);
    hasher.update(before.as_bytes());
    hasher.update(&seq.to_le_bytes());
    hasher.update(&[kind]);
    hasher.update(&replica.unit.job.0.to_le_bytes());
    hasher.update(&replica.unit.index.to_le_bytes());
    hasher.update(&replica.number.to_le_bytes());
    hasher.update(&host.0.to_le_bytes());
    hasher.update(&volunteer.0.to_le_bytes());
    hasher.update(&amount.0.to_le_bytes());
    hasher.update(&at.0.to_le_bytes());
    Digest(hasher.finalize().into())
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grant => "grant",
            Self::TakeBack => "take-back",
        })
    }
}

#[cfg(test)]
mod tests;
