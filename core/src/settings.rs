//! What the owner of a coordinator chooses for all jobs.

use crate::time::Span;

/// Knobs of the engine. They are not stored: each start may bring others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether a host may join without an invite.
    pub open_enrolment: bool,
    /// Invalid verdicts by quorums after which a host is suspended, at least 1. With a
    /// [confidence](crate::policy::Policy::confidence) the first one does it.
    pub invalid_max: u32,
    /// How long a host that seems to be faulty is suspended; thirty times as long each time.
    pub rest_base: Span,
    /// The longest such time.
    pub rest_max: Span,
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
            rest_base: Span::hours(24),
            rest_max: Span::hours(365 * 24),
            backoff_base: Span::seconds(1),
            backoff_max: Span::minutes(5),
        }
    }
}
