//! Signed reports: what a worker adds to them, and what a coordinator makes of it.
//!
//! One signature covers a batch, so that it costs each report little. A report whose statement is not
//! what it says is refused by itself; if the signature is not the host's, all answers of the batch are.

use bytes::Bytes;
use manyhands_core::command::{ReplicaReport, Signed};
use manyhands_core::digest::Digest;
use manyhands_core::key::Signature;
use manyhands_core::statement::{Path, Proof, SignedStatement, Statement, paths, root};

use crate::convert::{self, WireError};
use crate::identity::{BadSignature, Context, Identity, PublicKey};
use crate::v1;

/// What a host signs: the root over the statements of a batch.
const STATEMENTS: Context = Context::new("manyhands statements v1");

/// Why a report cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It breaks a rule of the wire.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Its batch is not signed, or not by this host.
    #[error(
        "signature: is not this host's for the statements of this batch; answers must be signed"
    )]
    Signature,
    /// What was signed is something else.
    #[error("statement: is not what this report says; state it again")]
    Statement,
}

/// States in a report that this is how a replica of the manifest ended, if it is an answer.
///
/// # Errors
/// [`WireError`] if it is no report that could be taken.
pub fn state(report: &mut v1::Report, manifest: &Digest) -> Result<(), WireError> {
    let ReplicaReport { replica, outcome, .. } = report.clone().try_into()?;
    if let Some(class) = outcome.class() {
        let statement = Statement { manifest: *manifest, replica, class };
        report.manifest = bytes(manifest);
        report.statement = bytes(&statement.digest());
    }
    Ok(())
}

/// Signs the statements of a batch.
pub fn sign(identity: &Identity, batch: &mut v1::Reports) {
    if let Some(leaves) = leaves(batch).filter(|leaves| !leaves.is_empty()) {
        let signature = identity.sign(STATEMENTS, root(&leaves).as_bytes());
        batch.signature = Bytes::copy_from_slice(&signature);
    }
}

/// Every report of a batch of the host with this key, as far as it can be taken.
#[must_use]
pub fn take(key: &PublicKey, batch: v1::Reports) -> Vec<Result<ReplicaReport, ReportError>> {
    let proofs = proofs(key, &batch);
    let has_proofs = proofs.is_some();
    let mut proofs = proofs.unwrap_or_default().into_iter();
    let take = |message: v1::Report| {
        let proof = if message.statement.is_empty() { None } else { proofs.next() };
        let (manifest, statement) = (message.manifest.clone(), message.statement.clone());
        let mut report = ReplicaReport::try_from(message)?;
        let Some(class) = report.outcome.class() else { return Ok(report) };
        if !has_proofs {
            return Err(ReportError::Signature);
        }
        let proof = proof.ok_or(ReportError::Statement)?;
        let manifest = convert::digest("manifest", &manifest)?;
        let made = Statement { manifest, replica: report.replica, class };
        if made.digest().as_bytes() != &*statement {
            return Err(ReportError::Statement);
        }
        report.signed = Some(Box::new(Signed { manifest, proof }));
        Ok(report)
    };
    batch.reports.into_iter().map(take).collect()
}

/// Checks that the statement was signed by its key.
///
/// # Errors
/// [`BadSignature`], also if the key is none.
pub fn verify(signed: &SignedStatement) -> Result<(), BadSignature> {
    let key = PublicKey::from_bytes(signed.key.as_bytes()).map_err(|_no_key| BadSignature)?;
    key.verify(STATEMENTS, signed.root().as_bytes(), &signed.proof.signature.0)
}

/// The proof of each statement, in their order; none if they are not signed by this key.
fn proofs(key: &PublicKey, batch: &v1::Reports) -> Option<Vec<Proof>> {
    let leaves = leaves(batch)?;
    key.verify(STATEMENTS, root(&leaves).as_bytes(), &batch.signature).ok()?;
    let signature = Signature(batch.signature.as_ref().try_into().ok()?);
    Some(paths(&leaves).into_iter().map(|path: Path| Proof { signature, path }).collect())
}

/// The digests of a batch's statements; none if one of them is no digest.
fn leaves(batch: &v1::Reports) -> Option<Vec<Digest>> {
    let stated = batch.reports.iter().map(|report| &report.statement);
    let stated = stated.filter(|statement| !statement.is_empty());
    stated.map(|statement| convert::digest("statement", statement).ok()).collect()
}

fn bytes(digest: &Digest) -> Bytes {
    Bytes::copy_from_slice(digest.as_bytes())
}

#[cfg(test)]
mod tests {
    use manyhands_core::command::Outcome;
    use manyhands_core::id::JobId;
    use manyhands_core::replica::{Output, Usage};
    use manyhands_core::statement::equivocation;

    use super::*;

    fn host() -> Identity {
        Identity::from_seed(&[1; 32])
    }

