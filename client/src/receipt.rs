//! A job's receipt, as the coordinator signed it.

use manyhands_proto::document::receipt::Receipt;
use manyhands_proto::document::{DOCUMENT_BYTES_MAX, DocumentError, Signed};
use manyhands_proto::v1;
use thiserror::Error;
use tonic::Status;

use crate::session::Session;

/// A receipt with the bytes that were signed.
#[derive(Clone, Debug)]
pub struct Got {
    /// The document.
    pub document: Vec<u8>,
    /// What it says, checked.
    pub signed: Signed<Receipt>,
}

/// Why there is no receipt.
#[derive(Debug, Error)]
pub enum ReceiptError {
    /// More than a receipt may have.
    #[error("the coordinator sent a receipt of more than {DOCUMENT_BYTES_MAX} bytes")]
    TooLong,
    /// What came is no receipt.
    #[error("the coordinator's receipt cannot be used: {0}")]
    Document(#[from] DocumentError),
    /// The coordinator refused.
    #[error("{}", .0.message())]
    Refused(#[from] Status),
}

/// The receipt of a job.
///
/// # Errors
/// When the coordinator refuses, or what it sends is no signed receipt.
pub async fn get(session: &Session, job: u64) -> Result<Got, ReceiptError> {
    let mut chunks = session.jobs().receipt(v1::GetJobRequest { job }).await?.into_inner();
    let mut document = Vec::new();
    while let Some(chunk) = chunks.message().await? {
        if document.len() + chunk.data.len() > DOCUMENT_BYTES_MAX {
            return Err(ReceiptError::TooLong);
        }
        document.extend_from_slice(&chunk.data);
    }
    let signed = Receipt::open(&document)?;
    Ok(Got { document, signed })
}
