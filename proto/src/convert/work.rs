//! Leases, renewals and reports: what host and coordinator say of replicas.

mod checkpoint;
mod claim;
mod lease;
mod outcome;
mod output;
mod renewal;

use manyhands_core::command::{Renewal, ReplicaReport};
use manyhands_core::limits::BATCH_MAX;

pub use self::claim::{claim, claim_message};
pub use self::lease::{input_keys, renewed};
use super::error::WireError;
use super::field::list;
use crate::v1;

/// The reports of one batch, at most [`BATCH_MAX`].
///
/// # Errors
/// The first report that cannot be taken; then none is.
pub fn reports(wire: v1::Reports) -> Result<Vec<ReplicaReport>, WireError> {
    list("reports", BATCH_MAX, wire.reports)
}

/// The renewals of one message, at most [`BATCH_MAX`].
///
/// # Errors
/// The first renewal that cannot be taken; then none is.
pub fn renewals(wire: v1::Renew) -> Result<Vec<Renewal>, WireError> {
    list("renewals", BATCH_MAX, wire.renewals)
}
