//! Rows of the ledger.

use manyhands_core::credit::MicroCredits;
use manyhands_core::id::{HostId, VolunteerId};
use manyhands_core::ledger::{Entry, Kind, LedgerRow};
use manyhands_core::limits::PAGE_MAX;
use manyhands_core::time::Timestamp;

use super::error::{Fault, WireError};
use super::field::{digest, digest_bytes, list, nested};
use crate::v1;

impl From<LedgerRow> for v1::LedgerRow {
    fn from(row: LedgerRow) -> Self {
        let Entry { kind, replica, host, volunteer, amount, at } = row.entry;
        let kind = match kind {
            Kind::Grant => v1::LedgerKind::Grant,
            Kind::TakeBack => v1::LedgerKind::TakeBack,
        };
        Self {
            seq: row.seq,
            kind: kind.into(),
            replica: Some(replica.into()),
            host: host.0,
            volunteer: volunteer.0,
            amount_micro: amount.0,
            at_ms: at.0,
            chain: digest_bytes(&row.chain),
        }
    }
}

impl TryFrom<v1::LedgerRow> for LedgerRow {
    type Error = WireError;

    fn try_from(wire: v1::LedgerRow) -> Result<Self, WireError> {
        let kind = match v1::LedgerKind::try_from(wire.kind) {
            Ok(v1::LedgerKind::Grant) => Kind::Grant,
            Ok(v1::LedgerKind::TakeBack) => Kind::TakeBack,
            Ok(v1::LedgerKind::Unspecified) => return Err(WireError::missing("kind")),
            Err(_) => return Err(WireError::new("kind", Fault::Unknown(wire.kind))),
        };
        let entry = Entry {
            kind,
            replica: nested("replica", wire.replica)?,
            host: HostId(wire.host),
            volunteer: VolunteerId(wire.volunteer),
            amount: MicroCredits(wire.amount_micro),
            at: Timestamp(wire.at_ms),
        };
        Ok(Self { seq: wire.seq, entry, chain: digest("chain", &wire.chain)? })
    }
}

/// A page of rows, each as it must be; whether they follow one another is not looked at.
///
/// # Errors
/// When there are more than a page has, or one is no row.
pub fn ledger_rows(wire: v1::LedgerRowsReply) -> Result<Vec<LedgerRow>, WireError> {
    list("rows", PAGE_MAX, wire.rows)
}
