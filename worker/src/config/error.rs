//! What can be wrong with settings.

use std::io;
use std::path::PathBuf;

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("cannot read the settings in {}: {source}", path.display())]
    Read {
        /// The settings file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file's text is wrong.
    #[error("{}:{line}: {key}{reason}", path.display())]
    Invalid {
        /// The settings file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The key and `: `, or nothing where the line has none.
        key: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A rule makes no sense.
    #[error("{}:{line}:{column}: the rule `{rule}`: {reason}", path.display())]
    Rule {
        /// The settings file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// Its name.
        rule: String,
        /// What is wrong there.
        reason: String,
    },
    /// A needed key is nowhere.
    #[error("`{key}` is not set: {hint}")]
    Missing {
        /// The key.
        key: &'static str,
        /// Where to set it.
        hint: &'static str,
    },
    /// A value is outside its bounds.
    #[error("{key}: {reason}")]
    OutOfBounds {
        /// The key.
        key: &'static str,
        /// The bound.
        reason: String,
    },
}
