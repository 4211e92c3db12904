//! A scientist who may submit jobs.

use crate::key::Key;
use crate::time::Timestamp;

/// A scientist who may submit jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Their identity.
    pub key: Key,
    /// What they call themselves.
    pub name: String,
    /// When they were admitted.
    pub admitted_at: Timestamp,
}
