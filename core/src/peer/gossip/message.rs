//! What hosts tell each other of what is new.

use super::{NEWS_BLOBS_MAX, NEWS_LIFE, SKEW_MAX};
use crate::digest::Digest;
use crate::key::{Key, Signature};
use crate::time::Timestamp;

/// A coordinator says which blobs are new. Its signature is checked before it comes here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    project: Key,
    coordinator: Key,
    blobs: Vec<Digest>,
    issued_at: Timestamp,
    signature: Signature,
}

/// Why something is no news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewsError {
    /// None, or too many.
    #[error("blobs: has {0} items where 1 to {NEWS_BLOBS_MAX} are allowed")]
    Blobs(usize),
}

impl News {
    /// News, if it is written as such.
    ///
    /// # Errors
    /// When it names nothing, or too much.
    pub fn new(
        project: Key,
        coordinator: Key,
        blobs: Vec<Digest>,
        issued_at: Timestamp,
        signature: Signature,
    ) -> Result<Self, NewsError> {
        if blobs.is_empty() || blobs.len() > NEWS_BLOBS_MAX {
            return Err(NewsError::Blobs(blobs.len()));
        }
        Ok(Self { project, coordinator, blobs, issued_at, signature })
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> &Key {
        &self.project
    }

    /// Who says so.
    #[must_use]
    pub fn coordinator(&self) -> &Key {
        &self.coordinator
    }

    /// What is new.
    #[must_use]
    pub fn blobs(&self) -> &[Digest] {
        &self.blobs
    }

    /// Since when.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The coordinator's signature of [`Self::id`].
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Its name, and what the coordinator signs. Who signs it again has no second name for it.
    #[must_use]
    pub fn id(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"manyhands news v1\0");
        hasher.update(self.project.as_bytes()).update(self.coordinator.as_bytes());
        for blob in &self.blobs {
            hasher.update(blob.as_bytes());
        }
        hasher.update(&self.issued_at.0.to_le_bytes());
        Digest(hasher.finalize().into())
    }

    /// Whether it is neither old nor yet to come.
    #[must_use]
    pub fn is_news(&self, now: Timestamp) -> bool {
        self.issued_at <= now.plus(SKEW_MAX) && now.since(self.issued_at) <= NEWS_LIFE
    }
}

/// What neighbours say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The sender knows these.
    Offer(Vec<Digest>),
    /// The sender wants these, of those that it was offered.
    Want(Vec<Digest>),
    /// The news itself.
    Tell(Box<News>),
}

/// Something that happened to the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// There is a link to a peer.
    Joined(Key),
    /// A link has ended.
    Left(Key),
    /// A coordinator told this host.
    Found(News),
    /// A neighbour said something.
    Heard {
        /// Who.
        from: Key,
        /// What.
        message: Message,
    },
}
