//! Renewals.

use manyhands_core::command::Renewal;

use crate::convert::error::{Fault, WireError};
use crate::convert::field::{nested, optional};
use crate::v1;

/// All of a replica, in millionths.
const PPM_MAX: u32 = 1_000_000;

impl From<Renewal> for v1::Renewal {
    fn from(renewal: Renewal) -> Self {
        Self {
            replica: Some(renewal.replica.into()),
            progress_ppm: renewal.progress_ppm,
            checkpoint: renewal.checkpoint.map(Into::into),
        }
    }
}

impl TryFrom<v1::Renewal> for Renewal {
    type Error = WireError;

    fn try_from(wire: v1::Renewal) -> Result<Self, WireError> {
        if wire.progress_ppm > PPM_MAX {
            let fault = Fault::TooLarge { max: PPM_MAX.into(), actual: wire.progress_ppm.into() };
            return Err(WireError::new("progress_ppm", fault));
        }
        Ok(Self {
            replica: nested("replica", wire.replica)?,
            progress_ppm: wire.progress_ppm,
            checkpoint: optional("checkpoint", wire.checkpoint)?,
        })
    }
}
