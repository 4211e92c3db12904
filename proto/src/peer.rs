//! Signed records of peers and coordinators: making them, and believing none that is not signed.
//!
//! [`open`] and [`open_coordinators`] are the only ways from the wire to what the core keeps, so a
//! record there is signed by its peer, and by each of its witnesses.

use manyhands_core::key::{Key, Signature};
use manyhands_core::peer::{
    CoordinatorRecord, Record, SignedCoordinators, SignedRecord, Visit, Witness,
};

use crate::convert::{WireError, coordinator_record, peer_record};
use crate::identity::{Context, Identity, PublicKey};
use crate::v1;

/// What a peer signs of itself.
const RECORD: Context = Context::new("manyhands peer record v1");
/// What somebody signs who was answered by a peer.
const VISIT: Context = Context::new("manyhands peer visit v1");
/// What a project's key signs.
const COORDINATORS: Context = Context::new("manyhands coordinators v1");

/// Largest record on the wire, with all that it may have: a bound for whoever reads one from a file or a
/// network without gRPC's own.
pub const RECORD_BYTES_MAX: usize = 2_048;

/// Why a record is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It breaks a rule of the wire.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Whose it is said to be did not sign it.
    #[error("signature: is not the one of `{0}` for this record: it was changed or forged")]
    Signature(&'static str),
    /// One of those who are said to have been there did not say so.
    #[error("witnesses[{0}]: did not sign that; it was changed or forged")]
    Witness(usize),
}

/// A host says where it takes calls. `record` must be of its key.
#[must_use]
pub fn sign(identity: &Identity, record: Record) -> Option<SignedRecord> {
    let is_own = record.key().as_bytes() == identity.public_key().as_bytes();
    let signature = Signature(identity.sign(RECORD, record.digest().as_bytes()));
    is_own.then(|| SignedRecord::new(record, signature, Vec::new()).ok())?
}

/// A host or a coordinator says that a peer has just answered it.
#[must_use]
pub fn witness(identity: &Identity, visit: &Visit) -> Witness {
    Witness {
        by: Key(*identity.public_key().as_bytes()),
        address: visit.address,
        seen_at: visit.seen_at,
        signature: Signature(identity.sign(VISIT, visit.digest().as_bytes())),
    }
}

/// The project's key says where its coordinators are. `record` must be of its project.
#[must_use]
pub fn sign_coordinators(
    identity: &Identity,
    record: CoordinatorRecord,
) -> Option<SignedCoordinators> {
    let is_own = record.project().as_bytes() == identity.public_key().as_bytes();
    let signature = Signature(identity.sign(COORDINATORS, record.digest().as_bytes()));
    is_own.then_some(SignedCoordinators { record, signature })
}

/// Reads a record and checks all of its signatures: nine at most.
///
/// # Errors
/// [`RecordError`]: the first thing that is wrong with it.
pub fn open(wire: v1::PeerRecord) -> Result<SignedRecord, RecordError> {
    let signed = peer_record(wire)?;
    let record = signed.record();
    if !is_signed(record.key(), RECORD, record.digest().as_bytes(), signed.signature()) {
        return Err(RecordError::Signature("key"));
    }
    for (index, witness) in signed.witnesses().iter().enumerate() {
        let visit = signed.visit(witness).digest();
        if !is_signed(&witness.by, VISIT, visit.as_bytes(), &witness.signature) {
            return Err(RecordError::Witness(index));
        }
    }
    Ok(signed)
}

/// Reads a coordinator record and checks its signature.
///
/// # Errors
/// [`RecordError`]: the first thing that is wrong with it.
pub fn open_coordinators(wire: v1::CoordinatorRecord) -> Result<SignedCoordinators, RecordError> {
    let signed = coordinator_record(wire)?;
    let SignedCoordinators { record, signature } = &signed;
    if !is_signed(record.project(), COORDINATORS, record.digest().as_bytes(), signature) {
        return Err(RecordError::Signature("project"));
    }
    Ok(signed)
}

fn is_signed(key: &Key, context: Context, message: &[u8], signature: &Signature) -> bool {
    let key = PublicKey::from_bytes(key.as_bytes());
    key.is_ok_and(|key| key.verify(context, message, &signature.0).is_ok())
}

#[cfg(test)]
mod tests;
