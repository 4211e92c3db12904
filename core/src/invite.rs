//! The right to join, as a secret that is handed on.

use std::fmt;

use crate::digest::Digest;
use crate::time::Timestamp;

/// The right to join. Only the digest of its secret is kept, so a stolen store admits nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// The digest of the secret.
    pub token: Digest,
    /// What it makes of its bearer.
    pub role: Role,
    /// How many may still use it.
    pub uses_left: u32,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What an invite makes of its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A host.
    Host {
        /// The volunteer to whom all hosts with this invite belong; `None`: each is its own.
        volunteer: Option<String>,
    },
    /// Someone who may submit jobs.
    Scientist,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host { .. } => "host",
            Self::Scientist => "scientist",
        })
    }
}
