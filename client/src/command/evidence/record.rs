//! Evidence as a file: JSON that people can read and send on. Field names are kept stable.

use std::fmt::Display;
use std::str::FromStr;

use manyhands_core::key::Signature;
use manyhands_core::replica::Class;
use manyhands_core::statement::{Equivocation, Path, Proof, SignedStatement, Statement};
use serde::{Deserialize, Serialize};

use crate::listing::hex;

/// Two statements that contradict each other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    first: StatementRecord,
    second: StatementRecord,
}

/// What a host said of a replica. Digests, keys and signatures are hexadecimal.
#[derive(Debug, Serialize, Deserialize)]
struct StatementRecord {
    key: String,
    manifest: String,
    replica: String,
    /// Of the outputs, or of the error.
    digest: String,
    failed: bool,
    work: u64,
    signature: String,
    /// Position among the statements that were signed together.
    at: u16,
    /// From the statement to what was signed.
    beside: Vec<String>,
}

impl From<&Equivocation> for Record {
    fn from(of: &Equivocation) -> Self {
        Self { first: (&of.first).into(), second: (&of.second).into() }
    }
}

impl From<&SignedStatement> for StatementRecord {
    fn from(signed: &SignedStatement) -> Self {
        let Statement { manifest, replica, class } = signed.statement;
        let (failed, digest, work) = match class {
            Class::Outputs { answer, work } => (false, answer, work),
            Class::Error { error, work } => (true, error, work),
        };
        Self {
            key: signed.key.to_string(),
            manifest: manifest.to_string(),
            replica: replica.to_string(),
            digest: digest.to_string(),
            failed,
            work,
            signature: hex(&signed.proof.signature.0),
            at: signed.proof.path.at(),
            beside: signed.proof.path.beside().iter().map(ToString::to_string).collect(),
        }
    }
}

impl TryFrom<Record> for Equivocation {
    type Error = String;

    fn try_from(record: Record) -> Result<Self, String> {
        let first = statement(&record.first).map_err(|error| format!("first.{error}"))?;
        let second = statement(&record.second).map_err(|error| format!("second.{error}"))?;
        Ok(Self { first, second })
    }
}

fn statement(record: &StatementRecord) -> Result<SignedStatement, String> {
    let (digest, work) = (parse("digest", &record.digest)?, record.work);
    let class = match record.failed {
        true => Class::Error { error: digest, work },
        false => Class::Outputs { answer: digest, work },
    };
    let manifest = parse("manifest", &record.manifest)?;
    let statement = Statement { manifest, replica: parse("replica", &record.replica)?, class };
    let beside = record.beside.iter().map(|hash| parse("beside", hash));
    let path = Path::from_parts(record.at, beside.collect::<Result<_, _>>()?)
        .ok_or("beside: has another length than a batch with such a position")?;
    let signature = bytes(&record.signature).and_then(|bytes| bytes.try_into().ok());
    let signature = Signature(signature.ok_or("signature: must be 128 hexadecimal digits")?);
    let proof = Proof { signature, path };
    Ok(SignedStatement { key: parse("key", &record.key)?, statement, proof })
}

fn parse<T: FromStr<Err: Display>>(field: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{field}: {error}"))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}
