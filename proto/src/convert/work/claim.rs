//! Units that hosts chose themselves, and what they got of them.

use manyhands_core::digest::Digest;
use manyhands_core::id::JobId;
use manyhands_core::limits::BATCH_MAX;

use crate::convert::error::WireError;
use crate::convert::field::{at_most, digest, digest_bytes};
use crate::v1;

/// The job of a claim, and its units, each with its sealed answer: at most [`BATCH_MAX`].
///
/// # Errors
/// When there are more, or a seal is not 32 bytes.
pub fn claim(wire: &v1::Claim) -> Result<(JobId, Vec<(u32, Digest)>), WireError> {
    at_most("claim.units", BATCH_MAX, wire.units.len())?;
    let chosen = |(at, unit): (usize, &v1::ChosenUnit)| {
        let sealed = digest("sealed", &unit.sealed);
        let sealed = sealed.map_err(|error| error.within(&format!("claim.units[{at}]")))?;
        Ok((unit.unit, sealed))
    };
    let units = wire.units.iter().enumerate().map(chosen).collect::<Result<_, WireError>>()?;
    Ok((JobId(wire.job), units))
}

/// The same as a message.
#[must_use]
pub fn claim_message(job: JobId, units: &[(u32, Digest)]) -> v1::Claim {
    let chosen = |(unit, sealed): &(u32, Digest)| v1::ChosenUnit {
        unit: *unit,
        sealed: digest_bytes(sealed),
    };
    v1::Claim { job: job.0, units: units.iter().map(chosen).collect() }
}
