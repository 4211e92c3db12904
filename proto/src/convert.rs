//! The only conversions between the wire and the domain.
//!
//! What arrives is checked here once: a value of `manyhands_core` is already valid, and a message
//! that breaks a rule ends as a [`WireError`] that names the field and the limit. What leaves is
//! copied field by field, so that equal values have equal bytes.

mod error;
mod evidence;
mod field;
mod host;
mod ids;
mod items;
mod job;
mod ledger;
mod manifest;
mod peer;
mod slot_note;
mod work;

#[cfg(test)]
mod tests;

pub use self::error::{Fault, WireError};
pub use self::evidence::{contradiction, evidence};
pub use self::field::{digest, key, signature};
pub use self::host::{outlook, role};
pub use self::job::{canonical, canonical_outputs};
pub use self::ledger::ledger_rows;
pub use self::manifest::{
    MANIFEST_BYTES_MAX, MANIFEST_SIGNATURE, decode_manifest, encode_manifest,
};
pub(crate) use self::peer::{coordinator_record, peer_record};
pub use self::slot_note::slot_note;
pub use self::work::{claim, claim_message, input_keys, renewals, renewed, reports};
