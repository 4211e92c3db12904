//! What a host said twice, differently.

use bytes::Bytes;
use manyhands_core::replica::Class;
use manyhands_core::statement::{Equivocation, Path, Proof, SignedStatement, Statement};

use crate::convert::error::{Fault, WireError};
use crate::convert::field::{digest, digest_bytes, key, narrow, nested, required, signature};
use crate::v1::{self, signed_statement::Said};

/// The proof that a host contradicted itself, or that there is none.
#[must_use]
pub fn evidence(of: Option<Equivocation>) -> v1::EvidenceReply {
    match of {
        None => v1::EvidenceReply::default(),
        Some(Equivocation { first, second }) => {
            v1::EvidenceReply { first: Some(first.into()), second: Some(second.into()) }
        }
    }
}

/// Back from [`evidence`].
///
/// # Errors
/// When a statement is missing or cannot be read.
pub fn contradiction(wire: v1::EvidenceReply) -> Result<Option<Equivocation>, WireError> {
    if wire == v1::EvidenceReply::default() {
        return Ok(None);
    }
    let (first, second) = (nested("first", wire.first)?, nested("second", wire.second)?);
    Ok(Some(Equivocation { first, second }))
}

impl From<SignedStatement> for v1::SignedStatement {
    fn from(signed: SignedStatement) -> Self {
        let Statement { manifest, replica, class } = signed.statement;
        let (said, work) = match class {
            Class::Outputs { answer, work } => (Said::Answer(digest_bytes(&answer)), work),
            Class::Error { error, work } => (Said::Error(digest_bytes(&error)), work),
        };
        Self {
            key: Bytes::copy_from_slice(signed.key.as_bytes()),
            manifest: digest_bytes(&manifest),
            replica: Some(replica.into()),
            said: Some(said),
            work,
            signature: Bytes::copy_from_slice(&signed.proof.signature.0),
            at: signed.proof.path.at().into(),
            beside: signed.proof.path.beside().iter().map(digest_bytes).collect(),
        }
    }
}

impl TryFrom<v1::SignedStatement> for SignedStatement {
    type Error = WireError;

    fn try_from(wire: v1::SignedStatement) -> Result<Self, WireError> {
        let work = wire.work;
        let class = match required("said", wire.said)? {
            Said::Answer(answer) => Class::Outputs { answer: digest("answer", &answer)?, work },
            Said::Error(error) => Class::Error { error: digest("error", &error)?, work },
        };
        let statement = Statement {
            manifest: digest("manifest", &wire.manifest)?,
            replica: nested("replica", wire.replica)?,
            class,
        };
        let beside = wire.beside.iter().map(|hash| digest("beside", hash));
        let path = Path::from_parts(narrow("at", wire.at)?, beside.collect::<Result<_, _>>()?);
        let no_path = || Fault::Domain("is no position in a batch with so many levels".to_owned());
        let path = path.ok_or_else(|| WireError::new("at", no_path()))?;
        let proof = Proof { signature: signature("signature", &wire.signature)?, path };
        Ok(Self { key: key("key", &wire.key)?, statement, proof })
    }
}
