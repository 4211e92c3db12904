//! Why a draft is no manifest.

use super::template::TemplateError;
use crate::path::PathError;
use crate::policy::PolicyError;

/// The first thing that is wrong with a draft: the field, what was found, what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A text is too long.
    #[error("{field} has {bytes} bytes; the most is {max}")]
    TooLong {
        /// The field.
        field: String,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        max: usize,
    },
    /// A text that is needed is empty.
    #[error("{field} is empty")]
    Empty {
        /// The field.
        field: String,
    },
    /// A text cannot be passed to a program or shown.
    #[error("{field} holds a control character")]
    Control {
        /// The field.
        field: String,
    },
    /// A list is too long.
    #[error("{field} has {count} entries; the most is {max}")]
    TooMany {
        /// The field.
        field: String,
        /// How many it has.
        count: usize,
        /// How many it may have.
        max: usize,
    },
    /// A number is out of its bounds.
    #[error("{field} is {value}; it must be between {min} and {max}")]
    OutOfBounds {
        /// The field.
        field: &'static str,
        /// What it is.
        value: u64,
        /// The least that is allowed.
        min: u64,
        /// The most that is allowed.
        max: u64,
    },
    /// Two entries of a list have the same name.
    #[error("{field} names {name:?} twice")]
    Twice {
        /// The field.
        field: &'static str,
        /// The name.
        name: String,
    },
    /// An axis runs through nothing, so there would be no unit.
    #[error("axis {axis:?} has no values, so the job would have no units")]
    EmptyAxis {
        /// The axis.
        axis: String,
    },
    /// The grid is too large.
    #[error("the axes make {units} work units; the most is {max}")]
    TooManyUnits {
        /// How many units the grid has.
        units: u128,
        /// How many it may have.
        max: u32,
    },
    /// A placeholder or source names an axis that is not there.
    #[error("{field} refers to axis {axis:?}, which the job does not have")]
    UnknownAxis {
        /// The field.
        field: String,
        /// The name that it refers to.
        axis: String,
    },
    /// A source names an axis whose values are no artefacts.
    #[error("{field} takes its bytes from axis {axis:?}, whose values are not files")]
    NoFiles {
        /// The field.
        field: String,
        /// The axis.
        axis: String,
    },
    /// An argument cannot be read.
    #[error("{field}: {source}")]
    Template {
        /// The field.
        field: String,
        /// What is wrong.
        source: TemplateError,
    },
    /// A path is not safe.
    #[error("{field}: {source}")]
    Path {
        /// The field.
        field: String,
        /// What is wrong.
        source: PathError,
    },
    /// An input is private and the job has no secret.
    #[error("{name:?} is private, but the manifest has no commitment to a secret")]
    NoSecret {
        /// Its name.
        name: String,
    },
    /// A knob of the policy is out of its bounds.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}
