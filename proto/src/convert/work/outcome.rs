//! Reports: how replicas ended.

use bytes::Bytes;
use manyhands_core::command::{Outcome, ReplicaReport};
use manyhands_core::limits::{MESSAGE_BYTES_MAX, OUTPUTS_MAX};
use manyhands_core::replica::Usage;

use crate::convert::error::WireError;
use crate::convert::field::{
    array, bounded, digest, digest_bytes, if_any, list, nested, optional, required,
};
use crate::v1::{self, report};

impl From<ReplicaReport> for v1::Report {
    fn from(report: ReplicaReport) -> Self {
        let (outcome, usage) = match report.outcome {
            Outcome::Success { outputs, usage } => {
                let outputs = outputs.into_iter().map(Into::into).collect();
                (report::Outcome::Success(v1::Success { outputs }), Some(usage.into()))
            }
            Outcome::AppError { error, message, usage } => {
                let error = v1::AppError { error: digest_bytes(&error), message };
                (report::Outcome::AppError(error), Some(usage.into()))
            }
            Outcome::HostError { message } => {
                (report::Outcome::HostError(v1::HostError { message }), None)
            }
            Outcome::Aborted => (report::Outcome::Aborted(v1::Aborted { checkpoint: None }), None),
            Outcome::Replayed { state_hash, state } => {
                let state_hash = digest_bytes(&state_hash);
                let state = state.map(Into::into);
                (report::Outcome::Replayed(v1::Replayed { state_hash, state }), None)
            }
        };
        Self {
            replica: Some(report.replica.into()),
            usage,
            outcome: Some(outcome),
            manifest: Bytes::new(),
            statement: Bytes::new(),
            salt: report.salt.map_or_else(Bytes::new, |salt| Bytes::copy_from_slice(&*salt)),
        }
    }
}

impl TryFrom<v1::Report> for ReplicaReport {
    type Error = WireError;

    /// An aborted replica's checkpoint is not part of the domain's report: it is a renewal's. Whether
    /// the host signed it is seen in its batch: see [`statement`](crate::statement).
    fn try_from(wire: v1::Report) -> Result<Self, WireError> {
        let usage = wire.usage.map(Usage::from).unwrap_or_default();
        let outcome = match required("outcome", wire.outcome)? {
            report::Outcome::Success(success) => {
                let outputs = list("success.outputs", OUTPUTS_MAX, success.outputs)?;
                Outcome::Success { outputs, usage }
            }
            report::Outcome::AppError(error) => Outcome::AppError {
                error: digest("app_error.error", &error.error)?,
                message: bounded("app_error.message", MESSAGE_BYTES_MAX, error.message)?,
                usage,
            },
            report::Outcome::HostError(error) => Outcome::HostError {
                message: bounded("host_error.message", MESSAGE_BYTES_MAX, error.message)?,
            },
            report::Outcome::Aborted(_) => Outcome::Aborted,
            report::Outcome::Replayed(replayed) => Outcome::Replayed {
                state_hash: digest("replayed.state_hash", &replayed.state_hash)?,
                state: optional("replayed.state", replayed.state)?,
            },
        };
        let salt = if_any(&wire.salt, |bytes| array("salt", bytes).map(Box::new))?;
        Ok(Self { salt, ..Self::unsigned(nested("replica", wire.replica)?, outcome) })
    }
}