    fn manifest() -> Digest {
        Digest::of(b"manifest")
    }

    fn answer(unit: u32, text: &str) -> v1::Report {
        let outputs = vec![Output::inline("stdout", text.as_bytes().to_vec())];
        let outcome = Outcome::Success { outputs, usage: Usage { work: 5, ..Usage::default() } };
        stated(unit, outcome)
    }

    fn stated(unit: u32, outcome: Outcome) -> v1::Report {
        let mut report =
            v1::Report::from(ReplicaReport::unsigned(JobId(1).unit(unit).replica(0), outcome));
        state(&mut report, &manifest()).unwrap();
        report
    }

    fn signed(reports: Vec<v1::Report>) -> v1::Reports {
        let mut batch = v1::Reports { batch: 1, reports, signature: Bytes::new() };
        sign(&host(), &mut batch);
        batch
    }

    fn taken(batch: &v1::Reports) -> Vec<Result<ReplicaReport, ReportError>> {
        take(&host().public_key(), batch.clone())
    }

    /// The statement in a report that was taken, as a coordinator keeps it.
    fn kept(report: &ReplicaReport) -> SignedStatement {
        let Signed { manifest, proof } = report.signed.as_deref().unwrap().clone();
        let class = report.outcome.class().unwrap();
        let statement = Statement { manifest, replica: report.replica, class };
        SignedStatement {
            key: manyhands_core::key::Key(*host().public_key().as_bytes()),
            statement,
            proof,
        }
    }

    #[test]
    fn each_answer_of_a_batch_can_be_verified_by_itself() {
        for count in [1, 2, 3, 100] {
            let reports = (0..count).map(|unit| answer(unit, "42")).collect();
            for report in taken(&signed(reports)) {
                assert_eq!(verify(&kept(&report.unwrap())), Ok(()));
            }
        }
    }

    #[test]
    fn what_is_no_answer_needs_no_signature() {
        let broken = Outcome::HostError { message: "disk full".to_owned() };
        let reports = vec![stated(0, broken), stated(1, Outcome::Aborted)];
        let batch = signed(reports.clone());
        assert_eq!(batch.signature, Bytes::new());
        assert!(taken(&batch).iter().all(|report| report.as_ref().unwrap().signed.is_none()));
        // Beside answers, they are no statements.
        let mixed = signed([reports, vec![answer(2, "42")]].concat());
        let mixed: Vec<_> = taken(&mixed).into_iter().map(Result::unwrap).collect();
        assert_eq!(verify(&kept(&mixed[2])), Ok(()));
    }

    #[test]
    fn answers_that_the_host_did_not_sign_are_refused() {
        let batch = signed(vec![answer(0, "42"), answer(1, "43")]);
        let all = vec![Err(ReportError::Signature); 2];
        let unsigned = v1::Reports { signature: Bytes::new(), ..batch.clone() };
        assert_eq!(taken(&unsigned), all);
        let other = Identity::from_seed(&[2; 32]).public_key();
        assert_eq!(take(&other, batch.clone()), all);
        let mut fewer = batch;
        fewer.reports.pop();
        assert_eq!(taken(&fewer), all[1..]);
    }

    #[test]
    fn a_report_that_says_something_else_than_was_signed_is_refused_alone() {
        let good = || answer(0, "42");
        let check = |report: v1::Report, error: &ReportError| {
            let taken = taken(&signed(vec![report, good()]));
            assert_eq!(taken[0].as_ref(), Err(error));
            assert_eq!(verify(&kept(taken[1].as_ref().unwrap())), Ok(()));
        };
        let statement = answer(1, "43").statement;
        check(v1::Report { statement, ..answer(1, "42") }, &ReportError::Statement);
        check(v1::Report { statement: Bytes::new(), ..answer(1, "42") }, &ReportError::Statement);
        let manifest = bytes(&Digest::of(b"another"));
        check(v1::Report { manifest, ..answer(1, "42") }, &ReportError::Statement);
        let broken = taken(&signed(vec![v1::Report { replica: None, ..answer(1, "42") }, good()]));
        assert!(matches!(broken[0], Err(ReportError::Wire(_))) && broken[1].is_ok());
    }

    #[test]
    fn two_answers_prove_a_contradiction_to_anybody() {
        let [one, other] = ["42", "43"].map(|text| {
            let taken = taken(&signed(vec![answer(7, "x"), answer(0, text)]));
            kept(taken[1].as_ref().unwrap())
        });
        assert_eq!(equivocation(&one, &other), Ok(()));
        assert_eq!((verify(&one), verify(&other)), (Ok(()), Ok(())));
        // A third party does not take the coordinator's word for either.
        let forged = SignedStatement { statement: other.statement, ..one };
        assert_eq!(verify(&forged), Err(BadSignature));
    }
}
