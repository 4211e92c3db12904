//! A person who lends hosts.

use crate::id::VolunteerId;
use crate::time::Timestamp;

/// A person who lends one host or many. What they earned is the sum of what their hosts did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volunteer {
    /// Their number.
    pub id: VolunteerId,
    /// The name that their invites carry; `None` if their only host joined without one.
    pub name: Option<String>,
    /// When their first host enrolled.
    pub joined_at: Timestamp,
}
