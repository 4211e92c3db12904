//! What is kept of a host, for its owner to see.

use crate::host::Host;
use crate::key::Key;
use crate::refusal::Refusal;
use crate::store::{Store, StoreError};
use crate::volunteer::Volunteer;

use super::Found;

/// What is kept of a host, but for its answers, which are in the rows of their units, and its credit, which is in the
/// ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its row.
    pub host: Host,
    /// Who lends it.
    pub volunteer: Volunteer,
    /// Whether there is a proof that it contradicted itself.
    pub has_contradicted: bool,
}

/// Reads what is kept of the host with this key.
pub(super) fn read(store: &dyn Store, key: &Key) -> Found<Box<Kept>> {
    let Some(host) = store.host_by_key(key)? else { return Ok(Err(Refusal::NeverEnrolled(*key))) };
    let missing = || StoreError::Missing { what: format!("volunteer {}", host.volunteer) };
    let volunteer = store.volunteer(host.volunteer)?.ok_or_else(missing)?;
    let has_contradicted = store.evidence(host.id)?.is_some();
    Ok(Ok(Box::new(Kept { host, volunteer, has_contradicted })))
}
