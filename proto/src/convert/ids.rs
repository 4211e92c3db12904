//! Names of rows.

use manyhands_core::id::{JobId, ReplicaId, UnitId};

use super::error::WireError;
use super::field::narrow;
use crate::v1;

impl From<ReplicaId> for v1::ReplicaId {
    fn from(id: ReplicaId) -> Self {
        Self { job: id.unit.job.0, unit: id.unit.index, number: id.number.into() }
    }
}

impl TryFrom<v1::ReplicaId> for ReplicaId {
    type Error = WireError;

    fn try_from(wire: v1::ReplicaId) -> Result<Self, WireError> {
        let number = narrow("number", wire.number)?;
        Ok(JobId(wire.job).unit(wire.unit).replica(number))
    }
}

impl From<UnitId> for v1::UnitRef {
    fn from(id: UnitId) -> Self {
        Self { job: id.job.0, unit: id.index }
    }
}

impl From<v1::UnitRef> for UnitId {
    fn from(wire: v1::UnitRef) -> Self {
        JobId(wire.job).unit(wire.unit)
    }
}
