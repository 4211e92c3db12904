//! What hosts signed: the proof inside a replica's row, and contradictions.

use manyhands_core::digest::Digest;
use manyhands_core::id::JobId;
use manyhands_core::key::Signature;
use manyhands_core::replica::Class;
use manyhands_core::statement::{Equivocation, Path, Proof, SignedStatement, Statement};
use manyhands_core::store::StoreError;
use prost::Message;

use crate::store::sqlite::codec::{corrupt, digest, key, narrow};

/// A signature, and the way to it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ProofBody {
    #[prost(bytes = "vec", tag = "1")]
    signature: Vec<u8>,
    #[prost(uint32, tag = "2")]
    at: u32,
    /// 32 bytes each.
    #[prost(bytes = "vec", tag = "3")]
    beside: Vec<u8>,
}

/// Two statements of one host.
#[derive(Clone, PartialEq, Message)]
pub(in crate::store::sqlite) struct EvidenceBody {
    #[prost(message, required, tag = "1")]
    first: StatementBody,
    #[prost(message, required, tag = "2")]
    second: StatementBody,
}

#[derive(Clone, PartialEq, Message)]
struct StatementBody {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    manifest: Vec<u8>,
    #[prost(uint64, tag = "3")]
    job: u64,
    #[prost(uint32, tag = "4")]
    unit: u32,
    #[prost(uint32, tag = "5")]
    number: u32,
    #[prost(bool, tag = "6")]
    is_error: bool,
    /// Of the outputs or the error.
    #[prost(bytes = "vec", tag = "7")]
    digest: Vec<u8>,
    #[prost(uint64, tag = "8")]
    work: u64,
    #[prost(message, required, tag = "9")]
    proof: ProofBody,
}

/// An answer, where no row of an older format has its parts one by one.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ClassBody {
    #[prost(bool, tag = "1")]
    is_error: bool,
    /// Of the outputs or the error.
    #[prost(bytes = "vec", tag = "2")]
    digest: Vec<u8>,
    #[prost(uint64, tag = "3")]
    work: u64,
}

impl From<&Proof> for ProofBody {
    fn from(proof: &Proof) -> Self {
        let beside = proof.path.beside().iter().flat_map(|digest| digest.0).collect();
        Self { signature: proof.signature.0.to_vec(), at: proof.path.at().into(), beside }
    }
}

impl TryFrom<ProofBody> for Proof {
    type Error = StoreError;

    fn try_from(body: ProofBody) -> Result<Self, StoreError> {
        let signature = body.signature.as_slice().try_into();
        let signature = signature.map_err(|error| corrupt("signature", error))?;
        let beside: Vec<Digest> = body.beside.chunks(32).map(digest).collect::<Result<_, _>>()?;
        let path = Path::from_parts(narrow("position", body.at)?, beside);
        let path = path.ok_or_else(|| corrupt("path", body.at))?;
        Ok(Self { signature: Signature(signature), path })
    }
}

impl From<&Equivocation> for EvidenceBody {
    fn from(of: &Equivocation) -> Self {
        Self { first: (&of.first).into(), second: (&of.second).into() }
    }
}

impl From<&SignedStatement> for StatementBody {
    fn from(signed: &SignedStatement) -> Self {
        let Statement { manifest, replica, class } = signed.statement;
        let ClassBody { is_error, digest, work } = class.into();
        Self {
            key: signed.key.0.to_vec(),
            manifest: manifest.0.to_vec(),
            job: replica.unit.job.0,
            unit: replica.unit.index,
            number: replica.number.into(),
            is_error,
            digest,
            work,
            proof: (&signed.proof).into(),
        }
    }
}

impl From<Class> for ClassBody {
    fn from(class: Class) -> Self {
        let (is_error, digest, work) = match class {
            Class::Outputs { answer, work } => (false, answer, work),
            Class::Error { error, work } => (true, error, work),
        };
        Self { is_error, digest: digest.0.to_vec(), work }
    }
}

impl TryFrom<ClassBody> for Class {
    type Error = StoreError;

    fn try_from(body: ClassBody) -> Result<Self, StoreError> {
        let (said, work) = (digest(&body.digest)?, body.work);
        Ok(match body.is_error {
            true => Self::Error { error: said, work },
            false => Self::Outputs { answer: said, work },
        })
    }
}

/// A contradiction from its column.
pub(in crate::store::sqlite) fn evidence(body: &[u8]) -> Result<Equivocation, StoreError> {
    let body = EvidenceBody::decode(body).map_err(|error| corrupt("evidence", error))?;
    Ok(Equivocation { first: statement(body.first)?, second: statement(body.second)? })
}

fn statement(body: StatementBody) -> Result<SignedStatement, StoreError> {
    let class = ClassBody { is_error: body.is_error, digest: body.digest, work: body.work };
    let class = class.try_into()?;
    let replica = JobId(body.job).unit(body.unit).replica(narrow("replica number", body.number)?);
    Ok(SignedStatement {
        key: key(&body.key)?,
        statement: Statement { manifest: digest(&body.manifest)?, replica, class },
        proof: body.proof.try_into()?,
    })
}
