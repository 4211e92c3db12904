//! What a host signed of its answers: that it is about the job's manifest, and what to keep when it
//! contradicts itself.

use super::rows::Rows;
use crate::command::{Outcome, Signed};
use crate::id::ReplicaId;
use crate::refusal::Refusal;
use crate::statement::{Equivocation, Proof, SignedStatement, Statement, equivocation};

/// A host that signed an answer to another manifest computed something else: the coordinator's numbers
/// may have been given out twice.
pub(super) fn check_manifest(
    rows: &Rows,
    id: ReplicaId,
    signed: Option<&Signed>,
) -> Result<(), Refusal> {
    match signed {
        Some(signed) if signed.manifest != rows.job(id.unit.job).manifest => {
            Err(Refusal::OtherManifest { replica: id, manifest: signed.manifest })
        }
        _ => Ok(()),
    }
}

/// Keeps the proof if the report of `says` contradicts the first one of `said`, a replica that has ended
/// or the same, and both are signed.
pub(super) fn keep(
    rows: &mut Rows,
    said: ReplicaId,
    says: ReplicaId,
    outcome: &Outcome,
    signed: Option<Box<Signed>>,
) {
    let Some(unit) = rows.unit(said.unit) else { return };
    let Some(replica) = unit.replica(said.number) else { return };
    let (Some(first), Some(second)) = (replica.class(), outcome.class()) else { return };
    let (Some(proof), Some(signed)) = (replica.signed.as_deref(), signed) else { return };
    let (host, manifest) = (replica.host, rows.job(said.unit.job).manifest);
    let key = rows.host(host).key;
    let made = |manifest, replica, class, proof: Proof| {
        let statement = Statement { manifest, replica, class };
        SignedStatement { key, statement, proof }
    };
    let first = made(manifest, said, first, proof.clone());
    let second = made(signed.manifest, says, second, signed.proof);
    if equivocation(&first, &second).is_ok() {
        rows.keep_evidence(host, Equivocation { first, second });
    }
}
