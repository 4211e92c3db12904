//! Who may go: sizes, pins and last uses of what lies in the cache. No files are touched here.

use std::collections::BTreeMap;

use manyhands_core::digest::Digest;

use super::CacheError;

/// How much of a blob is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its beginning, or nothing yet.
    Partial,
    /// Some of its pieces.
    Pieces,
    /// All, from an earlier process; not hashed by this one.
    Unverified,
    /// All, and its hash is its name.
    Verified,
}

impl State {
    /// Where such blobs lie.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::Pieces => "pieces",
            Self::Unverified | Self::Verified => "whole",
        }
    }
}

#[derive(Debug)]
struct Entry {
    bytes: u64,
    state: State,
    pins: u32,
    /// Its place in `unused`, while nobody pins it.
    used: u64,
}

/// What is in the cache.
#[derive(Debug)]
pub(super) struct Index {
    entries: BTreeMap<Digest, Entry>,
    /// What nobody pins, longest unused first.
    unused: BTreeMap<u64, Digest>,
    /// Counts uses.
    uses: u64,
    bytes: u64,
    bytes_max: u64,
}

impl Index {
    pub(super) fn new(bytes_max: u64) -> Self {
        Self { entries: BTreeMap::new(), unused: BTreeMap::new(), uses: 0, bytes: 0, bytes_max }
    }

    /// Whether anything of the blob is here.
    pub(super) fn is_known(&self, digest: Digest) -> bool {
        self.entries.contains_key(&digest)
    }

    /// Enters a blob that lies on disk; false if it is known already. A whole one wins over its own beginning.
    pub(super) fn found(&mut self, digest: Digest, bytes: u64, state: State) -> bool {
        if self.entries.contains_key(&digest) {
            return false;
        }
        self.uses += 1;
        self.unused.insert(self.uses, digest);
        self.entries.insert(digest, Entry { bytes, state, pins: 0, used: self.uses });
        self.bytes += bytes;
        true
    }

    /// Pins a blob that is here, and gives its size and state.
    pub(super) fn pin(&mut self, digest: Digest) -> Option<(u64, State)> {
        let entry = self.entries.get_mut(&digest)?;
        self.unused.remove(&entry.used);
        entry.pins += 1;
        Some((entry.bytes, entry.state))
    }

    /// Undoes one pin. The last makes this the most recently used of the unpinned.
    pub(super) fn unpin(&mut self, digest: Digest) {
        let Some(entry) = self.entries.get_mut(&digest) else { return };
        entry.pins = entry.pins.saturating_sub(1);
        if entry.pins == 0 {
            self.uses += 1;
            entry.used = self.uses;
            self.unused.insert(self.uses, digest);
        }
    }

    /// Undoes one pin, and forgets the blob if that was the last: then its file is to be removed.
    pub(super) fn unpin_and_remove(&mut self, digest: Digest) -> Option<State> {
        self.unpin(digest);
        let entry = self.entries.get(&digest).filter(|entry| entry.pins == 0)?;
        let (used, state) = (entry.used, entry.state);
        self.forget(used, digest);
        Some(state)
    }

    /// Forgets the longest unused until `bytes` more fit, and says whose files are to be removed.
    pub(super) fn make_room(&mut self, bytes: u64) -> Result<Vec<(Digest, State)>, CacheError> {
        let unused: u64 = self.unused.values().map(|digest| self.entries[digest].bytes).sum();
        if (self.bytes - unused).saturating_add(bytes) > self.bytes_max && bytes > 0 {
            return Err(CacheError::Full { bytes, bytes_max: self.bytes_max });
        }
        let mut victims = Vec::new();
        while self.bytes.saturating_add(bytes) > self.bytes_max {
            let Some((&used, &digest)) = self.unused.first_key_value() else { break };
            victims.push((digest, self.entries[&digest].state));
            self.forget(used, digest);
        }
        Ok(victims)
    }

    /// Bytes that the cap already counts for this blob.
    pub(super) fn reserved(&self, digest: Digest) -> u64 {
        self.entries.get(&digest).map_or(0, |entry| entry.bytes)
    }

    /// Counts `bytes` for a blob that is about to come, and pins it.
    pub(super) fn reserve(&mut self, digest: Digest, bytes: u64) {
        self.found(digest, 0, State::Partial);
        self.pin(digest);
        if let Some(entry) = self.entries.get_mut(&digest) {
            self.bytes = self.bytes - entry.bytes + bytes;
            entry.bytes = bytes;
        }
    }

    pub(super) fn set_state(&mut self, digest: Digest, state: State) {
        if let Some(entry) = self.entries.get_mut(&digest) {
            entry.state = state;
        }
    }

    fn forget(&mut self, used: u64, digest: Digest) {
        self.unused.remove(&used);
        if let Some(entry) = self.entries.remove(&digest) {
            self.bytes -= entry.bytes;
        }
    }
}
