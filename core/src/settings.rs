//! What the owner of a coordinator chooses for all jobs.

use crate::time::Span;

/// Knobs of the engine. They are not stored: each start may bring others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether a host may join without an invite.
    pub open_enrolment: bool,
    /// Invalid verdicts after which a host gets no more work, at least 1.
    pub invalid_max: u32,
    /// The pause before a failed unit is tried again; doubled for each further failure.
    pub backoff_base: Span,
    /// The longest such pause.
    pub backoff_max: Span,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            open_enrolment: false,
            invalid_max: 3,
            backoff_base: Span::seconds(1),
            backoff_max: Span::minutes(5),
        }
    }
}
