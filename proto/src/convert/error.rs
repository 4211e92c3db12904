//! What a message says wrongly.

use std::fmt;

/// A field that breaks a rule of the wire or of the domain.
///
/// The path is the field's in the message, such as `inputs[3].source`. Its length is bounded by
/// the depth of our messages, and nothing of a hostile message's own text is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{fault}", lead(field))]
pub struct WireError {
    /// The field, as a path in its message; empty if it is the message as a whole.
    pub field: String,
    /// The rule that it breaks.
    pub fault: Fault,
}

/// A rule that a field can break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The field must be there.
    #[error("is missing")]
    Missing,
    /// Digests, keys and signatures have one length.
    #[error("has {actual} bytes where {expected} are needed")]
    Length {
        /// Bytes there should be.
        expected: usize,
        /// Bytes there are.
        actual: usize,
    },
    /// More items than the list may have.
    #[error("has {actual} items where at most {max} are allowed")]
    TooMany {
        /// Items allowed.
        max: usize,
        /// Items there are.
        actual: usize,
    },
    /// A text or bytes longer than allowed.
    #[error("has {actual} bytes where at most {max} are allowed")]
    TooLong {
        /// Bytes allowed.
        max: usize,
        /// Bytes there are.
        actual: usize,
    },
    /// A number outside its bounds.
    #[error("is {actual} where at most {max} is allowed")]
    TooLarge {
        /// Largest value allowed.
        max: u64,
        /// The value.
        actual: u64,
    },
    /// A number outside bounds of which the lower is not 0.
    #[error("is {actual} where between {min} and {max} is allowed")]
    Outside {
        /// Smallest value allowed.
        min: u64,
        /// Largest value allowed.
        max: u64,
        /// The value.
        actual: u64,
    },
    /// A value of an enumeration that this version does not know.
    #[error("is {0}, which this version does not know")]
    Unknown(i32),
    /// Bytes that are no message of this kind.
    #[error("cannot be decoded")]
    Undecodable(#[source] prost::DecodeError),
    /// Bytes that decode but are not what encoding gives back: a second name for the same thing.
    #[error("is not in its one canonical encoding")]
    NotCanonical,
    /// A rule of the domain.
    #[error("{0}")]
    Domain(String),
}

/// The path before the fault.
fn lead(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("{field}: ") }
}

impl WireError {
    /// `field` breaks a rule.
    pub(super) fn new(field: impl Into<String>, fault: Fault) -> Self {
        Self { field: field.into(), fault }
    }

    /// `field` is missing.
    pub(super) fn missing(field: &str) -> Self {
        Self::new(field, Fault::Missing)
    }

    /// The bytes of `field` are no message.
    pub(super) fn undecodable(field: &str, error: prost::DecodeError) -> Self {
        Self::new(field, Fault::Undecodable(error))
    }

    /// `field` breaks a rule that the domain stated in its own words.
    pub(super) fn domain(field: &str, error: &impl fmt::Display) -> Self {
        Self::new(field, Fault::Domain(error.to_string()))
    }

    /// The same error, seen from the message whose field `parent` holds this one.
    #[must_use]
    pub(super) fn within(mut self, parent: &str) -> Self {
        self.field = if self.field.is_empty() {
            parent.to_owned()
        } else {
            format!("{parent}.{}", self.field)
        };
        self
    }
}
