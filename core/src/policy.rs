//! Every knob of a job, with its unit and its bounds.

use crate::limits::{
    DEADLINE_MS_MAX, LEASE_MS_MIN, LOG_BYTES_MAX, OUTPUT_BYTES_MAX, QUORUM_MAX, REPLICAS_MAX,
};
use crate::time::Span;
use crate::trust::{Confidence, ConfidenceError};

/// How sure the scientist wants to be, and how much one unit may cost. Part of the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How sure the answers are to be. Without it, a quorum decides.
    pub confidence: Option<Confidence>,
    /// Replicas of different volunteers that must agree, 1 to [`QUORUM_MAX`]. Of no meaning with a
    /// confidence.
    pub quorum: u8,
    /// Replicas that may be started for one unit before it fails, `quorum` to [`REPLICAS_MAX`]. With
    /// a confidence, only those that are lost count.
    pub replicas_max: u8,
    /// From lease to report, renewals or not; at most [`DEADLINE_MS_MAX`].
    pub deadline_ms: Span,
    /// How long a lease lasts without being renewed, [`LEASE_MS_MIN`] to `deadline_ms`.
    pub lease_ms: Span,
    /// CPU time of one replica, at least 1.
    pub cpu_ms_max: Span,
    /// All outputs of one replica together, 1 to [`OUTPUT_BYTES_MAX`].
    pub output_bytes_max: u64,
    /// The log of one replica, at most [`LOG_BYTES_MAX`].
    pub log_bytes_max: u64,
    /// Jobs of higher priority are served first; equal ones in turn.
    pub priority: u8,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            confidence: None,
            quorum: 2,
            replicas_max: 8,
            deadline_ms: Span::hours(7 * 24),
            lease_ms: Span::minutes(10),
            cpu_ms_max: Span::hours(24),
            output_bytes_max: 64 * 1_024 * 1_024,
            log_bytes_max: 64 * 1_024,
            priority: 0,
        }
    }
}

impl Policy {
    /// Checks every bound.
    ///
    /// # Errors
    /// The first knob that is out of its bounds, with the bounds.
    pub fn check(&self) -> Result<(), PolicyError> {
        self.confidence.as_ref().map_or(Ok(()), Confidence::check)?;
        within("quorum", self.quorum.into(), 1, QUORUM_MAX.into())?;
        within("replicas_max", self.replicas_max.into(), self.quorum.into(), REPLICAS_MAX.into())?;
        within("deadline_ms", self.deadline_ms.0, LEASE_MS_MIN.0, DEADLINE_MS_MAX.0)?;
        within("lease_ms", self.lease_ms.0, LEASE_MS_MIN.0, self.deadline_ms.0)?;
        within("cpu_ms_max", self.cpu_ms_max.0, 1, DEADLINE_MS_MAX.0)?;
        within("output_bytes_max", self.output_bytes_max, 1, OUTPUT_BYTES_MAX)?;
        within("log_bytes_max", self.log_bytes_max, 0, LOG_BYTES_MAX)
    }
}

fn within(field: &'static str, value: u64, min: u64, max: u64) -> Result<(), PolicyError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(PolicyError { field, value, min, max })
}

impl From<ConfidenceError> for PolicyError {
    fn from(error: ConfidenceError) -> Self {
        let ConfidenceError { field, value, min, max } = error;
        Self { field, value: value.into(), min: min.into(), max: max.into() }
    }
}

/// A knob is out of its bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("policy.{field} is {value}; it must be between {min} and {max}")]
pub struct PolicyError {
    /// The knob.
    pub field: &'static str,
    /// What was asked for.
    pub value: u64,
    /// The least that is allowed.
    pub min: u64,
    /// The most that is allowed.
    pub max: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_within_its_own_bounds() {
        assert_eq!(Policy::default().check(), Ok(()));
    }

    #[test]
    fn the_error_names_the_knob_and_its_bounds() {
        let policy = Policy { quorum: 3, replicas_max: 2, ..Policy::default() };
        let error = policy.check().unwrap_err();
        assert_eq!(error.to_string(), "policy.replicas_max is 2; it must be between 3 and 64");
    }
}
