//! Documents that outlive a connection: whoever has one can check it without asking anybody.
//!
//! A document is canonical JSON (see [`canonical`]) with the members `coordinator`, the signer's key,
//! and `signature`, an Ed25519 signature in hexadecimal of the document without that member. Each kind
//! of document is signed in a [`Context`] of its own, so that none can pass for another. A coordinator
//! record is the project's word and is signed as on the wire: see [`coordinators`].

pub mod canonical;
pub mod coordinators;
pub mod ledger;
pub mod receipt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::canonical::CanonicalError;
use crate::identity::{Context, Identity, PublicKey, SIGNATURE_BYTES};

/// Largest document: a receipt that names 10,000 hosts has some 3 MiB.
pub const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

const SIGNER: &str = "coordinator";
const SIGNATURE: &str = "signature";

/// What a coordinator signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<T> {
    /// Whose signature was checked. Whether that is the coordinator one trusts is another question.
    pub signer: PublicKey,
    /// What it says.
    pub body: T,
}

/// Why bytes are not a document that its signer wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not the one encoding that there is.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// No object, or one without this member as a text.
    #[error("it has no `{0}`: this is no signed document, or a part of one")]
    Member(&'static str),
    /// The signer's key is none.
    #[error("`coordinator`: {0}")]
    Signer(#[from] crate::identity::KeyError),
    /// The signature is not written as one.
    #[error("`signature` is not {} small hexadecimal digits", 2 * SIGNATURE_BYTES)]
    SignatureText,
    /// The signature is another document's, or another signer's.
    #[error("the signature is not one of {signer} for this document: it was changed or forged")]
    Signature {
        /// Who should have signed.
        signer: PublicKey,
    },
    /// A layout of a later version.
    #[error("its layout is {0:?}, which this version does not know")]
    Layout(String),
    /// It is signed, but cannot be true.
    #[error(transparent)]
    Inconsistent(#[from] receipt::Inconsistent),
    /// A line that is no row of a ledger.
    #[error("it is no row of a ledger: {0}")]
    Row(String),
    /// It is signed, but says something else than such a document says.
    #[error("it is signed but cannot be read: {0}")]
    Shape(String),
}

/// Writes and signs a document. `body` must be an object.
///
/// # Errors
/// When the body has no canonical encoding, such as a number that is too large.
pub fn sign<T: Serialize>(
    identity: &Identity,
    context: Context,
    body: &T,
) -> Result<Vec<u8>, DocumentError> {
    let shape = |error: serde_json::Error| DocumentError::Shape(error.to_string());
    let mut document = serde_json::to_value(body).map_err(shape)?;
    let no_object = DocumentError::Shape("it is no object".to_owned());
    let members = document.as_object_mut().ok_or(no_object)?;
    members.insert(SIGNER.to_owned(), identity.public_key().to_string().into());
    let signature = identity.sign(context, &canonical::write(&document)?);
    if let Some(members) = document.as_object_mut() {
        members.insert(SIGNATURE.to_owned(), hex(&signature).into());
    }
    Ok(canonical::write(&document)?)
}

/// Reads a document and checks its signature.
///
/// # Errors
/// [`DocumentError`]: the first thing that is wrong with it.
pub fn open<T: DeserializeOwned>(
    context: Context,
    bytes: &[u8],
) -> Result<Signed<T>, DocumentError> {
    let document = canonical::read(bytes, DOCUMENT_BYTES_MAX)?;
    verify(context, document)
}

/// Checks the signature of a document that was read.
fn verify<T: DeserializeOwned>(
    context: Context,
    mut document: Value,
) -> Result<Signed<T>, DocumentError> {
    let members = document.as_object_mut().ok_or(DocumentError::Member(SIGNATURE))?;
    let signature = match members.remove(SIGNATURE) {
        Some(Value::String(text)) => unhex(&text).ok_or(DocumentError::SignatureText)?,
        Some(_) | None => return Err(DocumentError::Member(SIGNATURE)),
    };
    let signer: PublicKey = match members.get(SIGNER) {
        Some(Value::String(text)) => text.parse()?,
        Some(_) | None => return Err(DocumentError::Member(SIGNER)),
    };
    let is_signed = signer.verify(context, &canonical::write(&document)?, &signature);
    is_signed.map_err(|_unspecific_by_design| DocumentError::Signature { signer })?;
    if let Some(members) = document.as_object_mut() {
        members.remove(SIGNER);
    }
    let body = serde_json::from_value(document);
    let body = body.map_err(|error| DocumentError::Shape(error.to_string()))?;
    Ok(Signed { signer, body })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Back from [`hex`], and from nothing else: one signature has one text.
fn unhex(text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let mut bytes = [0; SIGNATURE_BYTES];
    if text.len() != 2 * SIGNATURE_BYTES || !text.is_ascii() {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    (hex(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests;
